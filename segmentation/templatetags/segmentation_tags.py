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
register.filter(reason_sentences)  # {% for reason in score|reason_sentences %}

# Values of the attribute data-flag, by which the style sheet colours a flag.
FLAG_STYLES = {ChurnLevel.NONE: "none", ChurnLevel.WATCH: "medium", ChurnLevel.HIGH: "high"}
# Values of the attribute data-tone, by which the style sheet colours the state of a run.
STATE_TONES = {
    RunState.QUEUED: "info",
    RunState.RUNNING: "accent",
    RunState.PUBLISHED: "good",
    RunState.SUPERSEDED: "neutral",
    RunState.FAILED: "bad",
    RunState.INTERRUPTED: "warn",
}
SEGMENT_BY_CODE = {segment.value: segment for segment in (*ChineseSegment, *InternationalSegment)}


@register.simple_tag
def segment(code: str | None) -> SafeString | str:
    """Show a segment, by its code in either scheme, as a badge; show None as a dash."""
    if code is None:
        return "–"
    return format_html(
        '<span class="badge" data-segment="{}">{}</span>', code, SEGMENT_BY_CODE[code].label
    )


@register.simple_tag
def flag(level: int | None) -> SafeString | str:
    """Show a churn level as a badge; show None, of a customer without a score, as a dash."""
    if level is None:
        return "–"
    churn_level = ChurnLevel(level)
    return format_html(
        '<span class="badge" data-flag="{}">{}</span>', FLAG_STYLES[churn_level], churn_level.label
    )


@register.simple_tag
def run_state(run: ScoringRun) -> SafeString:
    """Show the state of a run; ``data-live`` lets the style sheet animate an active one."""
    state = RunState(run.state)
    live = SafeString(" data-live") if run.is_active else ""
    return format_html(
        '<span class="state" data-tone="{}"{}>{}</span>', STATE_TONES[state], live, state.label
    )
