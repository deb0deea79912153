"""Administration of scoring runs: they can be read and started, but not changed or deleted."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from core.service_admin import AdminRequest, ReadOnlyInline, ServiceModelAdmin, ServiceModelForm
from segmentation.models import ScoringRun, ScoringStep
from segmentation.services.run import request_run


class StepInline(ReadOnlyInline):
    """The steps of a run, read-only."""

    model = ScoringStep
    fields = ["name", "started_at", "finished_at", "rows"]
    readonly_fields = fields


class RunForm(ServiceModelForm):
    """Asks for the day to score."""

    class Meta:
        model = ScoringRun
        fields = ["as_of"]


@admin.register(ScoringRun)
class ScoringRunAdmin(ServiceModelAdmin):
    """Runs with their steps. Adding a run starts it."""

    view_permission = Permission.RUN_VIEW
    change_permission = Permission.RUN_START
    may_change = False
    form = RunForm
    list_display = [
        "id", "as_of", "state", "progress", "requested_by", "channel",
        "started_at", "finished_at", "customers",
    ]  # fmt: skip
    list_filter = ["state", "channel"]
    list_select_related = ["requested_by"]
    ordering = ["-pk"]

    def get_inlines(self, request: AdminRequest, obj: ScoringRun | None) -> list[Any]:
        """Show steps on the page of an existing run, none on the form that adds one."""
        return [] if obj is None else [StepInline]

    def get_fields(self, request: AdminRequest, obj: ScoringRun | None = None) -> list[str]:
        """Ask for the day when a run is added; show state and result of an existing one."""
        if obj is None:
            return ["as_of"]
        return [
            "as_of", "state", "progress", "requested_by", "channel", "requested_at", "started_at",
            "finished_at", "customers", "flagged_watch", "flagged_high", "reference",
        ]  # fmt: skip

    def get_changeform_initial_data(self, request: AdminRequest) -> dict[str, Any]:
        """Preset today as the day to score."""
        return {"as_of": timezone.localdate()}

    def save_through_service(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> ScoringRun:
        """Request a run. ``pk`` is None, because ``may_change`` is off: the form only adds."""
        return request_run(as_of=values["as_of"], actor=actor)
