"""The rules READ and SQL: code reads rows through ``Model.objects.visible_to(user)``.

READ applies to every file except models, services, tasks, management commands and migrations; SQL
to every file except models, services and migrations. A scoped model is one that holds company data,
or the history of one. The following is a violation if the model is scoped:

- ``objects``, ``_default_manager``, ``_base_manager`` not followed by ``visible_to``, unless the
  model is named and unscoped; ``SomeQuerySet(Model)``; ``get_object_or_404(Model, …)``;
- a related manager: ``customer.subsidiaries``, also by ``getattr`` or ``attrgetter``. If the class
  of the receiver (``customer``) is known from an annotation, it decides. Otherwise the name of the
  attribute decides; if a plain column of some model has the same name (``run.customers``), it is a
  violation only when a queryset method follows;
- ``customer.parent``, ``user.manager``: a foreign key of a model to itself, whose record may belong
  to another division. The receiver's annotation, or else its name, tells its model;
- a lookup that follows one of these, in ``values``, ``F``, ``Count``, ``filter`` …, or in
  ``prefetch_related`` without a ``Prefetch`` that has a ``queryset``;
- a class that reads rows by itself: a generic view or inline with ``model = Customer``, a form
  whose ``Meta`` names the model (unless the form's base restricts the choices), a serializer's
  field that is named like a related manager.

SQL is a violation whatever the model: ``cursor``, ``raw``, ``extra`` and ``RawSQL``, a method that
runs a statement on a cursor, a function that takes a cursor, and ``import psycopg2``.
"""

import ast
from collections.abc import Iterator
from itertools import pairwise

from tests.architecture.checks.model_facts import MANAGER_NAMES, ModelFacts
from tests.architecture.checks.receivers import type_name
from tests.architecture.checks.source import (
    SourceFile,
    Violation,
    last_name,
    passes_cursor,
    runs_statement,
    text_of,
)

READ, SQL = "read", "sql"
READ_EXEMPT_LAYERS = {"models", "services", "tasks", "management"}
SQL_EXEMPT_LAYERS = {"models", "services"}

START_FROM_VISIBLE_TO = "start from Model.objects.visible_to(user)"
USE_QUERYSET = "write it as a queryset that starts from visible_to(user), or put it into a service"

QUERYSET_METHODS = {
    "aggregate", "all", "annotate", "count", "earliest", "exclude", "exists", "filter", "first",
    "get", "in_bulk", "iterator", "last", "latest", "none", "only", "order_by", "select_related",
    "prefetch_related", "values", "values_list", "visible_to",
}  # fmt: skip
# Calls whose string arguments are lookups: values("parent__name").
CALLS_WITH_LOOKUP_STRINGS = {
    "values", "values_list", "order_by", "select_related", "prefetch_related", "F", "OuterRef",
    "Prefetch", "FilteredRelation", "Count", "Sum", "Max", "Min", "Avg", "ArrayAgg", "StringAgg",
}  # fmt: skip
# Calls whose keywords are lookups: filter(parent__name=…).
CALLS_WITH_LOOKUP_KEYWORDS = {"filter", "exclude", "get", "Q"}
# Lookups that compare the foreign key itself and read no related row: parent__isnull, parent__in.
KEY_LOOKUPS = {"isnull", "in", "pk", "id", "exact"}
# Base classes of forms that offer only choices the user may see.
RESTRICTED_FORMS = {"RecordModelForm", "ServiceModelForm", "VersionedForm"}


def unscoped_reads(file: SourceFile, facts: ModelFacts) -> Iterator[Violation]:
    """Yield a violation for each read of a file that does not start from ``visible_to``."""
    if file.layer in READ_EXEMPT_LAYERS:
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Attribute):
            yield from _check_attribute(file, node, facts)
        elif isinstance(node, ast.Call):
            yield from _check_call(file, node, facts)
        elif isinstance(node, ast.ClassDef):
            yield from _check_class(file, node, facts)


def _check_attribute(
    file: SourceFile, node: ast.Attribute, facts: ModelFacts
) -> Iterator[Violation]:
    next_attribute = getattr(file.parents.get(node), "attr", "")
    is_allowed = next_attribute == "visible_to" or last_name(node.value) in facts.unscoped
    if node.attr in MANAGER_NAMES and not is_allowed:
        model = last_name(node.value) or "…"
        yield file.violation(
            node, READ, f"{model}.{node.attr} reads every row", START_FROM_VISIBLE_TO
        )
    if not isinstance(node.ctx, ast.Load):
        return
    if node.attr in facts.reverse_accessors and _is_related_manager(file, node, facts):
        what = f".{node.attr} reads rows of other divisions too"
        yield file.violation(node, READ, what, f"{START_FROM_VISIBLE_TO} and filter by the record")
    if node.attr in facts.self_references and _is_self_reference(file, node, facts):
        what = f".{node.attr} may lie in another division"
        yield file.violation(
            node, READ, what, f"{START_FROM_VISIBLE_TO} and filter by .{node.attr}_id"
        )


def _is_related_manager(file: SourceFile, node: ast.Attribute, facts: ModelFacts) -> bool:
    """Return whether an attribute that is named like a related manager probably is one."""
    model = type_name(file, node.value, facts)
    if model is not None:
        return model in facts.reverse_accessors[node.attr]
    parent = file.parents.get(node)
    is_called = isinstance(parent, ast.Call) and parent.func is node
    if is_called or last_name(node.value) in {"self", "cls"}:
        return False  # a function that is called, or a value that the class itself has set
    return node.attr not in facts.columns or getattr(parent, "attr", "") in QUERYSET_METHODS


def _is_self_reference(file: SourceFile, node: ast.Attribute, facts: ModelFacts) -> bool:
    model = type_name(file, node.value, facts) or facts.usual_model(last_name(node.value))
    return model in facts.self_references[node.attr]


def _check_call(file: SourceFile, node: ast.Call, facts: ModelFacts) -> Iterator[Violation]:
    name = last_name(node.func)
    first_argument = last_name(node.args[0]) if node.args else ""
    if name.endswith(("get_object_or_404", "get_list_or_404")) and first_argument in facts.scoped:
        what = f"{name}({first_argument}, …) reads every row"
        yield file.violation(
            node, READ, what, f"{START_FROM_VISIBLE_TO}: {name}(Model.objects.visible_to(user))"
        )
    if name.endswith("QuerySet") and getattr(file.parents.get(node), "attr", "") != "visible_to":
        yield file.violation(node, READ, f"{name}(…) reads every row", START_FROM_VISIBLE_TO)
    if name in {"getattr", "attrgetter"}:
        yield from _check_attribute_names(file, node, facts)
    if name in CALLS_WITH_LOOKUP_STRINGS and not any(
        keyword.arg == "queryset" for keyword in node.keywords
    ):
        yield from _check_lookup_strings(file, node, facts)
    if name in CALLS_WITH_LOOKUP_KEYWORDS:
        yield from _check_lookup_keywords(file, node, facts)


def _check_attribute_names(
    file: SourceFile, node: ast.Call, facts: ModelFacts
) -> Iterator[Violation]:
    """Yield a violation for each manager that ``getattr`` or ``attrgetter`` names in a string."""
    for argument in node.args:
        parts = set((text_of(argument) or "").split("."))
        for part in parts & (MANAGER_NAMES | set(facts.reverse_accessors)):
            what = f'{last_name(node.func)}(…, "{part}") reads every row'
            yield file.violation(node, READ, what, START_FROM_VISIBLE_TO)


def _check_lookup_strings(
    file: SourceFile, node: ast.Call, facts: ModelFacts
) -> Iterator[Violation]:
    for argument in node.args:
        path = (text_of(argument) or "").removeprefix("-")
        if _follows_scoped_relation(path.split("__"), facts):
            what = f'{last_name(node.func)}("{path}") reads rows of other divisions too'
            instead = "use Prefetch or a subquery whose queryset starts from visible_to(user)"
            yield file.violation(node, READ, what, instead)


def _check_lookup_keywords(
    file: SourceFile, node: ast.Call, facts: ModelFacts
) -> Iterator[Violation]:
    for keyword in node.keywords:
        parts = (keyword.arg or "").split("__")
        reads_related_row = bool(set(parts[1:]) - KEY_LOOKUPS)
        if reads_related_row and _follows_scoped_relation(parts[:-1], facts):
            what = f"{last_name(node.func)}({keyword.arg}=…) finds by rows of other divisions too"
            instead = "compare with a subquery that starts from visible_to(user)"
            yield file.violation(node, READ, what, instead)


def _follows_scoped_relation(parts: list[str], facts: ModelFacts) -> bool:
    """Return whether a lookup, split at its ``__``, follows a relation to scoped rows.

    ``["parent", "name"]`` does. ``["industry", "parent"]`` does not: an industry is not scoped, so
    its parent, a relation of the same name, is not either.
    """
    return any(
        part in facts.lookups and previous not in facts.keys_to_unscoped
        for previous, part in pairwise(["", *parts])
    )


def _check_class(file: SourceFile, node: ast.ClassDef, facts: ModelFacts) -> Iterator[Violation]:
    bases = [last_name(base) for base in node.bases]
    for statement in node.body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
            continue
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        name = last_name(target)
        is_scoped = name == "model" and last_name(statement.value) in facts.scoped
        if is_scoped and not _is_restricted(file, node):
            what = f"{node.name} with model = {last_name(statement.value)} reads every row"
            yield file.violation(statement, READ, what, START_FROM_VISIBLE_TO)
        is_relation = name in facts.reverse_accessors and name not in facts.columns
        if is_relation and any("Serializer" in base for base in bases):
            what = f"{node.name}.{name} shows rows of other divisions too"
            yield file.violation(statement, READ, what, START_FROM_VISIBLE_TO)


def _is_restricted(file: SourceFile, node: ast.ClassDef) -> bool:
    """Return whether a ``Meta`` belongs to a form whose base restricts its choices.

    A FilterSet restricts nothing. Those of lists are made of the declarations, without a ``Meta``.
    """
    form = file.parents.get(node)
    if node.name != "Meta" or not isinstance(form, ast.ClassDef):
        return False
    bases = {last_name(base) for base in form.bases}
    return bool(bases & RESTRICTED_FORMS)


def raw_sql(file: SourceFile) -> Iterator[Violation]:
    """Yield a violation for each use of SQL in a file that is no model and no service."""
    if file.layer in SQL_EXEMPT_LAYERS:
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
            if any(name.startswith("psycopg") for name in names):
                yield file.violation(node, SQL, "imports the database's driver", USE_QUERYSET)
        elif isinstance(node, ast.Call):
            called = _sql_call(node)
            if called is not None:
                yield file.violation(node, SQL, f"{called} reads or writes in SQL", USE_QUERYSET)


def _sql_call(call: ast.Call) -> str | None:
    """Return the name of a call that uses SQL; None for any other call."""
    name = last_name(call.func)
    is_method = isinstance(call.func, ast.Attribute)
    if (is_method and name in {"cursor", "raw", "extra"}) or name == "RawSQL":
        return f"{name}(…)"
    if runs_statement(call):
        return f"cursor.{name}(…)"
    return f"{name}(cursor, …)" if passes_cursor(call) else None
