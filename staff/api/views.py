"""The REST resource of the user's own account."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.permissions import SignedIn
from core.api.resources import require_user
from staff.api.serializers import MeSerializer


class Me(APIView):
    """The account of the user whose key or session the request has."""

    permission_classes = [SignedIn]

    @extend_schema(operation_id="me", summary="Who am I, and what may I do", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Return the user's own account, role, unit and permissions."""
        return Response(MeSerializer(require_user(request)).data)
