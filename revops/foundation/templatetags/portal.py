"""The page kit in templates: icons, badges, numbers, times and the components that wrap a body."""

import re
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote as urlquote

from django import template
from django.contrib.staticfiles import finders
from django.http import QueryDict
from django.template.context import Context
from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from revops.foundation.currencies import stands_before
from revops.foundation.ids import TEXT_LENGTH
from revops.foundation.pages.charts import Chart
from revops.foundation.pages.folding import always_same
from revops.foundation.pages.words import COUNTDOWN_ICONS, about, countdown_state, duration_words
from revops.foundation.policy import can

register = template.Library()
register.filter("about", about)
register.filter("duration_words", duration_words)
_FIELD = re.compile(
    r'<label for="[^"]+">(?P<label>[^<]*)</label>'
    r'(?P<control><(?:select|input)\b[^>]*?\bname="(?P<name>[^"]+)"[^>]*>(?:(?:(?!</select>|<div).)*</select>)?)',
    re.DOTALL,
)
_CHOSEN = re.compile(r'<option value="[^"]+" selected>(?P<words>[^<]*)|<input\b[^>]* value="(?P<typed>[^"]+)"')
_NOTHING = re.compile(r"<td(?P<attributes>[^>]*)>(?P<inside>\s*(?:<span[^>]*>)?\s*–?\s*(?:</span>)?\s*)</td>")
SPRITE = "vendor/tabler-icons-3.51.0/icons.svg"
TOO_FEW = 20


@cache
def icon_names() -> frozenset[str]:
    """The icons in the sprite."""
    found = finders.find(SPRITE)
    if not found:
        return frozenset()
    return frozenset(part.split('"')[0] for part in Path(found).read_text().split('<symbol id="')[1:])


# --- small things ----------------------------------------------------------------------------------------------------
@register.simple_tag
@always_same
def icon(name: str, label: str = "", **options: str) -> SafeString:
    """One icon of the sprite; silent for screen readers unless it has a label."""
    return _icon(name, str(label), options.get("class", ""))


@lru_cache(maxsize=1024)
def _icon(name: str, label: str, extra: str) -> SafeString:
    """Drawn once: a list of fifty leads shows hundreds of icons, of a dozen kinds."""
    sprite = f"{static(SPRITE)}#{name}"
    classes = f"icon {extra}".strip()
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>', classes, label, sprite
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"></use></svg>', classes, sprite)


@register.simple_tag(takes_context=True)
def navigation(context: Context, part: str) -> SafeString:
    """A component that shows nothing but the navigation, drawn once for each role, page and language."""
    return _navigation(part, context.get("nav_groups") or (), get_language())


@lru_cache(maxsize=1024)
def _navigation(part: str, groups: Any, _language: str | None) -> SafeString:
    return _render(part, {"nav_groups": groups})


@register.simple_tag
@always_same
def badge(text: Any, tone: str = "neutral", icon: str = "") -> SafeString:
    """A word with a shape and a tone: good, warn, bad, note, neutral or strong."""
    return _badge(str(text), tone or "neutral", icon)


@lru_cache(maxsize=1024)
def _badge(text: str, tone: str, icon_name: str) -> SafeString:
    mark = _icon(icon_name, "", "") if icon_name else ""
    return format_html('<span class="badge tone-{}">{}{}</span>', tone, mark, text)


@register.simple_tag
def avatar(name: Any, size: str = "") -> SafeString:
    """Initials of a person in a steady colour; the name itself stands beside it in the text."""
    words = str(name or "").split("@")[0].replace(".", " ").split()
    initials = "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"
    hue = sum(map(ord, str(name or ""))) % 6
    size_class = f" avatar-{size}" if size else ""
    return format_html('<span class="avatar hue-{}{}" aria-hidden="true">{}</span>', hue, size_class, initials)


@register.simple_tag
def key_hint(keys: str) -> SafeString:
    """Keys as printed on a button, for example "g q"; hidden from screen readers, which hear aria-keyshortcuts."""
    parts = format_html_join(" ", "<kbd>{}</kbd>", ((key.upper() if len(key) == 1 else key,) for key in keys.split()))
    return format_html('<span aria-hidden="true">{}</span>', parts)


@register.filter
def message_icon(level_tag: str) -> str:
    return {"success": "circle-check", "warning": "alert-triangle", "error": "alert-circle"}.get(
        level_tag, "info-circle"
    )


@register.simple_tag(takes_context=True)
def may(context: Context, permission: str) -> bool:
    """Whether the person at the page may do something, so that no page offers what would be refused."""
    return can(context["request"].user, permission)


@register.simple_tag
def address(name: str, public_id: str) -> str:
    """The address of a page about one thing: as `url` gives it, for rows and forms of which a page has dozens."""
    kind, _line, letters = public_id.partition("_")
    before, after = _around(name, kind, get_urlconf(), get_script_prefix())
    return f"{before}{urlquote(letters)}{after}"


@lru_cache(maxsize=256)
def _around(name: str, kind: str, _urlconf: str | None, _prefix: str) -> tuple[str, str]:
    """What stands in an address before and after the letters of a public id."""
    before, after = reverse(name, args=[f"{kind}_{_LETTERS}"]).split(_LETTERS)
    return before, after


_LETTERS = "0" * TEXT_LENGTH


@register.simple_tag
def optional_url(name: str, *args: Any) -> str:
    """The address of a page, or "" when this installation does not have it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


# --- numbers ---------------------------------------------------------------------------------------------------------
@register.filter
def grouped(number: Any) -> str:
    """A whole number with thousands separated."""
    return "" if number is None else number_format(number, force_grouping=True)


@register.filter
def true_minus(shown: str) -> str:
    """A formatted number with a minus as wide as a plus, not a hyphen."""
    return shown.replace("-", "\u2212")


@register.filter
def unlocalize_number(number: Any) -> str:
    """A number as attributes of HTML want it."""
    return str(number or 0)


@register.simple_tag
def rate(count: int | None, total: int | None, few: int = TOO_FEW) -> SafeString:
    """A share with its denominator: "34 % of 112"; grey and "too few to judge" under 20."""
    if not total:
        return format_html('<span class="rate-few">{}</span>', _("none yet"))
    if total < few:
        words = _("%(count)s of %(total)s, too few to judge") % {"count": count, "total": total}
        return format_html('<span class="rate-few">{}</span>', words)
    share = f"{100 * (count or 0) / total:.0f}\u202f%"
    of = _("of %(total)s") % {"total": number_format(total, force_grouping=True)}
    return format_html('{} <span class="text-secondary">{}</span>', share, of)


@register.simple_tag
def delta(change: float | str | None, unit: str = "", good_when: str = "up") -> SafeString:
    """A change with a mark and a sign, never colour alone; `good_when` is up, down or neither."""
    if change is None or change == "":
        return mark_safe("")
    if isinstance(change, str):
        change = float(change)
    if change == 0:
        return format_html('<span class="delta delta-flat">{}</span>', _("no change"))
    rising = change > 0
    tone = "flat" if good_when == "neither" else "good" if rising == (good_when == "up") else "bad"
    change = int(change) if change == int(change) else change
    amount = number_format(abs(change), force_grouping=True)
    if unit:
        amount = "\u202f".join((unit, amount) if stands_before(unit) else (amount, unit))
    return format_html(
        '<span class="delta delta-{}"><span aria-hidden="true">{}</span><span class="reader">{}</span> {}</span>',
        tone,
        "▲" if rising else "▼",
        _("up") if rising else _("down"),
        amount,
    )


# --- time ------------------------------------------------------------------------------------------------------------
@register.simple_tag
def moment(at: datetime | None, now: datetime | None = None) -> SafeString:
    """An instant as people say it ("12 m ago", "in 3 h", "4 Mar 09:10"), exact with its zone on hover."""
    if at is None:
        return mark_safe("–")
    local = at.astimezone(timezone.get_current_timezone())
    away = at - (now or timezone.now())
    if abs(away) >= timedelta(days=1):
        text = f"{local:%-d %b %H:%M}" if abs(away) < timedelta(days=300) else f"{local:%-d %b %Y}"
    elif away > timedelta(0):
        text = _("in %(span)s") % {"span": duration_words(away)}
    else:
        text = _("%(span)s ago") % {"span": duration_words(away)}
    exact = f'datetime="{at.isoformat()}" title="{local:%a %-d %b %Y %H:%M:%S %Z}"'
    return mark_safe(f"<time {exact}>{escape(text)}</time>")  # noqa: S308 - instants need no escaping


@register.filter(expects_localtime=True)
def day_time(at: datetime | None) -> str:
    """An instant like "Sun 4 Mar 09:10"; empty without one."""
    return f"{at:%a %-d %b %H:%M}" if at else ""


@register.simple_tag
def instant(at: datetime) -> SafeString:
    """An instant as day and time, exact with its zone on hover."""
    local = timezone.localtime(at)
    exact = f'datetime="{local.isoformat()}" title="{local:%a %-d %b %Y %H:%M:%S %Z}"'
    return mark_safe(f'<time class="when" {exact}>{local:%-d %b %H:%M}</time>')  # noqa: S308 - needs no escaping


@register.simple_tag
def countdown(
    due: datetime | None,
    state: str = "",
    words: str = "",
    started: datetime | None = None,
    now: datetime | None = None,
    title: str = "",
) -> SafeString:
    """A deadline with shape, text and colour. A `state` of paused or met stands still; otherwise the browser ticks."""
    if due is None:
        return mark_safe("–")
    left = due - (now or timezone.now())
    state = state or countdown_state(left, due - started if started else None)
    span = duration_words(left)
    words = words or (_("late by %(span)s") if left < timedelta(0) else _("%(span)s left")) % {"span": span}
    is_ticking = state not in ("paused", "met")
    since = f' data-started="{started.isoformat()}"' if is_ticking and started else ""
    local = timezone.localtime(due)
    box, ticks = (" data-countdown-box", " data-countdown") if is_ticking else ("", "")
    mark = _icon(COUNTDOWN_ICONS.get(state, "clock"), "", "")
    exact = f'datetime="{local.isoformat()}" title="{escape(title or f"{local:%a %-d %b %Y %H:%M %Z}")}"'
    inside = f"{mark}<time {exact}{ticks}{since}>{escape(words)}</time>"  # a queue shows dozens: escaped where needed
    return mark_safe(f'<span class="countdown countdown-{escape(state)}"{box}>{inside}</span>')  # noqa: S308


# --- tables ----------------------------------------------------------------------------------------------------------
@register.simple_tag(takes_context=True)
def sort_header(context: Context, label: str, field: str, parameter: str = "sort", **options: str) -> SafeString:
    """A `<th>` whose link sorts by `field`, then the other way round; it drops the cursor of the old order."""
    query = context["request"].GET.copy()
    current = query.get(parameter, options.get("default", ""))
    falling, rising = current == f"-{field}", current == field
    query[parameter] = f"-{field}" if rising else field
    for stale in ("cursor", "after", "before"):
        query.pop(stale, None)
    mark = "chevron-down" if falling else "chevron-up" if rising else "selector"
    sorted_as = format_html(' aria-sort="{}"', "descending" if falling else "ascending") if falling or rising else ""
    return format_html(
        '<th scope="col" class="{}"{}><a href="?{}">{}{}</a></th>',
        options.get("class", ""),
        sorted_as,
        query.urlencode(),
        label,
        icon(mark, **{"class": "icon-sm"}),
    )


@register.filter
def plural(number: int, words: str) -> str:
    """ "3 leads": `words` is "lead,leads"."""
    one, many = words.split(",")
    return f"{number_format(number, force_grouping=True)} {ngettext(one, many, number)}"


# --- components with a body ------------------------------------------------------------------------------------------
def _render(name: str, values: dict[str, Any]) -> SafeString:
    return mark_safe(get_template(f"components/{name}.html").render(values).strip())  # noqa: S308 the template has escaped its values


@register.simple_block_tag
def page_header(
    content: str, title: str, lede: str = "", eyebrow: str = "", back_url: str = "", back_label: str = ""
) -> SafeString:
    """The one H1 of a page with its actions; the primary action comes first."""
    return _render(
        "page_header",
        {
            "slot": content,
            "title": title,
            "lede": lede,
            "eyebrow": eyebrow,
            "back_url": back_url,
            "back_label": back_label or _("Back"),
        },
    )


@register.simple_block_tag
def card(content: str, title: str = "", note: str = "", flush: bool = False, **options: str) -> SafeString:
    """A surface with a title; `id` is its anchor."""
    return _render("card", {"slot": content, "title": title, "note": note, "id": options.get("id", ""), "flush": flush})


@register.simple_block_tag
def data_table(content: str, label: str, stacked: bool = True, **options: str) -> SafeString:
    """A table; cells that hold nothing are marked, so that they step back, and cards on a phone leave them out."""
    marked = mark_safe(_NOTHING.sub(_mark_nothing, content))  # noqa: S308 - what the template rendered
    return _render(
        "data_table", {"slot": marked, "label": label, "stacked": stacked, "class": options.get("class", "")}
    )


def _mark_nothing(cell: re.Match[str]) -> str:
    attributes = cell["attributes"]
    if 'class="' in attributes:
        attributes = attributes.replace('class="', 'class="is-none ', 1)
    else:
        attributes = f'{attributes} class="is-none"'
    return f"<td{attributes}>{cell['inside']}</td>"


@register.simple_block_tag(takes_context=True)
def filter_bar(
    context: Context, content: str, label: str = "", active: int = 0, clear_url: str = "?", name: str = ""
) -> SafeString:
    """Filters of a list; on a phone two and more lie behind one button, and what is set stands beside it."""
    values = {"slot": content, "label": label or _("Filters"), "active": active, "clear_url": clear_url, "class": name}
    values["folds"] = content.count('class="field') > 1
    values["chips"] = _chips(content, context["request"].GET) if active and "request" in context else []
    return _render("filter_bar", values)


def _chips(fields: str, asked: QueryDict) -> list[tuple[SafeString, SafeString, str]]:
    """Of each filter that is set: what it is, what it is set to, and the address without it."""
    chips = []
    for field in _FIELD.finditer(fields):
        chosen = _CHOSEN.search(field["control"])
        if chosen and asked.get(field["name"]):
            without = asked.copy()
            for stale in (field["name"], "cursor", "after", "before"):
                without.pop(stale, None)
            words = mark_safe(chosen["words"] or chosen["typed"] or "")  # noqa: S308 - both were escaped when rendered
            chips.append((mark_safe(field["label"]), words, f"?{without.urlencode()}"))  # noqa: S308
    return chips


@register.simple_block_tag
def empty(content: str, title: str, text: str = "", icon: str = "inbox") -> SafeString:
    return _render("empty", {"slot": content, "title": title, "text": text, "icon": icon})


@register.simple_block_tag
def alert(content: str, tone: str = "info", title: str = "") -> SafeString:
    mark = message_icon("error" if tone == "danger" else tone)
    return _render("alert", {"slot": content, "tone": tone, "title": title, "icon": mark})


@register.simple_block_tag
def dialog(content: str, title: str, **options: str) -> SafeString:
    """A native dialog; it opens from any button with data-open-dialog="its id"."""
    return _render("dialog", {"slot": content, "id": options["id"], "title": title})


def drawn(markup: str) -> SafeString:
    """What the charts module wrote; it escapes every word it is given."""
    return mark_safe(markup)  # noqa: S308


# --- charts ----------------------------------------------------------------------------------------------------------
@register.simple_tag
def figure(chart: Chart, csv_url: str = "", heading: bool = True) -> SafeString:
    """A chart with its title and "Show as table"."""
    return _render("figure", {"chart": chart, "svg": drawn(chart.svg), "csv_url": csv_url, "heading": heading})


@register.simple_tag
def spark(chart: Chart) -> SafeString:
    """Only the drawing, for a cell of a table; its title and description are inside."""
    return drawn(chart.svg)


@register.simple_tag
def heat_table(table: Any) -> SafeString:
    return drawn(table.html)
