"""Template tags of jobs."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.models import Job
from core.models.job import JobState

register = template.Library()

# Values of the attribute data-tone, by which the style sheet colours the state of a job.
STATE_TONES = {
    JobState.QUEUED: "info",
    JobState.RUNNING: "accent",
    JobState.DONE: "good",
    JobState.FAILED: "bad",
    JobState.CANCELLED: "neutral",
    JobState.INTERRUPTED: "warn",
}


@register.simple_tag
def job_state(job: Job) -> SafeString:
    """Show the state of a job; ``data-live`` lets the style sheet animate an active one."""
    state = JobState(job.state)
    live = SafeString(" data-live") if job.is_active else ""
    return format_html(
        '<span class="state" data-tone="{}"{}>{}</span>', STATE_TONES[state], live, state.label
    )
