"""REST: bulk imports of transactions and interactions from a streamed body."""

from collections.abc import Callable, Sequence
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

from accounts.models import User
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
    InteractionRowSerializer,
    SystemSerializer,
    TransactionRowSerializer,
)
from crm.services.importing import (
    TRANSACTION_FIELDS,
    ImportOptions,
    ImportResult,
    import_interactions,
    import_transactions,
    interaction_fields,
)

BULK_TEXT = {"application/x-ndjson": OpenApiTypes.STR, "text/csv": OpenApiTypes.STR}
BULK_DESCRIPTION = (
    "The body is imported in one transaction: valid rows are stored, the others are returned as "
    "rejects. Sending the same body twice changes nothing. NDJSON has an object on each line, CSV "
    "a column for each of its fields."
)


class BulkImport(APIView):
    """The base of the bulk imports, which read the body as it arrives."""

    parser_classes = [JsonArrayParser, NdjsonParser, CsvParser]

    def import_rows(self, source: RowSource, actor: User, options: ImportOptions) -> ImportResult:
        """Import the rows of the source by the service and return its result."""
        raise NotImplementedError

    def field_names(self) -> Sequence[str]:
        """Return the names that an object of NDJSON or of a JSON array may use."""
        raise NotImplementedError

    def import_body(self, request: Request, options: type[SystemSerializer]) -> Response:
        """Import the body and return the counts and the rejected rows.

        ``options`` is the serializer of the options in the address.
        """
        read_options = options(data=request.query_params.dict())
        read_options.is_valid(raise_exception=True)
        _check_size(request)
        try:
            result = self.import_rows(
                _source(request, self.field_names),
                require_user(request),
                ImportOptions(**read_options.validated_data),
            )
        except FileRefusedError as error:
            raise Unreadable(str(error), error.code) from error
        except UnreadablePostError as error:
            raise ParseError(_("The body was cut off; nothing was imported.")) from error
        return Response(BulkResultSerializer(result).data)


class TransactionBulk(BulkImport):
    """The bulk import of transactions."""

    permission = Permission.TRANSACTION_IMPORT
    write_permission = Permission.TRANSACTION_IMPORT

    @extend_schema(
        operation_id="transactions_bulk",
        summary="Import transactions as a JSON array, NDJSON or CSV",
        description=BULK_DESCRIPTION,
        parameters=[BulkOptionsSerializer],
        request={"application/json": TransactionRowSerializer(many=True)} | BULK_TEXT,
        responses=BulkResultSerializer,
    )
    def post(self, request: Request) -> Response:
        """Import the transactions of the body."""
        return self.import_body(request, BulkOptionsSerializer)

    def import_rows(self, source: RowSource, actor: User, options: ImportOptions) -> ImportResult:
        """Import transactions."""
        return import_transactions(source=source, actor=actor, options=options)

    def field_names(self) -> Sequence[str]:
        """Return the names of the columns."""
        return TRANSACTION_FIELDS


class InteractionBulk(BulkImport):
    """The bulk import of interactions."""

    permission = Permission.INTERACTION_IMPORT
    write_permission = Permission.INTERACTION_IMPORT

    @extend_schema(
        operation_id="interactions_bulk",
        summary="Import interactions as a JSON array, NDJSON or CSV",
        description=f"{BULK_DESCRIPTION} A field that is left out keeps its value.",
        parameters=[SystemSerializer],
        request={"application/json": InteractionRowSerializer(many=True)} | BULK_TEXT,
        responses=BulkResultSerializer,
    )
    def post(self, request: Request) -> Response:
        """Import the interactions of the body."""
        return self.import_body(request, SystemSerializer)

    def import_rows(self, source: RowSource, actor: User, options: ImportOptions) -> ImportResult:
        """Import interactions."""
        return import_interactions(source=source, actor=actor, options=options)

    def field_names(self) -> Sequence[str]:
        """Return the names of the declared fields, custom ones included, and of the id."""
        return interaction_fields()


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


def _source(request: Request, field_names: Callable[[], Sequence[str]]) -> RowSource:
    """Return the body as what its media type says; raise FileRefusedError."""
    # ``request.data`` selects the parser and refuses other media types without reading the body. It
    # is empty, and no stream, if the body has no length.
    stream: Any = request.data or BytesIO()
    media_type = request.content_type.partition(";")[0].strip().lower()
    if media_type == CsvParser.media_type:
        return CsvSource(stream, name="api.csv")
    if media_type == JsonArrayParser.media_type:
        return JsonArraySource(stream, name="api.json", fields=field_names())
    return NdjsonSource(stream, name="api.ndjson", fields=field_names())
