"""The home page ("Today"), made of widgets that the browser fetches one by one."""

from django.http import Http404, HttpResponse
from django.shortcuts import render

from core.composition import home_widgets
from core.pages import AuthedRequest, Page


class Home(Page):
    """The home page."""

    permission = None

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show a placeholder for each widget the user may see."""
        widgets = [widget for widget in home_widgets() if widget.is_available_to(request.user)]
        return render(request, "core/home.html", {"widgets": widgets})


class HomeWidgetFragment(Page):
    """One widget of the home page."""

    permission = None

    def get(self, request: AuthedRequest, slug: str) -> HttpResponse:
        """Show the widget; 404 for one that does not exist or that the user may not see."""
        for widget in home_widgets():
            if widget.slug == slug and widget.is_available_to(request.user):
                context = {"widget": widget, **widget.context(request)}
                return render(request, widget.template, context)
        raise Http404
