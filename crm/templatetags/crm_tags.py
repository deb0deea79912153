"""Template tags and filters for customers and interactions."""

from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from crm.models import Customer
from crm.models.customer import Stage
from crm.models.interaction import InteractionChannel

register = template.Library()

CHANNEL_ICONS: dict[str, str] = {
    InteractionChannel.VISIT: "walk",
    InteractionChannel.PHONE: "phone",
    InteractionChannel.WECHAT: "brand-wechat",
    InteractionChannel.EMAIL: "mail",
    InteractionChannel.SMS: "message",
    InteractionChannel.MEETING: "users",
    InteractionChannel.SERVICE_HALL: "building-store",
    InteractionChannel.ONLINE: "world",
}

# Values of the attribute data-tone, by which the style sheet colours a stage.
STAGE_TONES: dict[str, str] = {
    Stage.POTENTIAL: "neutral",
    Stage.INTENDING: "info",
    Stage.PROSPECTIVE: "info",
    Stage.SIGNED: "good",
    Stage.DEVELOPED: "good",
    Stage.PARTNER: "accent",
    Stage.LOST: "bad",
}


@register.simple_tag
def stage(customer: Customer) -> SafeString:
    """Show the stage of a customer as a badge."""
    return format_html(
        '<span class="state" data-tone="{}">{}</span>',
        STAGE_TONES[customer.stage],
        Stage(customer.stage).label,
    )


@register.filter
def channel_icon(channel: str) -> str:
    """Return the name of the icon of a channel."""
    return CHANNEL_ICONS[channel]


@register.filter
def local_day(moment: datetime) -> date:
    """Return the day of a time, for lists that have no room for more."""
    return timezone.localdate(moment)
