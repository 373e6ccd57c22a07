"""The navigation as data: which pages exist, in which order, for whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from django.conf import settings
from django.urls import NoReverseMatch, get_urlconf, reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

SALES = frozenset({"rep", "sales_manager"})
MARKETING = frozenset({"marketer", "marketing_manager"})
MANAGERS = frozenset({"sales_manager", "marketing_manager", "executive"})
ADMIN = frozenset({"admin"})
EVERYONE = SALES | MARKETING | MANAGERS | ADMIN


@dataclass(frozen=True)
class Page:
    """One page of the rail. `keys` is the shortcut as typed, for example "g q"."""

    label: str | Promise
    url_name: str
    icon: str
    roles: frozenset[str]
    keys: str = ""


@dataclass(frozen=True)
class Group:
    """Pages that belong together under one small title."""

    title: str | Promise
    pages: tuple[Page, ...]


@dataclass(frozen=True)
class Link:
    """A page that this person may open, with its address."""

    label: str
    url: str
    icon: str
    keys: str
    is_current: bool


Groups: TypeAlias = tuple[tuple[str, tuple[Link, ...]], ...]
Addresses: TypeAlias = tuple[tuple[str, str], ...]


NAVIGATION = (
    Group(
        _("Work"),
        (
            Page(_("My queue"), "queue", "inbox", SALES | ADMIN, "g q"),
            Page(_("Leads"), "leads", "users", EVERYONE, "g l"),
            Page(_("Accounts"), "accounts", "building", EVERYONE, "g c"),
        ),
    ),
    Group(
        _("Learn"),
        (
            Page(_("Rejections"), "rejections", "thumb-down", EVERYONE - {"rep"}, "g r"),
            Page(_("Reasons"), "reasons", "list-details", EVERYONE - {"rep"}),
            Page(_("Rules"), "rules", "checklist", EVERYONE, "g u"),
            Page(_("Sources"), "sources", "route", MARKETING | MANAGERS | ADMIN, "g o"),
            Page(_("Campaigns"), "campaigns", "target-arrow", MARKETING | MANAGERS | ADMIN, "g m"),
        ),
    ),
    Group(
        _("Keep our word"),
        (
            Page(_("SLA board"), "sla-board", "scale", EVERYONE, "g s"),
            Page(_("Routing"), "routing", "arrows-split", EVERYONE, "g t"),
            Page(_("Absences"), "absences", "calendar", EVERYONE, "g a"),
            Page(_("Contests"), "contests", "hand-stop", EVERYONE, "g k"),
            Page(_("Weekly review"), "review", "calendar-week", EVERYONE, "g w"),
        ),
    ),
    Group(
        _("Run it"),
        (
            Page(_("Imports"), "imports", "database-import", MARKETING | ADMIN, "g i"),
            Page(_("Submissions"), "submissions", "list-details", MARKETING | MANAGERS | ADMIN, "g b"),
            Page(_("Duplicates"), "merges", "git-merge", MARKETING | MANAGERS | ADMIN, "g d"),
            Page(_("Hygiene rules"), "gate", "shield-check", MARKETING | MANAGERS - {"executive"} | ADMIN),
            Page(_("Vet a list"), "vetting", "zoom-question", MARKETING | MANAGERS - {"executive"} | ADMIN),
            Page(_("Forms"), "forms", "forms", MARKETING | ADMIN),
            Page(_("Webhooks in"), "hooks", "webhook", MARKETING | ADMIN),
            Page(_("Consents"), "consents", "signature", MARKETING | MANAGERS | ADMIN),
            Page(_("People"), "people", "users-group", MANAGERS | ADMIN, "g p"),
            Page(_("API keys"), "api-keys", "key", ADMIN),
            Page(_("Health"), "health", "heartbeat", ADMIN, "g h"),
            Page(_("Privacy"), "privacy", "lock", ADMIN),
            Page(_("Audit"), "audit", "history", MANAGERS | ADMIN),
        ),
    ),
)


def nav_for(user: Any, path: str = "") -> Groups:
    """The groups of links this person sees, in the fixed order; the page at `path` is marked as current.

    Pages whose url name does not resolve are left out. An anonymous visitor sees none. Made once for each role, page
    and language, for every page of the portal asks for it.
    """
    role = getattr(user, "role", None)
    if not getattr(user, "is_authenticated", False) or role is None:
        return ()
    addresses = _addresses(get_urlconf() or settings.ROOT_URLCONF)
    return _groups(role, _current_name(path, addresses), addresses, get_language())


@lru_cache(maxsize=512)
def _groups(role: str, current: str, addresses: Addresses, _language: str | None) -> Groups:
    groups = ((str(group.title), tuple(_links(group.pages, role, current, dict(addresses)))) for group in NAVIGATION)
    return tuple((title, links) for title, links in groups if links)


def _links(pages: Iterable[Page], role: str, current: str, addresses: Mapping[str, str]) -> Iterable[Link]:
    for page in pages:
        url = addresses.get(page.url_name)
        if url is not None and role in page.roles:
            yield Link(str(page.label), url, page.icon, page.keys, page.url_name == current)


def _current_name(path: str, addresses: Addresses) -> str:
    """The page whose address is the longest beginning of `path`."""
    found = [(len(url), name) for name, url in addresses if url != "/" and path.startswith(url)]
    return max(found, default=(0, ""))[1]


@lru_cache(maxsize=16)
def _addresses(_urlconf: str) -> Addresses:
    """(name, address) of each page that this installation has."""
    found = ((page.url_name, _resolve(page.url_name)) for group in NAVIGATION for page in group.pages)
    return tuple((name, url) for name, url in found if url is not None)


def _resolve(url_name: str) -> str | None:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return None
