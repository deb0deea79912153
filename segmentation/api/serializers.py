"""Serializers of scoring runs and scores: their fields in the REST API (docs/api.md)."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.resources import StrictSerializer
from segmentation.models import (
    ChineseSegment,
    ChurnLevel,
    ChurnReason,
    CustomerScore,
    InternationalSegment,
    RunState,
    ScoringRun,
    ScoringStep,
)
from segmentation.models.run import StepName
from segmentation.reasons import reason_sentences


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
    job = serializers.IntegerField(source="job_id", help_text="Id of the job that executes it.")
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


class ReasonSerializer(serializers.Serializer[Any]):
    """Why a customer is flagged."""

    code = serializers.ChoiceField(choices=ChurnReason.choices, help_text="Stable, for programs.")
    text = serializers.CharField(help_text="For people, in the user's language.")


class ScoreSerializer(serializers.Serializer[CustomerScore]):
    """The score of a customer in a run (docs/scoring.md says what the figures mean)."""

    customer = serializers.CharField(source="customer_code")
    as_of = serializers.DateField(help_text="Things before this day count.")
    run = serializers.IntegerField(source="run_id")
    first_purchase = serializers.DateField(source="first_on")
    last_purchase = serializers.DateField(source="last_on")
    recency_days = serializers.IntegerField()
    frequency = serializers.IntegerField()
    monetary = serializers.DecimalField(max_digits=20, decimal_places=2)
    r = serializers.IntegerField()
    f = serializers.IntegerField()
    m = serializers.IntegerField()
    segment = serializers.ChoiceField(choices=ChineseSegment.choices, source="segment_cn")
    international = serializers.ChoiceField(
        choices=InternationalSegment.choices, source="segment_intl"
    )
    flag = serializers.ChoiceField(choices=ChurnLevel.choices, source="churn_level")
    reasons = serializers.SerializerMethodField()

    @extend_schema_field(ReasonSerializer(many=True))
    def get_reasons(self, score: CustomerScore) -> list[dict[str, str]]:
        """Return code and sentence of each reason of the flag."""
        sentences = reason_sentences(score)
        return [
            {"code": code, "text": text}
            for code, text in zip(score.churn_reasons, sentences, strict=True)
        ]


class RunRequestSerializer(StrictSerializer[dict[str, Any]]):
    """What a client sends to start a run: the day to score."""

    as_of = serializers.DateField(
        default=timezone.localdate,
        help_text="The day before which things count; today where not given.",
    )
