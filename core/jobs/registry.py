"""The kinds of jobs of all apps, by name, from ``settings.JOB_KINDS``."""

from functools import cache

from django.conf import settings

from common.loading import import_by_name
from core.jobs.declarations import JobKind


@cache
def job_kinds() -> dict[str, JobKind]:
    """Return the kinds by name; raise ImportError or TypeError for a wrong path."""
    return import_by_name(settings.JOB_KINDS, JobKind)
