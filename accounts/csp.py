"""What the browser may do on the administration's pages, which is a little more than elsewhere."""

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# The admin theme is built on Alpine, which evaluates the expressions in its templates' attributes,
# and writes its colours as an inline style. It has no inline script, so those stay forbidden, and
# everything the policy of settings says beside these two stays as it is.
RELAXED = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class AdminPolicyMiddleware:
    """Relax the policy under /admin/ and nowhere else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.get_admin_response = csp_replace(RELAXED)(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("/admin/"):
            return self.get_admin_response(request)
        return self.get_response(request)
