"""Every model has a visibility filter or is listed as unscoped."""

from collections.abc import Collection, Iterable

from django.db.models import Model

from accounts.scoping import ScopedModel, ScopedQuerySet
from tests.architecture.checks.model_facts import is_scoped


def models_without_visibility(models: Iterable[type[Model]], unscoped: Collection[str]) -> set[str]:
    """Return the models that are neither scoped nor listed as unscoped.

    Models of history are left out, for they follow the model they track.
    """
    return {
        model._meta.label
        for model in models
        if not is_scoped(model)
        and not hasattr(model, "pgh_tracked_model")
        and model._meta.label not in unscoped
    }


def models_without_filter(models: Iterable[type[Model]]) -> set[str]:
    """Return the scoped models without a filter, or whose manager does not apply it."""
    return {
        model._meta.label
        for model in models
        if issubclass(model, ScopedModel)
        and (
            "visibility_filter" not in vars(model)
            or not isinstance(model._default_manager.all(), ScopedQuerySet)
        )
    }
