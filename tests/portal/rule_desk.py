"""The rule editor as a browser without scripts would use it: read the form, change it, press a button."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client

from scoring.models import Rulebook


class _Form(HTMLParser):
    """The successful controls of one form, by name."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.inside, self.fields = form_id, False, dict[str, list[str]]()
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.inside = given.get("id") == self.form_id
        if not (self.inside or given.get("form") == self.form_id or self._select):
            return
        name, kind = given.get("name") or "", given.get("type", "text")
        if tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select:
            self._options.append((given.get("value") or "", "selected" in given))
        elif tag == "textarea":
            self._textarea = name
            self.fields[name] = [""]
        elif tag == "input" and name and (kind not in ("checkbox", "radio") or "checked" in given):
            self.fields.setdefault(name, []).append(given.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.fields[self._textarea][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            chosen = [value for value, is_chosen in self._options if is_chosen] or [self._options[0][0]]
            self.fields[self._select] = chosen[:1]
            self._select = None
        if tag == "textarea":
            self._textarea = None
        if tag == "form":
            self.inside = False


def form_in(html: str, form_id: str = "rulebook-form") -> dict[str, list[str]]:
    """What a browser would send of this form."""
    reader = _Form(form_id)
    reader.feed(html)
    return reader.fields


def line_of(fields: dict[str, list[str]], key: str) -> str:
    """The prefix of the line of a rule, like `r3`."""
    return next(name.removesuffix(".key") for name, values in fields.items() if values == [key] and ".key" in name)


def typed(client: Client, version: int, act: str = "save", **changes: Any) -> dict[str, list[str]]:
    """The editor's form with changes. `pricing_twice__points="4"` is the points of that rule, None takes a name out."""
    fields = form_in(client.get(f"/rules/versions/{version}/edit/").content.decode())
    for name, value in changes.items():
        key, _, part = name.partition("__")
        full = f"{line_of(fields, key)}.{part}" if part else name
        full = full.replace("__", ".")
        fields.pop(full, None)
        if value is not None:
            fields[full] = value if isinstance(value, list) else [str(value)]
    return {**fields, "act": [act]}


def started(client: Client, **begin: str) -> Rulebook:
    """A new draft, from the live rules unless `begin` says otherwise."""
    answer = client.post("/rules/draft/", {"begin": "live", **begin})
    assert answer.status_code == 302, answer.content.decode()
    return Rulebook.objects.latest("version")


def saved(client: Client, book: Rulebook, act: str = "save", **changes: Any) -> Rulebook:
    """The draft after changes in the editor."""
    address = f"/rules/versions/{book.version}/edit/"
    answer = client.post(address, typed(client, book.version, act, **changes))
    assert answer.status_code == 302, answer.content.decode()
    return Rulebook.objects.get(pk=book.pk)


def proposed(client: Client, **changes: Any) -> Rulebook:
    """A draft in which a webinar counts less, or what `changes` say, and with a summary."""
    return saved(
        client, started(client), **{"summary": "Fewer points for a webinar.", "webinar__points": "4", **changes}
    )


def signed(book: Rulebook, *heads: Client) -> None:
    """The signatures of these people: sales first, then marketing."""
    for client, side in zip(heads, ("sales", "marketing"), strict=False):
        client.post(f"/rules/versions/{book.version}/sign/", {"side": side, "content_hash": book.content_hash})
