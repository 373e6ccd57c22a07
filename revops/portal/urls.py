"""The pages of the roof: one line per package, in the order of the navigation."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from revops.portal.api import reference
from revops.portal.home import home

PACKAGES = (
    "session",
    "queue",
    "merges",
    "lead_pages",
    "accounts",
    "search",
    "imports",
    "reviews",
    "rejections",
    "reasons",
    "talk_tracks",
    "sla_board",
    "contests",
    "agreement",
    "routing",
    "calendars",
    "absences",
    "overrides",
    "signal_kinds",
    "reason_marks",
    "promises",
    "rules",
    "sources",
    "campaigns",
    "assets",
    "spend",
    "submissions",
    "gate",
    "vetting",
    "people",
    "api_keys",
    "lead_forms",
    "consents",
    "hooks",
    "health",
    "privacy",
    "audit",
    "notice_list",
    "notification_settings",
    "outbox_page",
    "ladder",
)
"""Packages of this folder with a `urls` module; their addresses start at the root."""


def pages() -> list[URLPattern | URLResolver]:
    """The addresses of every package that is installed."""
    here = __name__.rpartition(".")[0]
    found = [f"{here}.{package}" for package in PACKAGES if find_spec(f"{here}.{package}")]
    return [path("", include(f"{name}.urls")) for name in found if find_spec(f"{name}.urls")]


urlpatterns = [
    path("", home, name="home"),
    path("docs/problems/", reference.problems, name="problems"),
    path("docs/problems/<slug:code>/", reference.problem, name="problem"),
    *pages(),
]
