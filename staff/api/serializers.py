"""Serializers of the user's own account."""

from rest_framework import serializers

from accounts.models import User
from accounts.permissions import DataAccessLevel, Permission


class CodeNameSerializer(serializers.Serializer[object]):
    """A role or a unit: its stable code, and its name in the language of the request."""

    code = serializers.CharField()
    name = serializers.CharField()


class MeSerializer(serializers.Serializer[User]):
    """The user's own account, role, unit and permissions."""

    id = serializers.IntegerField()
    employee_number = serializers.CharField()
    name = serializers.CharField()
    is_service = serializers.BooleanField()
    language = serializers.CharField()
    role = CodeNameSerializer()
    access_level = serializers.ChoiceField(choices=DataAccessLevel.choices)
    unit = CodeNameSerializer()
    permissions = serializers.ListField(
        source="role.permissions",
        child=serializers.ChoiceField(choices=Permission.choices),
    )
