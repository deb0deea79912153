"""The page of the user's notices, the bell, and marking notices as read."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from core.models import Notice
from core.notices.reading import own_notices, show_notices
from core.pages import AuthedRequest, Page
from core.services.notice import mark_all_notices_read, mark_notice_read

PAGE_SIZE = 50
MAX_ID_DIGITS = 18
# Parameters of the page: the id of the notice it follows, and whether read ones are left out.
BEFORE, UNREAD = "before", "unread"


class NoticeList(Page):
    """The user's notices, newest first. A page is read by keyset: ``before`` is an id."""

    permission = None  # every signed-in user

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show a page of notices."""
        notices = own_notices(request.user)
        unread_only = bool(request.GET.get(UNREAD))
        if unread_only:
            notices = notices.unread()
        before = _id_of(request.GET.get(BEFORE, ""))
        if before is not None:
            notices = notices.filter(pk__lt=before)
        rows = list(notices[: PAGE_SIZE + 1])
        page, has_next = rows[:PAGE_SIZE], len(rows) > PAGE_SIZE
        context: dict[str, Any] = {
            "notices": show_notices(request.user, page),
            "unread_only": unread_only,
            "newest_unread_id": next((each.pk for each in page if each.read_at is None), None),
            "own_query": _query(before=before, unread_only=unread_only),
            "first_url": _url(unread_only=unread_only) if before is not None else "",
            "next_url": _url(before=page[-1].pk, unread_only=unread_only) if has_next else "",
        }
        return render(request, "core/notices.html", context)


class NoticeBell(Page):
    """The bell of the top bar, which every page fetches again now and then."""

    permission = None

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the bell with the number of unread notices."""
        return render(request, "components/bell.html")


class NoticeRead(Page):
    """Mark one notice as read."""

    permission = None
    http_method_names = ["post"]

    def post(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Mark it and return to the page of notices; 404 for a notice of somebody else."""
        try:
            mark_notice_read(notice_id=pk, actor=request.user)
        except Notice.DoesNotExist as error:
            raise Http404 from error
        return _redirect_to_list(request)


class NoticesRead(Page):
    """Mark all notices as read."""

    permission = None
    http_method_names = ["post"]

    def post(self, request: AuthedRequest) -> HttpResponse:
        """Mark those up to the id ``until``, which the page has shown; newer ones stay unread."""
        mark_all_notices_read(actor=request.user, until=_id_of(request.POST.get("until", "")))
        return _redirect_to_list(request)


def _id_of(text: str) -> int | None:
    """Return the id that a parameter names; None for any other text."""
    is_id = text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS
    return int(text) if is_id else None


def _redirect_to_list(request: HttpRequest) -> HttpResponse:
    """Redirect to the page of notices that the address of the form names."""
    before = _id_of(request.GET.get(BEFORE, ""))
    return redirect(_url(before=before, unread_only=bool(request.GET.get(UNREAD))))


def _url(*, before: int | None = None, unread_only: bool) -> str:
    query = _query(before=before, unread_only=unread_only)
    return f"{reverse('notices')}?{query}" if query else reverse("notices")


def _query(*, before: int | None, unread_only: bool) -> str:
    parameters = {UNREAD: 1} if unread_only else {}
    return urlencode(parameters if before is None else {**parameters, BEFORE: before})
