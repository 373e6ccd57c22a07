"""What the templates of the back office share: selects of a filter bar, and looking a value up."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.template.context import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from revops.foundation.pages.words import day_words
from revops.portal.audit.words import kind_words

register = template.Library()
register.filter(day_words)
register.filter(kind_words)
SELECTED = " selected"


@register.filter
def of(values: Mapping[Any, Any], key: Any) -> Any:
    """What `values` holds under `key`; empty if it holds nothing."""
    return values.get(key, "")


@register.filter
def filled(cells: Iterable[Any]) -> list[str]:
    """The cells of a row that hold something."""
    return [text for text in (str(cell).strip() for cell in cells) if text]


@register.filter
def act_words(action: str) -> str:
    """An act of the ledger as people say it: "rulebook.signed_by_sales" is "Rulebook signed by sales"."""
    words = action.replace(".", " ").replace("_", " ").replace("api ", "API ")
    return f"{words[:1].upper()}{words[1:]}"


@register.simple_tag
def options(choices: Iterable[tuple[Any, Any]], chosen: Any) -> SafeString:
    """The options of a select; `chosen` is its value, or a list of them."""
    values = {str(value) for value in (chosen if isinstance(chosen, list | tuple) else [chosen])}
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, SELECTED if str(value) in values else "", words) for value, words in choices),
    )


@register.simple_tag(takes_context=True)
def filter_select(
    context: Context, name: str, label: str, choices: Iterable[tuple[Any, Any]], any_label: str = ""
) -> SafeString:
    """A select of a filter bar; its value is the one in the address of the page."""
    chosen = context["request"].GET.get(name, "")
    return format_html(
        '<div class="field"><label for="f-{0}">{1}</label><select class="form-select" id="f-{0}" name="{0}">'
        '<option value="">{2}</option>{3}</select></div>',
        name, label, any_label or _("Any"), options(choices, chosen),
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def filter_input(context: Context, name: str, label: str, kind: str = "search") -> SafeString:
    """A field of a filter bar; its value is the one in the address of the page."""
    return format_html(
        '<div class="field"><label for="f-{0}">{1}</label>'
        '<input class="form-control" type="{2}" id="f-{0}" name="{0}" value="{3}"></div>',
        name, label, kind, context["request"].GET.get(name, ""),
    )  # fmt: skip
