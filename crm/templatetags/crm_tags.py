"""Template filters for interactions."""

from datetime import date, datetime

from django import template
from django.utils import timezone

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


@register.filter
def channel_icon(channel: str) -> str:
    """Return the name of the icon of a channel."""
    return CHANNEL_ICONS[channel]


@register.filter
def local_day(moment: datetime) -> date:
    """Return the day of a time, for lists that have no room for more."""
    return timezone.localdate(moment)
