"""REST: bulk import of transactions from a streamed body."""

from io import BytesIO
from typing import Any

from django.conf import settings
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import Permission
from common.files import (
    CsvSource,
    FileRefusedError,
    JsonArraySource,
    NdjsonSource,
    RowSource,
)
from core.api.errors import LengthRequired, TooLarge, Unreadable
from core.api.resources import require_user
from crm.api.parsers import CsvParser, JsonArrayParser, NdjsonParser
from crm.api.serializers import (
    BulkOptionsSerializer,
    BulkResultSerializer,
    TransactionRowSerializer,
)
from crm.services.importing import TRANSACTION_FIELDS, ImportOptions, import_transactions


class TransactionBulk(APIView):
    """The bulk import of transactions."""

    permission = Permission.TRANSACTION_IMPORT
    write_permission = Permission.TRANSACTION_IMPORT
    parser_classes = [JsonArrayParser, NdjsonParser, CsvParser]

    @extend_schema(
        operation_id="transactions_bulk",
        summary="Import transactions as a JSON array, NDJSON or CSV",
        description=(
            "The body is imported in one transaction: valid rows are stored, the others are "
            "returned as rejects. Sending the same body twice changes nothing. NDJSON has an "
            "object on each line, CSV a column for each of its fields."
        ),
        parameters=[BulkOptionsSerializer],
        request={
            "application/json": TransactionRowSerializer(many=True),
            "application/x-ndjson": OpenApiTypes.STR,
            "text/csv": OpenApiTypes.STR,
        },
        responses=BulkResultSerializer,
    )
    def post(self, request: Request) -> Response:
        """Import the transactions of the body and return the counts and the rejected rows."""
        options = BulkOptionsSerializer(data=request.query_params.dict())
        options.is_valid(raise_exception=True)
        _check_size(request)
        try:
            result = import_transactions(
                source=_source(request),
                actor=require_user(request),
                options=ImportOptions(**options.validated_data),
            )
        except FileRefusedError as error:
            raise Unreadable(str(error), error.code) from error
        except UnreadablePostError as error:
            raise ParseError(_("The body was cut off; nothing was imported.")) from error
        return Response(BulkResultSerializer(result).data)


def _check_size(request: Request) -> None:
    """Raise LengthRequired or TooLarge for a body without a length, or with too large a one.

    This is checked before reading the body. The server never reads more than the announced length.
    """
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired(_("Send the body with its length, not in chunks."))
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.API_BULK_MAX_BYTES:
        limit = settings.API_BULK_MAX_BYTES // 2**20
        message = _("Send at most %(limit)d MiB at once, in several parts.")
        raise TooLarge(message % {"limit": limit})


def _source(request: Request) -> RowSource:
    """Return the body as what its media type says; raise FileRefusedError."""
    # ``request.data`` selects the parser and refuses other media types without reading the body. It
    # is empty, and no stream, if the body has no length.
    stream: Any = request.data or BytesIO()
    media_type = request.content_type.partition(";")[0].strip().lower()
    if media_type == CsvParser.media_type:
        return CsvSource(stream, name="api.csv")
    if media_type == JsonArrayParser.media_type:
        return JsonArraySource(stream, name="api.json", fields=TRANSACTION_FIELDS)
    return NdjsonSource(stream, name="api.ndjson", fields=TRANSACTION_FIELDS)
