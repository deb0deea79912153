"""Checks of the models: each has a visibility filter or is listed in ``UNSCOPED_MODELS``."""

from collections.abc import Collection, Iterable

from django.db.models import Model

from accounts.scoping import ScopedModel, ScopedQuerySet
from tests.architecture.checks.model_facts import is_scoped


def models_without_visibility(models: Iterable[type[Model]], unscoped: Collection[str]) -> set[str]:
    """Return the labels (``crm.Grade``) of models that are neither scoped nor in ``unscoped``.

    A model of history is left out, because it is scoped if the model that it tracks is.
    """
    return {
        model._meta.label
        for model in models
        if not is_scoped(model)
        and not hasattr(model, "pgh_tracked_model")
        and model._meta.label not in unscoped
    }


def models_without_filter(models: Iterable[type[Model]]) -> set[str]:
    """Return the labels of scoped models without a filter, or whose manager has no visible_to.

    An inherited filter does not count, because ScopedModel's own raises NotImplementedError.
    """
    return {
        model._meta.label
        for model in models
        if issubclass(model, ScopedModel)
        and (
            "visibility_filter" not in vars(model)
            or not isinstance(model._default_manager.all(), ScopedQuerySet)
        )
    }
