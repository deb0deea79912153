"""The response with the content of a file, in which nothing can run in the product's name."""

import logging

from django.http import FileResponse, Http404

from core.files.kinds import OCTET_STREAM
from core.files.storage import open_stored_file

logger = logging.getLogger(__name__)

# A document opened from here has no scripts, no origin and no access to anything.
CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def file_response(
    stored_name: str, *, name: str, content_type: str = OCTET_STREAM, inline: bool = False
) -> FileResponse:
    """Return the response that sends a stored file in parts.

    ``name`` is the one under which a browser saves it (as in RFC 5987, so Chinese is possible).
    Unless ``inline``, the browser saves the file and shows nothing. Raises Http404 for a file that
    is missing in the storage.
    """
    try:
        content = open_stored_file(stored_name)
    except FileNotFoundError as error:
        logger.exception("the stored file %s is missing", stored_name)
        raise Http404 from error
    return FileResponse(
        content,
        as_attachment=not inline,
        filename=name,
        content_type=content_type,
        headers={
            "Content-Security-Policy": CONTENT_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )
