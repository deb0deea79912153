"""One row of customers: cells to values; lists, units and people looked up by code or name."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils import translation

from accounts.models import OrgUnit, User
from crm.models import Category, Grade, Industry, Source
from crm.models.customer import Stage
from crm.models.reference import Reference
from crm.services.importing.columns import Matched
from crm.services.importing.reasons import Reason
from crm.services.importing.staging import RowRefusedError
from crm.services.importing.transaction_rows import MAX_CODE_LENGTH, MAX_NAME_LENGTH

STAGES = {
    "潜在": Stage.POTENTIAL, "意向": Stage.INTENDING, "准客户": Stage.PROSPECTIVE,
    "签约": Stage.SIGNED, "已开发": Stage.DEVELOPED, "合作伙伴": Stage.PARTNER, "流失": Stage.LOST,
}  # fmt: skip

Lookup = Mapping[str, int | str]


class CustomerParser:
    """Turns cells into (code, name, industry, source, category, stage, grade, owner, unit, parent).

    An empty cell, or a column the file lacks, is None: leave that field alone.
    """

    def __init__(self, matched: Matched, *, actor: User) -> None:
        at = matched.positions
        self._code = at["code"]
        self._name = at.get("name", -1)
        self._parent = at.get("parent", -1)
        lookups: list[tuple[str, Lookup, Reason]] = [
            ("industry", _by_code_and_name(Industry.objects.all()), Reason.NOT_IN_LIST),
            ("source", _by_code_and_name(Source.objects.all()), Reason.NOT_IN_LIST),
            ("category", _by_code_and_name(Category.objects.all()), Reason.NOT_IN_LIST),
            ("stage", _stages(), Reason.NOT_IN_LIST),
            ("grade", _by_code_and_name(Grade.objects.all()), Reason.NOT_IN_LIST),
            ("owner", _owners(actor), Reason.NOT_YOURS),
            ("unit", _units(actor), Reason.NOT_YOURS),
        ]
        self._lookups = [(name, at.get(name, -1), known, reason) for name, known, reason in lookups]

    def __call__(self, cells: list[str]) -> Sequence[Any]:
        """Return the values to stage; raise RowRefusedError naming the first bad column."""
        cells.append("")
        code = _text("code", cells[self._code], MAX_CODE_LENGTH)
        if not code:
            raise RowRefusedError("code", "", Reason.MISSING)
        name = _text("name", cells[self._name], MAX_NAME_LENGTH)
        found = [
            _look_up(column, cells[at], known, reason)
            for column, at, known, reason in self._lookups
        ]
        parent = _text("parent", cells[self._parent], MAX_CODE_LENGTH)
        return code, name, *found, parent


def _text(column: str, cell: str, longest: int) -> str | None:
    text = cell.strip()
    if len(text) > longest:
        raise RowRefusedError(column, text, Reason.TOO_LONG)
    return text or None


def _look_up(column: str, cell: str, known: Lookup, reason: Reason) -> int | str | None:
    if not cell.strip():
        return None
    found = known.get(_plain(cell))
    if found is None:
        raise RowRefusedError(column, cell.strip(), reason)
    return found


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _by_code_and_name(entries: Iterable[Reference]) -> Lookup:
    """Names that two entries share (a section and its division) mean neither; codes go first."""
    names: dict[str, int] = {}
    codes: dict[str, int] = {}
    shared: set[str] = set()
    for entry in entries:
        codes[_plain(entry.code)] = entry.pk
        for name in {_plain(entry.name_zh), _plain(entry.name_en)} - {""}:
            if names.setdefault(name, entry.pk) != entry.pk:
                shared.add(name)
    return {name: pk for name, pk in names.items() if name not in shared} | codes


def _stages() -> Lookup:
    known: dict[str, int | str] = {_plain(name): stage.value for name, stage in STAGES.items()}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            known.update({_plain(str(stage.label)): stage.value for stage in Stage})
    return known | {stage.value: stage.value for stage in Stage}


def _owners(actor: User) -> Lookup:
    people = User.objects.visible_to(actor).filter(is_active=True)
    return {_plain(number): pk for number, pk in people.values_list("employee_number", "pk")}


def _units(actor: User) -> Lookup:
    units = OrgUnit.objects.visible_to(actor)
    return {_plain(code): pk for code, pk in units.values_list("code", "pk")}
