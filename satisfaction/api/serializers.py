"""JSON of complaints. The services check what is allowed."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from core.api.fields import KeyField
from core.api.resources import StrictSerializer
from crm.models import Customer
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import MAX_TEXT_LENGTH, MAX_TITLE_LENGTH, EntryKind, State


class ComplaintSerializer(serializers.Serializer[Complaint]):
    """A complaint; its customer is given by code, users by employee number."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    number = serializers.CharField()
    customer = serializers.CharField(source="customer.code")
    title = serializers.CharField()
    description = serializers.CharField()
    state = serializers.ChoiceField(choices=State.choices)
    owner = serializers.CharField(source="owner.employee_number")
    opened_at = serializers.DateTimeField()
    opened_by = serializers.CharField(source="opened_by.employee_number")
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_by = serializers.CharField(
        source="closed_by.employee_number", default=None, allow_null=True
    )
    resolution = serializers.CharField(allow_blank=True, help_text="Blank while it is open.")
    updated_at = serializers.DateTimeField(help_text="Time of the latest entry of its timeline.")


class ComplaintEntrySerializer(serializers.Serializer[ComplaintEntry]):
    """An entry of a complaint's timeline: a comment, or a change of its state."""

    kind = serializers.ChoiceField(choices=EntryKind.choices)
    text = serializers.CharField(
        allow_blank=True,
        help_text="The comment, the resolution of a closing, or the reason of a reopening.",
    )
    author = serializers.CharField(source="author.employee_number")
    at = serializers.DateTimeField()


class ComplaintDetailSerializer(ComplaintSerializer):
    """A complaint with its timeline, oldest entry first."""

    timeline = ComplaintEntrySerializer(many=True)


class NewComplaintSerializer(StrictSerializer[dict[str, Any]]):
    """The values of a new complaint."""

    customer = KeyField("code", Customer.objects.visible_to)
    title = serializers.CharField(max_length=MAX_TITLE_LENGTH)
    description = serializers.CharField(max_length=MAX_TEXT_LENGTH)
    owner = KeyField(
        "employee_number",
        User.objects.visible_to,
        lookup="employee_number__iexact",
        required=False,
        help_text="Employee number of the user who looks after it; your own by default.",
    )


class ComplaintCommentSerializer(StrictSerializer[dict[str, Any]]):
    """A comment on a complaint."""

    text = serializers.CharField(max_length=MAX_TEXT_LENGTH)


class ComplaintClosingSerializer(StrictSerializer[dict[str, Any]]):
    """What was done about a complaint."""

    resolution = serializers.CharField(max_length=MAX_TEXT_LENGTH)


class ComplaintReopeningSerializer(StrictSerializer[dict[str, Any]]):
    """Why a complaint is opened again."""

    reason = serializers.CharField(max_length=MAX_TEXT_LENGTH)
