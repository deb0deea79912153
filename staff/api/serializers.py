"""How staff records are written in JSON."""

from rest_framework import serializers

from accounts.models import User
from accounts.permissions import DataAccessLevel, Permission


class PlaceSerializer(serializers.Serializer[object]):
    """A role or a unit: its stable code, and its name in the caller's language."""

    code = serializers.CharField()
    name = serializers.CharField()


class MeSerializer(serializers.Serializer[User]):
    """Who one is here, and what one may do."""

    id = serializers.IntegerField()
    employee_number = serializers.CharField()
    name = serializers.CharField()
    is_service = serializers.BooleanField()
    language = serializers.CharField()
    role = PlaceSerializer()
    access_level = serializers.ChoiceField(choices=DataAccessLevel.choices)
    unit = PlaceSerializer()
    permissions = serializers.ListField(
        source="role.permissions",
        child=serializers.ChoiceField(choices=Permission.choices),
    )
