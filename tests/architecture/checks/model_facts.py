"""Facts about the models that the checks need, read from Django's registry."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.db.models import Model

from accounts.scoping import ScopedModel
from tests.architecture.checks.source import SourceFile, calls, last_name, package_folders

Owners = Mapping[str, frozenset[str]]  # an attribute's name, and the models that have it

MANAGER_NAMES = frozenset({"objects", "_default_manager", "_base_manager"})
# Methods of querysets and managers that change rows.
WRITING_METHODS = frozenset(
    {"create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "save"}
)


@dataclass(frozen=True)
class ModelFacts:
    """Names of models and of their relations. Only the product's own models count."""

    scoped: frozenset[str]
    unscoped: frozenset[str]
    reverse_accessors: Owners  # customer.subsidiaries, user.customers: rows of scoped models
    self_references: Owners  # customer.parent, user.manager: may lie in another division
    foreign_keys: Mapping[str, Mapping[str, str]]  # model, field, the model it leads to
    lookups: frozenset[str]  # reverse accessors and self references as lookups name them
    keys_to_scoped: frozenset[str]  # names of foreign keys that lead to scoped models
    keys_to_unscoped: frozenset[str]  # names of foreign keys that lead to no scoped model
    relation_managers: frozenset[str]  # accessors that have add, remove, clear and set
    columns: frozenset[str]  # names of fields that are no relations

    def variable_name(self, name: str) -> str | None:
        """Return the model a variable of this name usually holds: ``customer`` a Customer."""
        usual = {"user": "User", "actor": "User", "owner": "User", "unit": "OrgUnit"}
        by_snake_case = {_snake_case(model): model for model in self.foreign_keys}
        return usual.get(name) or by_snake_case.get(name)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def product_models() -> list[type[Model]]:
    """Return every model of the product's own apps."""
    packages = package_folders()
    return [model for model in apps.get_models() if model.__module__.split(".", 1)[0] in packages]


def is_scoped(model: type[Model]) -> bool:
    """Return whether a model holds company data: scoped itself, or the history of one that is."""
    tracked = getattr(model, "pgh_tracked_model", None)
    return issubclass(model, ScopedModel) or (
        isinstance(tracked, type) and issubclass(tracked, ScopedModel)
    )


@cache
def model_facts() -> ModelFacts:
    """Return the facts of the installed models."""
    return facts_of(product_models())


def facts_of(models: Iterable[type[Model]]) -> ModelFacts:
    """Return the facts of the given models."""
    known = list(models)
    reverse: dict[str, set[str]] = defaultdict(set)
    itself: dict[str, set[str]] = defaultdict(set)
    keys: dict[str, dict[str, str]] = {model.__name__: {} for model in known}
    lookups: set[str] = set()
    managers: set[str] = set()
    columns: set[str] = set()
    for model in known:
        for relation in model._meta.related_objects:
            accessor = relation.get_accessor_name()
            if accessor is None:
                continue
            managers.add(accessor)
            if is_scoped(relation.related_model):
                reverse[accessor].add(model.__name__)
                lookups.add(relation.field.related_query_name())
        managers |= {field.name for field in model._meta.many_to_many}
        for field in model._meta.fields:
            target = field.related_model
            if not isinstance(target, type):
                columns.add(field.name)
                continue
            keys[model.__name__][field.name] = target.__name__
            if target is model and is_scoped(model):
                itself[field.name].add(model.__name__)
    scoped = frozenset(model.__name__ for model in known if is_scoped(model))
    leading_to_scoped = frozenset(
        name
        for fields in keys.values()
        for name, target in fields.items()
        if target in scoped and not name.startswith("pgh_")
    )
    return ModelFacts(
        scoped=scoped,
        unscoped=frozenset(model.__name__ for model in known) - scoped,
        reverse_accessors={name: frozenset(owners) for name, owners in reverse.items()},
        self_references={name: frozenset(owners) for name, owners in itself.items()},
        foreign_keys=keys,
        lookups=frozenset(lookups - _field_names(keys) | set(itself)),
        keys_to_scoped=leading_to_scoped,
        keys_to_unscoped=_field_names(keys) - leading_to_scoped,
        relation_managers=frozenset(managers),
        columns=frozenset(columns),
    )


def _field_names(keys: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    return frozenset(name for fields in keys.values() for name in fields)


def writing_manager_methods(files: Iterable[SourceFile]) -> frozenset[str]:
    """Return the names of methods of managers and querysets in models that write."""
    return frozenset(
        function.name
        for file in files
        if file.layer == "models"
        for holder in ast.walk(file.tree)
        if isinstance(holder, ast.ClassDef)
        and any(last_name(base).endswith(("Manager", "QuerySet")) for base in holder.bases)
        for function in holder.body
        if isinstance(function, ast.FunctionDef)
        and any(last_name(call.func) in WRITING_METHODS for call in calls(function))
    )
