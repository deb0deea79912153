"""Only services write.

Held to this is every file but models, services and migrations. No types are inferred beyond
annotations, so a call counts as a write by its name and its shape:

- ``save``, ``create``, ``bulk_create``, ``bulk_update``, ``get_or_create``, ``update_or_create``,
  their asynchronous twins, and the methods of managers in models that call one of these
  (``ApiKey.objects.issue``): always, but on a session;
- ``delete``: without positional arguments, as records and querysets have it (``cache.delete(key)``
  and ``client.delete(url)`` have one);
- ``update``: with keywords alone, as querysets have it, but not on what is known to be a dict (by
  annotation, by its assignment in the same function, or by a name such as ``attrs``);
- ``add``, ``remove``, ``clear``, ``set``: on an attribute that is a related manager of some model
  (``user.customers.add(…)``; a set or a cache is none).
"""

import ast
from collections.abc import Iterator

from tests.architecture.checks.model_facts import WRITING_METHODS, ModelFacts
from tests.architecture.checks.receivers import type_name
from tests.architecture.checks.source import SourceFile, Violation, calls, last_name

WRITE = "write"
FREE_LAYERS = {"models", "services"}
INSTEAD = "call a service: it authorises the actor and records the change"

RELATION_METHODS = {"add", "remove", "clear", "set"}
DICTS = {"dict", "Mapping", "MutableMapping", "QueryDict", "defaultdict", "OrderedDict"}
DICT_NAMES = {"attrs", "context", "headers", "kwargs", "session"}


def writes_outside_services(
    file: SourceFile, facts: ModelFacts, manager_methods: frozenset[str] = frozenset()
) -> Iterator[Violation]:
    """Return the writes of a file that is no service. ``manager_methods`` are the models' own."""
    if file.layer in FREE_LAYERS:
        return
    for call in calls(file.tree):
        if is_write(file, call, facts, manager_methods):
            what = f".{last_name(call.func)}(…) writes outside of services"
            yield file.violation(call, WRITE, what, INSTEAD)


def is_write(
    file: SourceFile,
    call: ast.Call,
    facts: ModelFacts,
    manager_methods: frozenset[str] = frozenset(),
) -> bool:
    """Return whether a call writes to the database, as far as its name and shape say."""
    if not isinstance(call.func, ast.Attribute):
        return False
    receiver = call.func.value
    name = call.func.attr
    plain = name.removeprefix("a") if name.startswith("a") and name != "add" else name
    if plain in WRITING_METHODS or name in manager_methods:
        return last_name(receiver) != "session"
    if plain == "delete":
        return not call.args
    if plain == "update":
        return not call.args and bool(call.keywords) and not _is_dict(file, receiver, facts)
    if plain in RELATION_METHODS:
        return (
            isinstance(receiver, ast.Attribute)
            and receiver.attr in facts.relation_managers
            and last_name(receiver.value) not in {"self", "cls"}
        )
    return False


def _is_dict(file: SourceFile, receiver: ast.expr, facts: ModelFacts) -> bool:
    if last_name(receiver) in DICT_NAMES or isinstance(receiver, ast.Dict):
        return True
    if type_name(file, receiver, facts) in DICTS:
        return True
    return any(
        isinstance(node, ast.Assign)
        and any(last_name(target) == last_name(receiver) for target in node.targets)
        and _makes_dict(node.value)
        for node in ast.walk(_function_around(file, receiver))
    )


def _makes_dict(value: ast.expr) -> bool:
    is_call = isinstance(value, ast.Call) and last_name(value.func) in DICTS
    return is_call or isinstance(value, ast.Dict | ast.DictComp)


def _function_around(file: SourceFile, node: ast.AST) -> ast.AST:
    current: ast.AST | None = node
    while current is not None:
        if isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef):
            return current
        current = file.parents.get(current)
    return file.tree
