"""The events of scoring runs. Scores, of which there are millions, have none.

Both are about a ``ScoringRun``. The data of ``run.published`` has ``as_of`` and the counts
``customers``, ``flagged_watch`` and ``flagged_high``; that of ``run.failed`` has ``as_of`` and the
``reference`` of the error in the log, which is blank for an error that a user can mend, and for a
run that was interrupted. A cancelled run has no event.
"""

from django.utils.translation import gettext_lazy as _

from core.events.declarations import EventType

RUN_PUBLISHED = EventType("run.published", _("Scoring run published"))
RUN_FAILED = EventType("run.failed", _("Scoring run failed"))
