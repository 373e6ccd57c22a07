"""Forms and addresses of the rep's desk: a card has thirty, so they have no templates of their own."""

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

_HIDDEN = '<input type="hidden" name="{}" value="{}">'


@register.simple_tag(takes_context=True)
def answer_form(context: Context, url: str, style: str = "", next_lead: str = "") -> SafeString:
    """Opens a form about the lead of the card: where it posts to, and what each of them carries.

    Needs action_context(); with `fast` htmx sends it, with `board` it comes back to the same place of the queue, with
    the lead `next_lead` (else the context's next_id) open.
    """
    opened = format_html('<form method="post" class="{}" action="{}"', style, url)
    if context.get("fast"):
        opened += format_html(' hx-post="{}" hx-target="#workspace" hx-swap="outerHTML" data-retry', url)
    carried = [
        ("csrfmiddlewaretoken", context.get("csrf_token", "")),
        ("card", context["card_token"]),
        ("idempotency_key", context["idempotency_key"]),
        ("from", context["came_from"]),
    ]
    if board := context.get("board"):
        carried += [("owner", board.place.owner), ("show", board.place.show)]
    if after := next_lead or context.get("next_id"):
        carried.append(("next", after))
    return SafeString(opened + ">" + "".join(format_html(_HIDDEN, name, value) for name, value in carried))


@register.simple_tag(takes_context=True)
def queue_url(context: Context, lead: str, part: str = "") -> SafeString:
    """The address of this place in the queue with a lead open; `part` asks for a fragment."""
    place = context["board"].place
    address = format_html("{}?owner={}&amp;show={}&amp;lead={}", reverse("queue"), place.owner, place.show, lead)
    return address + format_html("&amp;part={}", part) if part else address
