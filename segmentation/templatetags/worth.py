"""Segments, flags and runs as every page shows them."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from segmentation.models import (
    ChineseSegment,
    ChurnLevel,
    CustomerScore,
    InternationalSegment,
    RunState,
    ScoringRun,
)
from segmentation.reasons import reasons_in_words

register = template.Library()

FLAGS = {ChurnLevel.NONE: "none", ChurnLevel.WATCH: "medium", ChurnLevel.HIGH: "high"}
TONES = {
    RunState.QUEUED: "info",
    RunState.RUNNING: "accent",
    RunState.PUBLISHED: "good",
    RunState.SUPERSEDED: "neutral",
    RunState.FAILED: "bad",
    RunState.INTERRUPTED: "warn",
}
SEGMENTS = {one.value: one for one in (*ChineseSegment, *InternationalSegment)}


@register.simple_tag
def segment(code: str | None) -> SafeString | str:
    """Write a segment of either scheme; a dash for a customer without scores."""
    if code is None:
        return "–"
    return format_html(
        '<span class="badge" data-segment="{}">{}</span>', code, SEGMENTS[code].label
    )


@register.simple_tag
def flag(level: int | None) -> SafeString | str:
    """Write a churn flag; a dash for a customer without scores."""
    if level is None:
        return "–"
    wanted = ChurnLevel(level)
    return format_html('<span class="badge" data-flag="{}">{}</span>', FLAGS[wanted], wanted.label)


@register.simple_tag
def run_state(run: ScoringRun) -> SafeString:
    """Write what has become of a run."""
    state = RunState(run.state)
    live = SafeString(" data-live") if run.is_active else ""
    return format_html(
        '<span class="state" data-tone="{}"{}>{}</span>', TONES[state], live, state.label
    )


@register.filter
def in_words(score: CustomerScore) -> list[str]:
    """Return why a customer is flagged, one sentence each."""
    return reasons_in_words(score)
