"""The events of jobs.

``job.ended`` is about a ``Job``. Its data has the job's ``kind``, ``actor``, ``state``,
``rows_done``, ``rows_refused`` and ``reference``, and the ``seconds`` from its request to its end.
"""

from django.utils.translation import gettext_lazy as _

from core.events.declarations import EventType

JOB_ENDED = EventType("job.ended", _("Job ended"))
