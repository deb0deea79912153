"""The organisation below head office: regions, provinces, city branches, teams in large cities.

Seven levels: head office → region → province → city branch → district branch → department → team.
"""

from dataclasses import dataclass

from accounts.models import OrgUnit
from accounts.models.unit import UnitKind


@dataclass(frozen=True)
class City:
    """A city with a branch; ``province`` is the short Chinese name."""

    code: str
    name_zh: str
    province: str


# code, Chinese, English, cities (code suffix, Chinese, English)
Province = tuple[str, str, str, tuple[tuple[str, str, str], ...]]

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
STAFF_DIVISIONS = (
    ("HQ-MKT", "集团市场部", "Marketing"),
    ("HQ-CS", "集团客户服务中心", "Customer service centre"),
    ("HQ-IT", "集团信息技术部", "Information technology"),
    ("HQ-AUD", "集团审计部", "Audit"),
)
# Cities large enough for branches of their districts, with departments and teams below.
DISTRICTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "SNXA": (("GX", "高新区", "Gaoxin"), ("BL", "碑林区", "Beilin")),
    "HBWH": (("HK", "汉口", "Hankou"), ("WC", "武昌", "Wuchang")),
    "GDGZ": (("TH", "天河区", "Tianhe"), ("HP", "黄埔区", "Huangpu")),
    "JSNJ": (("XW", "玄武区", "Xuanwu"), ("JN", "江宁区", "Jiangning")),
    "SCHCD": (("JJ", "锦江区", "Jinjiang"), ("WH", "武侯区", "Wuhou")),
}
TEAMS = (("1", "一", "1"), ("2", "二", "2"))


@dataclass(frozen=True)
class Organisation:
    """The units by code, and where account managers sit: (unit, its city)."""

    units: dict[str, OrgUnit]
    posts: list[tuple[OrgUnit, City]]

    @property
    def provinces(self) -> list[OrgUnit]:
        """The provinces, in the order of the plan."""
        return [unit for unit in self.units.values() if unit.kind == UnitKind.PROVINCE]


# code, Chinese, English, kind, parent's code
Row = tuple[str, str, str, UnitKind, str]


def make_units() -> Organisation:
    """Write the tree below the one unit there is, and say where account managers sit."""
    head_office = OrgUnit.objects.get(parent__isnull=True)
    units = {head_office.code: head_office}
    rows = _rows(head_office.code)
    while rows:
        level = [row for row in rows if row[4] in units]
        made = OrgUnit.objects.bulk_create(
            OrgUnit(code=code, name_zh=zh, name_en=en, kind=kind, parent=units[parent])
            for code, zh, en, kind, parent in level
        )
        units |= {unit.code: unit for unit in made}
        rows = [row for row in rows if row not in level]
    # Read again for the paths, which are the database's doing.
    placed = OrgUnit.objects.in_bulk(list(units), field_name="code")
    units = {code: placed[code] for code in units}
    return Organisation(units=units, posts=_posts(units))


def cities() -> list[City]:
    """Return every city with a branch."""
    return [
        City(code=f"{province}{city}", name_zh=name_zh, province=province_zh)
        for _region, _zh, _en, provinces in REGIONS
        for province, province_zh, _province_en, below in provinces
        for city, name_zh, _name_en in below
    ]


def _rows(head_office: str) -> list[Row]:
    rows: list[Row] = [
        (code, zh, en, UnitKind.DIVISION, head_office) for code, zh, en in STAFF_DIVISIONS
    ]
    for region, region_zh, region_en, provinces in REGIONS:
        code = f"R-{region}"
        rows.append((code, region_zh, region_en, UnitKind.DIVISION, head_office))
        for province in provinces:
            rows += _province_rows(province, code)
    for city, districts in DISTRICTS.items():
        for district in districts:
            rows += _district_rows(city, district)
    return rows


def _province_rows(province: Province, region: str) -> list[Row]:
    code, zh, en, below = province
    return [
        (code, f"{zh}省公司", f"{en} province", UnitKind.PROVINCE, region),
        *(
            (f"{code}{city}", f"{city_zh}分公司", f"{city_en} branch", UnitKind.BRANCH, code)
            for city, city_zh, city_en in below
        ),
    ]


def _district_rows(city: str, district: tuple[str, str, str]) -> list[Row]:
    suffix, zh, en = district
    branch, department = f"{city}-{suffix}", f"{city}-{suffix}-GC"
    return [
        (branch, f"{zh}分公司", f"{en} district branch", UnitKind.BRANCH, city),
        (department, f"{zh}政企客户部", f"{en} group customers", UnitKind.DIVISION, branch),
        *(
            (
                f"{department}-{number}",
                f"{zh}客户经理{number_zh}组",
                f"{en} team {number_en}",
                UnitKind.TEAM,
                department,
            )
            for number, number_zh, number_en in TEAMS
        ),
    ]


def _posts(units: dict[str, OrgUnit]) -> list[tuple[OrgUnit, City]]:
    """Return city branches and teams, a province after the other in turns: few cover all."""
    turns: dict[str, list[tuple[OrgUnit, City]]] = {}
    for city in cities():
        places = [unit for code, unit in units.items() if code == city.code]
        places += [
            unit
            for code, unit in units.items()
            if code.startswith(f"{city.code}-") and unit.kind == UnitKind.TEAM
        ]
        turns.setdefault(city.province, []).extend((unit, city) for unit in places)
    longest = max(len(posts) for posts in turns.values())
    return [posts[n] for n in range(longest) for posts in turns.values() if n < len(posts)]
