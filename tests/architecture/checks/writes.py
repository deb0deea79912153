"""The rule WRITE: only services write.

It applies to every file except models, services and migrations. A check sees no types other than
annotations, so a method call counts as a write by its name and the form of its arguments:

- ``save``, ``create``, ``bulk_create``, ``bulk_update``, ``get_or_create``, ``update_or_create``,
  their asynchronous variants (``acreate``), and the product's own manager methods that call one of
  these (``ApiKey.objects.issue``): always, except on a session;
- ``delete`` without positional arguments, as on a record or queryset; ``cache.delete(key)`` and
  ``client.delete(url)`` have one;
- ``update`` with keywords only, as on a queryset; not on a receiver that is known to be a dict, by
  its annotation, by an assignment in the same function, or by a name such as ``attrs``;
- ``add``, ``remove``, ``clear``, ``set`` on an attribute that is named like a related manager:
  ``user.customers.add(…)``.
"""

import ast
from collections.abc import Iterator

from tests.architecture.checks.model_facts import WRITING_METHODS, ModelFacts
from tests.architecture.checks.receivers import type_name
from tests.architecture.checks.source import SourceFile, Violation, calls, last_name

WRITE = "write"
EXEMPT_LAYERS = {"models", "services"}
INSTEAD = "call a service: it authorises the actor and records the change"

RELATION_METHODS = {"add", "remove", "clear", "set"}
DICT_TYPES = {"dict", "Mapping", "MutableMapping", "QueryDict", "defaultdict", "OrderedDict"}
DICT_NAMES = {"attrs", "context", "headers", "kwargs", "session"}


def writes_outside_services(
    file: SourceFile, facts: ModelFacts, manager_methods: frozenset[str] = frozenset()
) -> Iterator[Violation]:
    """Yield a violation for each write of a file that is no model and no service.

    ``manager_methods`` are the names of ``model_facts.writing_manager_methods``.
    """
    if file.layer in EXEMPT_LAYERS:
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
    """Return whether a call counts as a write, by the rules at the top of this module."""
    if not isinstance(call.func, ast.Attribute):
        return False
    receiver = call.func.value
    name = call.func.attr
    sync_name = name if name == "add" else name.removeprefix("a")  # acreate → create
    if sync_name in WRITING_METHODS or name in manager_methods:
        return last_name(receiver) != "session"
    if sync_name == "delete":
        return not call.args
    if sync_name == "update":
        return not call.args and bool(call.keywords) and not _is_dict(file, receiver, facts)
    if sync_name in RELATION_METHODS:
        return (
            isinstance(receiver, ast.Attribute)
            and receiver.attr in facts.relation_managers
            and last_name(receiver.value) not in {"self", "cls"}
        )
    return False


def _is_dict(file: SourceFile, receiver: ast.expr, facts: ModelFacts) -> bool:
    if last_name(receiver) in DICT_NAMES or isinstance(receiver, ast.Dict):
        return True
    if type_name(file, receiver, facts) in DICT_TYPES:
        return True
    return any(
        isinstance(node, ast.Assign)
        and any(last_name(target) == last_name(receiver) for target in node.targets)
        and _makes_dict(node.value)
        for node in ast.walk(_function_around(file, receiver))
    )


def _makes_dict(value: ast.expr) -> bool:
    is_call = isinstance(value, ast.Call) and last_name(value.func) in DICT_TYPES
    return is_call or isinstance(value, ast.Dict | ast.DictComp)


def _function_around(file: SourceFile, node: ast.AST) -> ast.AST:
    """Return the innermost function around a node, or the module at its top level."""
    current: ast.AST | None = node
    while current is not None:
        if isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef):
            return current
        current = file.parents.get(current)
    return file.tree
