"""Template tags for segments, churn flags and the state of runs."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from segmentation.models import (
    ChineseSegment,
    ChurnLevel,
    InternationalSegment,
    RunState,
    ScoringRun,
)
from segmentation.reasons import reason_sentences

register = template.Library()
register.filter(reason_sentences)

# Values of the attribute data-flag, by which the style sheet colours a flag.
FLAG_STYLES = {ChurnLevel.NONE: "none", ChurnLevel.WATCH: "medium", ChurnLevel.HIGH: "high"}
STATE_TONES = {
    RunState.QUEUED: "info",
    RunState.RUNNING: "accent",
    RunState.PUBLISHED: "good",
    RunState.SUPERSEDED: "neutral",
    RunState.FAILED: "bad",
    RunState.INTERRUPTED: "warn",
}
SEGMENTS = {segment.value: segment for segment in (*ChineseSegment, *InternationalSegment)}


@register.simple_tag
def segment(code: str | None) -> SafeString | str:
    """Show a segment of either scheme as a badge; a dash for a customer without scores."""
    if code is None:
        return "–"
    return format_html(
        '<span class="badge" data-segment="{}">{}</span>', code, SEGMENTS[code].label
    )


@register.simple_tag
def flag(level: int | None) -> SafeString | str:
    """Show a churn flag as a badge; a dash for a customer without scores."""
    if level is None:
        return "–"
    churn_level = ChurnLevel(level)
    return format_html(
        '<span class="badge" data-flag="{}">{}</span>', FLAG_STYLES[churn_level], churn_level.label
    )


@register.simple_tag
def run_state(run: ScoringRun) -> SafeString:
    """Show the state of a run; the style sheet animates it while the run is active."""
    state = RunState(run.state)
    live = SafeString(" data-live") if run.is_active else ""
    return format_html(
        '<span class="state" data-tone="{}"{}>{}</span>', STATE_TONES[state], live, state.label
    )
