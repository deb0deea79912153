"""Serializers of scoring runs: their fields in the REST API (docs/api.md)."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from core.api.resources import StrictSerializer
from segmentation.models import RunState, ScoringRun, ScoringStep
from segmentation.models.run import StepName


class StepSerializer(serializers.Serializer[ScoringStep]):
    """A step of a run."""

    name = serializers.ChoiceField(choices=StepName.choices)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)
    rows = serializers.IntegerField(allow_null=True)


class RunSerializer(serializers.Serializer[ScoringRun]):
    """A scoring run: its day, state, settings, counts and steps."""

    id = serializers.IntegerField()
    as_of = serializers.DateField()
    state = serializers.ChoiceField(choices=RunState.choices)
    progress = serializers.IntegerField(help_text="Per cent.")
    settings = serializers.DictField(child=serializers.FloatField())
    requested_by = serializers.CharField(source="requested_by.employee_number")
    channel = serializers.CharField()
    requested_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)
    customers = serializers.IntegerField()
    flagged_watch = serializers.IntegerField()
    flagged_high = serializers.IntegerField()
    reference = serializers.CharField(help_text="Of a failure, as in the log.")
    steps = StepSerializer(many=True)


class RunRequestSerializer(StrictSerializer[dict[str, Any]]):
    """What a client sends to start a run: the day to score."""

    as_of = serializers.DateField(
        default=timezone.localdate,
        help_text="The day before which things count; today where not given.",
    )
