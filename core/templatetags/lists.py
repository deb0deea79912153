"""Template tags of lists."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django import template
from django.db.models import Model
from django.template import Context, Template
from django.template.loader import get_template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core.listing.declarations import ListColumn
from core.listing.page_parts import Cell, FilterControl
from core.templatetags.formatting import icon

register = template.Library()

NO_TEXT = '<span class="faint">–</span>'
CURRENT = mark_safe(' aria-current="true"')


@register.simple_tag(takes_context=True)
def list_cells(context: Context, cells: Sequence[Cell]) -> SafeString:
    """Return the cells of the row ``row``, which the templates of columns get with their ``cell``.

    A page has hundreds of cells, most of them text: as a template they took half of its time.
    """
    render_context: Any = context.render_context  # lives as long as one rendering of the page
    starts: dict[str, str] = render_context.setdefault("list_cell_starts", {})
    parts: list[str] = []
    for cell in cells:
        column = cell.column
        start = starts.get(column.key)
        if start is None:
            start = starts[column.key] = _start(column)
        if column.template:
            with context.push(cell=cell):
                content: str = _template(column.template).render(context)
        else:
            content = escape(cell.text) or NO_TEXT
        parts += (start, content, "</td>")
    return mark_safe("".join(parts))  # noqa: S308 (every part is escaped)


@register.simple_tag
def select_cell(row: Model) -> SafeString:
    """Return the cell with the checkbox that selects a row."""
    return format_html(
        '<td class="select"><input type="checkbox" name="ids" value="{}" form="list-selection"'
        ' aria-label="{}"></td>',
        str(row.pk),
        _("Select %(row)s") % {"row": row},
    )


@register.simple_tag
def filter_options(control: FilterControl) -> SafeString:
    """Return the options of a filter's select: there may be hundreds of them too."""
    parts: list[str] = []
    for group in control.groups:
        if group.label:
            parts.append(format_html('<optgroup label="{}">', group.label))
        for option in group.options:
            selected = " selected" if option.value == control.value else ""
            text = f"{option.indent}{option.label}"
            parts.append(
                f'<option value="{escape(option.value)}"{selected}>{escape(text)}</option>'
            )
        if group.label:
            parts.append("</optgroup>")
    return mark_safe("".join(parts))  # noqa: S308 (every part is escaped)


@register.simple_tag
def filter_links(control: FilterControl) -> SafeString:
    """Return the links of a filter's menu: all menus of a page have more than a hundred."""
    check = icon("check")
    return format_html_join(
        "",
        '<a class="menu-item" href="{}"{}>{}{}</a>',
        (
            (
                link.url,
                CURRENT if link.is_selected else "",
                check if link.is_selected else "",
                link.label,
            )
            for link in control.links
        ),
    )


def _start(column: ListColumn) -> str:
    label = capfirst(str(column.label))
    if column.css_class:
        return format_html('<td data-label="{}" class="{}">', label, column.css_class)
    return format_html('<td data-label="{}">', label)


@cache
def _template(name: str) -> Template:
    loaded: Any = get_template(name)  # the backend's object, which has the template itself
    compiled: Template = loaded.template
    return compiled
