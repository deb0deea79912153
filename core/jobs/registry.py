"""The kinds of jobs of all apps, by name, from ``settings.JOB_KINDS``."""

from functools import cache

from django.conf import settings

from common.loading import import_by_name
from core.jobs.declarations import JobKind


@cache
def job_kinds() -> dict[str, JobKind]:
    """Return the kinds by name; raise ImportError or TypeError for a wrong path."""
    return import_by_name(settings.JOB_KINDS, JobKind)


def job_kind_label(name: str) -> str:
    """Return the label of the kind of this name; the name if the product no longer has the kind."""
    kind = job_kinds().get(name)
    return name if kind is None else str(kind.label)
