"""Every model states who sees its rows, or is named as one that everybody may see."""

from collections.abc import Collection, Iterable

from django.db.models import Model

from accounts.scoping import ScopedModel, ScopedQuerySet
from tests.architecture.checks.model_facts import is_scoped


def unruled_models(models: Iterable[type[Model]], unscoped: Collection[str]) -> set[str]:
    """Return the models that are neither scoped nor named as unscoped. History is its model's."""
    return {
        model._meta.label
        for model in models
        if not is_scoped(model)
        and not hasattr(model, "pgh_tracked_model")
        and model._meta.label not in unscoped
    }


def without_a_rule_of_their_own(models: Iterable[type[Model]]) -> set[str]:
    """Return the scoped models that do not state their rule, or whose manager cannot apply it."""
    return {
        model._meta.label
        for model in models
        if issubclass(model, ScopedModel)
        and (
            "visibility_filter" not in vars(model)
            or not isinstance(model._default_manager.all(), ScopedQuerySet)
        )
    }
