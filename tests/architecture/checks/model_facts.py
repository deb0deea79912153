"""Names of the models, their relations and their managers, which the checks look for in source.

A check sees names, not types: it must know that ``subsidiaries`` is a related manager of customers.
These facts are read from Django's registry of models, and managers' methods from the source.
"""

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

# The models that have an attribute, by its name: {"customers": {"User", "OrgUnit"}}.
ModelsByAttribute = Mapping[str, frozenset[str]]

MANAGER_NAMES = frozenset({"objects", "_default_manager", "_base_manager"})
# Methods of querysets and managers that change rows.
WRITING_METHODS = frozenset(
    {"create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "save"}
)


@dataclass(frozen=True)
class ModelFacts:
    """Names of the product's own models and of their relations. Models are named by their class.

    A *scoped* model holds company data (see ``is_scoped``).
    """

    scoped: frozenset[str]  # names of models
    unscoped: frozenset[str]
    # Related managers whose rows are of a scoped model: customer.subsidiaries, user.customers.
    reverse_accessors: ModelsByAttribute
    # Foreign keys of a scoped model to itself: customer.parent, user.manager. The record at the
    # other end may belong to another division.
    self_references: ModelsByAttribute
    # The target of each foreign key, by model and field: {"Customer": {"owner": "User"}}.
    foreign_keys: Mapping[str, Mapping[str, str]]
    # Names by which queryset lookups follow reverse_accessors and self_references: in
    # filter(parent__name=…) it is "parent".
    lookups: frozenset[str]
    keys_to_scoped: frozenset[str]  # names of foreign keys to scoped models
    keys_to_unscoped: frozenset[str]  # names of the other foreign keys
    relation_managers: frozenset[str]  # attributes with the methods add, remove, clear and set
    columns: frozenset[str]  # names of fields that are no relations

    def usual_model(self, name: str) -> str | None:
        """Return the model that a variable of this name usually holds; None if unknown.

        ``customer`` holds a Customer, and ``actor`` a User.
        """
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
    """Return whether a model holds company data.

    It does if it derives from ScopedModel, or if it is the history of such a model.
    """
    tracked = getattr(model, "pgh_tracked_model", None)
    return issubclass(model, ScopedModel) or (
        isinstance(tracked, type) and issubclass(tracked, ScopedModel)
    )


@cache
def model_facts() -> ModelFacts:
    """Return the facts of the product's models."""
    return _collect_facts(product_models())


def _collect_facts(models: Iterable[type[Model]]) -> ModelFacts:
    known = list(models)
    reverse: dict[str, set[str]] = defaultdict(set)
    self_references: dict[str, set[str]] = defaultdict(set)
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
                self_references[field.name].add(model.__name__)
    scoped = frozenset(model.__name__ for model in known if is_scoped(model))
    keys_to_scoped = frozenset(
        name
        for fields in keys.values()
        for name, target in fields.items()
        if target in scoped and not name.startswith("pgh_")  # fields that pghistory adds
    )
    return ModelFacts(
        scoped=scoped,
        unscoped=frozenset(model.__name__ for model in known) - scoped,
        reverse_accessors={name: frozenset(owners) for name, owners in reverse.items()},
        self_references={name: frozenset(owners) for name, owners in self_references.items()},
        foreign_keys=keys,
        lookups=frozenset(lookups - _field_names(keys) | set(self_references)),
        keys_to_scoped=keys_to_scoped,
        keys_to_unscoped=_field_names(keys) - keys_to_scoped,
        relation_managers=frozenset(managers),
        columns=frozenset(columns),
    )


def _field_names(keys: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    return frozenset(name for fields in keys.values() for name in fields)


def writing_manager_methods(files: Iterable[SourceFile]) -> frozenset[str]:
    """Return the names of the product's own manager and queryset methods that write: ``issue``.

    A method counts if it calls one of WRITING_METHODS.
    """
    return frozenset(
        function.name
        for file in files
        if file.layer == "models"
        for manager in ast.walk(file.tree)
        if isinstance(manager, ast.ClassDef)
        and any(last_name(base).endswith(("Manager", "QuerySet")) for base in manager.bases)
        for function in manager.body
        if isinstance(function, ast.FunctionDef)
        and any(last_name(call.func) in WRITING_METHODS for call in calls(function))
    )
