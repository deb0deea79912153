"""Making the units below head office, which a migration has made.

Seven levels: head office → region → province → city branch → district branch → department → team.
Only large cities have the last three. Below a province, the code of a unit begins with the code of
the unit above it: ``SN`` → ``SNXA`` → ``SNXA-GX`` → ``SNXA-GX-GC`` → ``SNXA-GX-GC-1``.
"""

from dataclasses import dataclass
from typing import NamedTuple

from accounts.models import OrgUnit
from accounts.models.unit import UnitKind


@dataclass(frozen=True)
class City:
    """A city with a branch.

    ``code`` is that of the branch, for example ``"GSLZ"``; ``province`` is the short Chinese name
    of the province, for example ``"甘肃"``.
    """

    code: str
    name_zh: str
    province: str


# code, Chinese name, English name, cities (code suffix, Chinese name, English name)
Province = tuple[str, str, str, tuple[tuple[str, str, str], ...]]

# code, Chinese name, English name, provinces
REGIONS: tuple[tuple[str, str, str, tuple[Province, ...]], ...] = (
    ("NW", "西北大区", "North-west region", (
        ("GS", "甘肃", "Gansu", (
            ("LZ", "兰州", "Lanzhou"), ("TS", "天水", "Tianshui"), ("JQ", "酒泉", "Jiuquan"),
        )),
        ("SN", "陕西", "Shaanxi", (("XA", "西安", "Xi'an"), ("BJ", "宝鸡", "Baoji"))),
    )),
    ("SC", "中南大区", "South-central region", (
        ("HN", "湖南", "Hunan", (("CS", "长沙", "Changsha"), ("ZZ", "株洲", "Zhuzhou"))),
        ("HB", "湖北", "Hubei", (("WH", "武汉", "Wuhan"), ("YC", "宜昌", "Yichang"))),
        ("GD", "广东", "Guangdong", (
            ("GZ", "广州", "Guangzhou"), ("SZ", "深圳", "Shenzhen"), ("FS", "佛山", "Foshan"),
        )),
    )),
    ("E", "华东大区", "East region", (
        ("JS", "江苏", "Jiangsu", (
            ("NJ", "南京", "Nanjing"), ("SZ", "苏州", "Suzhou"), ("WX", "无锡", "Wuxi"),
        )),
        ("ZJ", "浙江", "Zhejiang", (
            ("HZ", "杭州", "Hangzhou"), ("NB", "宁波", "Ningbo"), ("WZ", "温州", "Wenzhou"),
        )),
        ("SD", "山东", "Shandong", (("JN", "济南", "Jinan"), ("QD", "青岛", "Qingdao"))),
    )),
    ("SW", "西南大区", "South-west region", (
        ("SCH", "四川", "Sichuan", (("CD", "成都", "Chengdu"), ("MY", "绵阳", "Mianyang"))),
        ("YN", "云南", "Yunnan", (("KM", "昆明", "Kunming"), ("QJ", "曲靖", "Qujing"))),
    )),
)  # fmt: skip
HEAD_OFFICE_DIVISIONS = (
    ("HQ-MKT", "集团市场部", "Marketing"),
    ("HQ-CS", "集团客户服务中心", "Customer service centre"),
    ("HQ-IT", "集团信息技术部", "Information technology"),
    ("HQ-AUD", "集团审计部", "Audit"),
)
# Large cities also have district branches, each with one department and its teams. The key is the
# code of the city branch.
DISTRICTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "SNXA": (("GX", "高新区", "Gaoxin"), ("BL", "碑林区", "Beilin")),
    "HBWH": (("HK", "汉口", "Hankou"), ("WC", "武昌", "Wuchang")),
    "GDGZ": (("TH", "天河区", "Tianhe"), ("HP", "黄埔区", "Huangpu")),
    "JSNJ": (("XW", "玄武区", "Xuanwu"), ("JN", "江宁区", "Jiangning")),
    "SCHCD": (("JJ", "锦江区", "Jinjiang"), ("WH", "武侯区", "Wuhou")),
}
TEAMS = (("1", "一"), ("2", "二"))  # number, Chinese number


@dataclass(frozen=True)
class Organisation:
    """The units by code, and the units that have account managers, with their cities."""

    units: dict[str, OrgUnit]
    manager_units: list[tuple[OrgUnit, City]]

    @property
    def provinces(self) -> list[OrgUnit]:
        """The units of the provinces, in the order of REGIONS."""
        return [unit for unit in self.units.values() if unit.kind == UnitKind.PROVINCE]


class UnitRow(NamedTuple):
    """The fields of a unit before it is written, when its parent may not exist yet."""

    code: str
    name_zh: str
    name_en: str
    kind: UnitKind
    parent_code: str


def make_units() -> Organisation:
    """Write the units below head office, one level after the other, and return all units.

    A migration has written head office. Must run inside an audited transaction.
    """
    head_office = OrgUnit.objects.get(parent__isnull=True)
    units = {head_office.code: head_office}
    rows = _unit_rows(head_office.code)
    while rows:
        level = [row for row in rows if row.parent_code in units]  # those whose parent is written
        if not level:
            raise ValueError(f"units without a parent: {[row.code for row in rows]}")
        created = OrgUnit.objects.bulk_create(
            OrgUnit(
                code=row.code,
                name_zh=row.name_zh,
                name_en=row.name_en,
                kind=row.kind,
                parent=units[row.parent_code],
            )
            for row in level
        )
        units |= {unit.code: unit for unit in created}
        rows = [row for row in rows if row not in level]
    # The units are read again, because the database has set their paths.
    saved_units = OrgUnit.objects.in_bulk(list(units), field_name="code")
    units = {code: saved_units[code] for code in units}
    return Organisation(units=units, manager_units=_manager_units(units))


def all_cities() -> list[City]:
    """Return every city with a branch."""
    return [
        City(code=f"{province}{city}", name_zh=name_zh, province=province_zh)
        for _region, _zh, _en, provinces in REGIONS
        for province, province_zh, _province_en, branches in provinces
        for city, name_zh, _name_en in branches
    ]


def _unit_rows(head_office_code: str) -> list[UnitRow]:
    rows: list[UnitRow] = [
        UnitRow(code, zh, en, UnitKind.DIVISION, head_office_code)
        for code, zh, en in HEAD_OFFICE_DIVISIONS
    ]
    for region, region_zh, region_en, provinces in REGIONS:
        code = f"R-{region}"
        rows.append(UnitRow(code, region_zh, region_en, UnitKind.DIVISION, head_office_code))
        for province in provinces:
            rows += _province_rows(province, code)
    for city, districts in DISTRICTS.items():
        for district in districts:
            rows += _district_rows(city, district)
    return rows


def _province_rows(province: Province, region_code: str) -> list[UnitRow]:
    code, zh, en, branches = province
    return [
        UnitRow(code, f"{zh}省公司", f"{en} province", UnitKind.PROVINCE, region_code),
        *(
            UnitRow(f"{code}{city}", f"{city_zh}分公司", f"{city_en} branch", UnitKind.BRANCH, code)
            for city, city_zh, city_en in branches
        ),
    ]


def _district_rows(city_code: str, district: tuple[str, str, str]) -> list[UnitRow]:
    suffix, zh, en = district
    branch = f"{city_code}-{suffix}"
    department = f"{branch}-GC"  # 政企客户部, the department for group customers
    return [
        UnitRow(branch, f"{zh}分公司", f"{en} district branch", UnitKind.BRANCH, city_code),
        UnitRow(department, f"{zh}政企客户部", f"{en} group customers", UnitKind.DIVISION, branch),
        *(
            UnitRow(
                f"{department}-{number}",
                f"{zh}客户经理{number_zh}组",
                f"{en} team {number}",
                UnitKind.TEAM,
                department,
            )
            for number, number_zh in TEAMS
        ),
    ]


def _manager_units(units: dict[str, OrgUnit]) -> list[tuple[OrgUnit, City]]:
    """Return the city branches and the teams of large cities, with their cities.

    The list takes one unit of each province in turn, so that even a few account managers, who get
    their units in this order, are spread over all provinces.
    """
    by_province: dict[str, list[tuple[OrgUnit, City]]] = {}
    for city in all_cities():
        city_units = [unit for code, unit in units.items() if code == city.code]
        city_units += [
            unit
            for code, unit in units.items()
            if code.startswith(f"{city.code}-") and unit.kind == UnitKind.TEAM
        ]
        by_province.setdefault(city.province, []).extend((unit, city) for unit in city_units)
    max_length = max(len(pairs) for pairs in by_province.values())
    return [pairs[n] for n in range(max_length) for pairs in by_province.values() if n < len(pairs)]
