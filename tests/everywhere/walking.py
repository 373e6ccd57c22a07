"""Walks through the whole portal as each role by following links, as people do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from revops.foundation.models import Role, User

ROLES = (
    Role.ADMIN,
    Role.SALES_MANAGER,
    Role.MARKETING_MANAGER,
    Role.REP,
    Role.MARKETER,
    Role.EXECUTIVE,
)
NOT_OURS = ("/api/", "/static/", "/healthz/", "/accounts/logout/")
_LINK = re.compile(r'(?:href|hx-get)="([^"#][^"]*)"')


class Place(NamedTuple):
    """What somebody got to: a page, or a part of one, a file or a redirection (then not `is_page`).

    `complaint` says which link led nowhere; empty for all that answered.
    """

    name: str
    role: str
    url: str
    is_page: bool
    complaint: str = ""


def person_of(role: str) -> User:
    """The first active person of a role."""
    person = User.objects.filter(role=role, is_active=True).order_by("pk").first()
    assert person is not None, f"nobody is {role}"
    return person


def client_of(role: str) -> Client:
    """The first active person of a role, signed in."""
    client = Client()
    client.force_login(person_of(role), backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def walk(role: str, starts: Iterable[str] = ("/",), *, most: int = 2, known: Iterable[str] = ()) -> Iterator[Place]:
    """The pages a role gets to by links alone, `most` addresses of each pattern, none of those `known` by name."""
    client = client_of(role)
    seen = dict.fromkeys(known, most)
    queue = [(start, "the start") for start in starts]
    met = set(starts)
    while queue:
        url, comes_from = queue.pop(0)
        try:
            name = _name_of(url)
        except Resolver404:
            yield Place("", role, url, is_page=False, complaint=f"{comes_from} links to {url}, which nobody answers")
            continue
        if name is None or seen.get(name, 0) >= most:
            continue
        seen[name] = seen.get(name, 0) + 1
        answer = client.get(url)
        if answer.status_code >= 400 and name != "design-error":
            words = f"{comes_from} links {role} to {url}, which answers {answer.status_code}"
            yield Place(name, role, url, is_page=False, complaint=words)
            continue
        if answer.status_code in (301, 302):
            yield Place(name, role, url, is_page=False)
            targets = [answer["Location"]]
        elif answer.get("Content-Type", "").startswith("text/html"):
            text = answer.content.decode()
            yield Place(name, role, url, is_page="<html" in text)
            targets = [unescape(link) for link in _LINK.findall(text)]
        else:
            yield Place(name, role, url, is_page=False)
            continue
        for target in targets:
            address = urljoin(url, target)
            if not urlsplit(address).netloc and address.startswith("/") and address not in met:
                met.add(address)
                queue.append((address, url))


def _name_of(url: str) -> str | None:
    """The name of the pattern behind an address; None for what is no page of ours."""
    path = urlsplit(url).path
    if path.startswith(NOT_OURS):
        return None
    return resolve(path).view_name or None


def addresses() -> dict[str, bool]:
    """The names of all our address patterns, not those of libraries or of the API: does it answer a reader (GET)?"""
    return dict(_names(get_resolver().url_patterns, ""))


def _names(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, bool]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if f"/{route}".startswith((*NOT_OURS, "/accounts/")):
            continue
        if isinstance(pattern, URLResolver):
            yield from _names(pattern.url_patterns, route)
        elif pattern.name:
            yield pattern.name, "GET" in (_methods(pattern.callback) or {"GET"})


def _methods(view: Callable[..., Any], depth: int = 0) -> set[str] | None:
    """The methods that `require_POST` and its like allow; None when nothing is said."""
    for cell in getattr(view, "__closure__", None) or ():
        inside = cell.cell_contents
        if isinstance(inside, list) and inside and all(method in ("GET", "HEAD", "POST") for method in inside):
            return set(inside)
        if callable(inside) and depth < 6 and (found := _methods(inside, depth + 1)):
            return found
    return None
