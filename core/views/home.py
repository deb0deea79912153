"""Today: the home page made of widgets, each fetched by itself."""

from django.http import Http404, HttpResponse
from django.shortcuts import render

from core.composition import home_widgets
from core.pages import AuthedRequest, Page


class Home(Page):
    """What the person needs to know today."""

    permission = None

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show a place for each widget this person gets."""
        widgets = [widget for widget in home_widgets() if widget.is_available_to(request.user)]
        return render(request, "core/home.html", {"widgets": widgets})


class HomeWidgetFragment(Page):
    """One widget of the home page."""

    permission = None

    def get(self, request: AuthedRequest, slug: str) -> HttpResponse:
        """Show it; 404 for one that is not offered."""
        for widget in home_widgets():
            if widget.slug == slug and widget.is_available_to(request.user):
                context = {"widget": widget, **widget.context(request)}
                return render(request, widget.template, context)
        raise Http404
