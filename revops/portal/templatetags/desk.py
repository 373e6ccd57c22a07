"""Forms and addresses of the rep's desk: a card has thirty, so they have no templates of their own."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote as urlquote

from django import template
from django.template.context import Context
from django.template.loader import get_template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from feedback.models import NurtureTrack
from revops.portal.queue.reasons import Choice
from revops.portal.queue.tries import try_groups

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
    after = next_lead or context.get("next_id") or ""
    carried = _once(context, f"carried {context['card_token']} {after}", lambda: _carried(context, after))
    return SafeString(f"{opened}>{carried}")


@register.simple_tag
def evidence_input(choice: Choice, is_first: bool) -> SafeString:
    """Where the answer to a reason's question is typed. The first of a family takes what somebody simply types."""
    code, is_text = choice.code, choice.input_type == "text"
    usual = format_html(' data-usual placeholder="{}"', _("Just type")) if is_first and is_text else ""
    known = format_html(' list="known-{}"', code) if choice.suggestions else ""
    number = SafeString(' min="0" inputmode="numeric"') if choice.input_type == "number" else ""
    field = format_html(
        '<input class="form-control" id="evidence-{0}" name="evidence" type="{1}" value="{2}" maxlength="500" required'
        ' autocomplete="off" data-key="{3}" data-key-label="{4}"{5}{6}{7}>',
        code, choice.input_type, choice.evidence, choice.key, choice.label, usual, known, number,
    )  # fmt: skip
    if not choice.suggestions:
        return field
    options = format_html_join("", '<option value="{}"></option>', ((one,) for one in choice.suggestions))
    return format_html('{}<datalist id="known-{}">{}</datalist>', field, code, options)


@register.simple_tag
def code_of(choice: Choice, is_first: bool) -> SafeString:
    """One code of the reject sheet without the beginning of its form. What says nothing of the lead is drawn once."""
    draw = _code if choice.is_usual else _code.__wrapped__
    return draw(choice, is_first, get_language())


@register.simple_tag
def track_choice(track: NurtureTrack) -> SafeString:
    """One nurture track as a button, drawn once."""
    return _track(track.code, track.digit, track.name, track.description, track.is_default)


@register.simple_tag
def try_buttons() -> SafeString:
    """What can be logged of an attempt, drawn once."""
    return _tries(get_language())


@lru_cache(maxsize=1024)
def _code(choice: Choice, is_first: bool, _language: str | None) -> SafeString:
    return _drawn("queue/_code.html", choice=choice, is_first=is_first)


@lru_cache(maxsize=256)
def _track(code: str, key: int, name: str, description: str, is_default: bool) -> SafeString:
    return _drawn("queue/_track.html", code=code, key=key, name=name, description=description, is_default=is_default)


@lru_cache(maxsize=16)
def _tries(_language: str | None) -> SafeString:
    return _drawn("queue/_tries.html", groups=try_groups())


def _drawn(template_name: str, **values: Any) -> SafeString:
    return SafeString(get_template(template_name).render(values))


def _carried(context: Context, after: str) -> str:
    """What every form about this lead carries."""
    carried = [
        ("csrfmiddlewaretoken", context.get("csrf_token", "")),
        ("card", context["card_token"]),
        ("idempotency_key", context["idempotency_key"]),
        ("from", context["came_from"]),
    ]
    if board := context.get("board"):
        carried += [("owner", board.place.owner), ("show", board.place.show)]
    if after:
        carried.append(("next", after))
    return "".join(format_html(_HIDDEN, name, value) for name, value in carried)


def _once(context: Context, name: str, make: Callable[[], str]) -> str:
    """What is the same for all forms and rows of a page is made for the first of them."""
    made = context.render_context
    if name not in made:
        made[name] = make()
    return str(made[name])


@register.simple_tag(takes_context=True)
def queue_url(context: Context, lead: str, part: str = "") -> SafeString:
    """The address of this place in the queue with a lead open; `part` asks for a fragment."""
    place = context["board"].place
    begin = _once(
        context, "queue address",
        lambda: format_html("{}?owner={}&amp;show={}&amp;lead=", reverse("queue"), place.owner, place.show),
    )  # fmt: skip
    return SafeString(f"{begin}{urlquote(lead)}&amp;part={urlquote(part)}" if part else f"{begin}{urlquote(lead)}")
