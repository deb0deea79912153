"""Reads start from ``Model.objects.visible_to(user)``.

Held to this is every file but models, services, tasks, management commands and migrations. It is
refused, for a scoped model (a model that holds company data, or the history of one):

- ``objects``, ``_default_manager``, ``_base_manager`` not followed by ``visible_to``, unless the
  model is named and unscoped; ``SomeQuerySet(Model)``; ``get_object_or_404(Model, …)``;
- a related manager: ``customer.subsidiaries``, also by ``getattr`` or ``attrgetter``. Where the
  annotation of the receiver is known, its class decides. Where it is not, the name decides; a name
  that is a plain column too (``run.customers``) counts when a queryset method follows it;
- ``customer.parent``, ``user.manager``: a reference of a model to itself may lead to another
  division. The receiver counts when its annotation, or else its name, says that model;
- a lookup along either, in ``values``, ``F``, ``Count``, ``filter`` … or in ``prefetch_related``
  without a ``Prefetch`` that has a ``queryset``;
- classes that read rows: a generic view or inline with ``model = Customer``, a form whose ``Meta``
  names a scoped model (unless its base restricts the choices), a serializer's field over a related
  manager;
- SQL: ``cursor``, ``raw``, ``extra``, ``RawSQL``, ``execute`` and ``copy_expert`` on a cursor, a
  function that a cursor is passed to, and the driver (``import psycopg2``).
"""

import ast
from collections.abc import Iterator

from tests.architecture.checks.model_facts import MANAGER_NAMES, ModelFacts
from tests.architecture.checks.receivers import type_name
from tests.architecture.checks.source import (
    SourceFile,
    Violation,
    is_statement,
    last_name,
    passes_cursor,
    text_of,
)

READ, SQL = "read", "sql"
FREE_LAYERS = {"models", "services", "tasks", "management"}
SQL_LAYERS = {"models", "services"}

START = "start from Model.objects.visible_to(user)"
NO_SQL = "write it as a queryset that starts from visible_to(user), or put it into a service"

QUERYSET_METHODS = {
    "aggregate", "all", "annotate", "count", "earliest", "exclude", "exists", "filter", "first",
    "get", "in_bulk", "iterator", "last", "latest", "none", "only", "order_by", "select_related",
    "prefetch_related", "values", "values_list", "visible_to",
}  # fmt: skip
READ_STRINGS = {
    "values", "values_list", "order_by", "select_related", "prefetch_related", "F", "OuterRef",
    "Prefetch", "FilteredRelation", "Count", "Sum", "Max", "Min", "Avg", "ArrayAgg", "StringAgg",
}  # fmt: skip
FILTERING = {"filter", "exclude", "get", "Q"}
KEY_LOOKUPS = {"isnull", "in", "pk", "id", "exact"}
RESTRICTED_FORMS = {"RecordModelForm", "ServiceModelForm", "VersionedForm"}


def unscoped_reads(file: SourceFile, facts: ModelFacts) -> Iterator[Violation]:
    """Return the reads of a file that do not start from ``visible_to``."""
    if file.layer in FREE_LAYERS:
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Attribute):
            yield from _attribute(file, node, facts)
        elif isinstance(node, ast.Call):
            yield from _call(file, node, facts)
        elif isinstance(node, ast.ClassDef):
            yield from _class(file, node, facts)


def _attribute(file: SourceFile, node: ast.Attribute, facts: ModelFacts) -> Iterator[Violation]:
    followed_by = getattr(file.parents.get(node), "attr", "")
    is_allowed = followed_by == "visible_to" or last_name(node.value) in facts.unscoped
    if node.attr in MANAGER_NAMES and not is_allowed:
        model = last_name(node.value) or "…"
        yield file.violation(node, READ, f"{model}.{node.attr} reads every row", START)
    if not isinstance(node.ctx, ast.Load):
        return
    if node.attr in facts.reverse_accessors and _is_related_manager(file, node, facts):
        what = f".{node.attr} reads rows of other divisions too"
        yield file.violation(node, READ, what, f"{START} and filter by the record")
    if node.attr in facts.self_references and _is_self_reference(file, node, facts):
        what = f".{node.attr} may lie in another division"
        yield file.violation(node, READ, what, f"{START} and filter by .{node.attr}_id")


def _is_related_manager(file: SourceFile, node: ast.Attribute, facts: ModelFacts) -> bool:
    known = type_name(file, node.value, facts)
    if known is not None:
        return known in facts.reverse_accessors[node.attr]
    parent = file.parents.get(node)
    is_called = isinstance(parent, ast.Call) and parent.func is node
    if is_called or last_name(node.value) in {"self", "cls"}:
        return False  # a function of a module; a value the class has set itself
    return node.attr not in facts.columns or getattr(parent, "attr", "") in QUERYSET_METHODS


def _is_self_reference(file: SourceFile, node: ast.Attribute, facts: ModelFacts) -> bool:
    usual = facts.variable_name(last_name(node.value))
    model = type_name(file, node.value, facts) or usual
    return model in facts.self_references[node.attr]


def _call(file: SourceFile, node: ast.Call, facts: ModelFacts) -> Iterator[Violation]:
    name = last_name(node.func)
    first = node.args[0] if node.args else None
    if (
        name.endswith(("get_object_or_404", "get_list_or_404"))
        and last_name(first or node) in facts.scoped
    ):
        what = f"{name}({last_name(first or node)}, …) reads every row"
        yield file.violation(node, READ, what, f"{START}: {name}(Model.objects.visible_to(user))")
    if name.endswith("QuerySet") and getattr(file.parents.get(node), "attr", "") != "visible_to":
        yield file.violation(node, READ, f"{name}(…) reads every row", START)
    if name in {"getattr", "attrgetter"}:
        yield from _named_attribute(file, node, facts)
    if name in READ_STRINGS and not any(each.arg == "queryset" for each in node.keywords):
        yield from _strings(file, node, facts)
    if name in FILTERING:
        yield from _conditions(file, node, facts)


def _named_attribute(file: SourceFile, node: ast.Call, facts: ModelFacts) -> Iterator[Violation]:
    for argument in node.args:
        parts = set((text_of(argument) or "").split("."))
        for part in parts & (MANAGER_NAMES | set(facts.reverse_accessors)):
            what = f'{last_name(node.func)}(…, "{part}") reads every row'
            yield file.violation(node, READ, what, START)


def _strings(file: SourceFile, node: ast.Call, facts: ModelFacts) -> Iterator[Violation]:
    for argument in node.args:
        path = (text_of(argument) or "").removeprefix("-")
        if _leads_elsewhere(path.split("__"), facts):
            what = f'{last_name(node.func)}("{path}") reads rows of other divisions too'
            instead = "use Prefetch or a subquery whose queryset starts from visible_to(user)"
            yield file.violation(node, READ, what, instead)


def _conditions(file: SourceFile, node: ast.Call, facts: ModelFacts) -> Iterator[Violation]:
    for keyword in node.keywords:
        parts = (keyword.arg or "").split("__")
        inner = parts[:-1] if set(parts[1:]) - KEY_LOOKUPS else []
        if _leads_elsewhere(inner, facts):
            what = f"{last_name(node.func)}({keyword.arg}=…) finds by rows of other divisions too"
            instead = "compare with a subquery that starts from visible_to(user)"
            yield file.violation(node, READ, what, instead)


def _leads_elsewhere(parts: list[str], facts: ModelFacts) -> bool:
    """Return whether a lookup leads through scoped rows; ``industry__parent`` does not."""
    return any(
        part in facts.lookups and before not in facts.keys_to_unscoped
        for before, part in zip(["", *parts], parts, strict=False)
    )


def _class(file: SourceFile, node: ast.ClassDef, facts: ModelFacts) -> Iterator[Violation]:
    bases = [last_name(base) for base in node.bases]
    for statement in node.body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
            continue
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        name = last_name(target)
        is_scoped = name == "model" and last_name(statement.value) in facts.scoped
        if is_scoped and not _is_restricted(file, node):
            what = f"{node.name} with model = {last_name(statement.value)} reads every row"
            yield file.violation(statement, READ, what, START)
        is_relation = name in facts.reverse_accessors and name not in facts.columns
        if is_relation and any("Serializer" in base for base in bases):
            what = f"{node.name}.{name} shows rows of other divisions too"
            yield file.violation(statement, READ, what, START)


def _is_restricted(file: SourceFile, node: ast.ClassDef) -> bool:
    """Return whether a ``Meta`` belongs to a form whose base restricts its choices.

    A FilterSet restricts nothing: its ``fields`` must be empty and its filters defined explicitly.
    """
    form = file.parents.get(node)
    if node.name != "Meta" or not isinstance(form, ast.ClassDef):
        return False
    bases = {last_name(base) for base in form.bases}
    has_no_fields = any(
        isinstance(statement, ast.Assign | ast.AnnAssign)
        and isinstance(statement.value, ast.List | ast.Tuple)
        and not statement.value.elts
        for statement in node.body
    )
    return bool(bases & RESTRICTED_FORMS) or ("FilterSet" in bases and has_no_fields)


def raw_sql(file: SourceFile) -> Iterator[Violation]:
    """Return the uses of SQL in a file. Only models and services may use it."""
    if file.layer in SQL_LAYERS:
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
            if any(name.startswith("psycopg") for name in names):
                yield file.violation(node, SQL, "imports the database's driver", NO_SQL)
        elif isinstance(node, ast.Call):
            called = _sql_call(node)
            if called is not None:
                yield file.violation(node, SQL, f"{called} reads or writes in SQL", NO_SQL)


def _sql_call(call: ast.Call) -> str | None:
    """Return the name of a call that uses SQL; None for any other call."""
    name = last_name(call.func)
    is_method = isinstance(call.func, ast.Attribute)
    if (is_method and name in {"cursor", "raw", "extra"}) or name == "RawSQL":
        return f"{name}(…)"
    if is_statement(call):
        return f"cursor.{name}(…)"
    return f"{name}(cursor, …)" if passes_cursor(call) else None
