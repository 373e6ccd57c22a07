"""Reads of the consent ledger for its pages and the API: entries, a person's standing, and who may see whose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, QueryDict
from django.utils.functional import Promise

from leads.consents import MailVerdict, Standing, mail_verdicts, standings
from leads.models import ConsentEvent, Person
from leads.models.consents import ConsentKind, ConsentPurpose
from revops.foundation.ids import decode
from revops.foundation.policy import visibility
from revops.portal.lead_pages.visibility import leads_for

FILTERS = ("q", "kind", "purpose")
TONES = {
    ConsentKind.GIVEN: ("good", "circle-check"),
    ConsentKind.ASKED: ("note", "hourglass"),
    ConsentKind.WITHDRAWN: ("bad", "ban"),
    ConsentKind.EXPIRED: ("warn", "clock"),
}


@dataclass(frozen=True, slots=True)
class PurposeRow:
    """How a person's consent to one purpose stands, and whether they may be mailed for it."""

    purpose: str
    label: str | Promise
    standing: Standing | None
    words: str | Promise
    tone: tuple[str, str]
    mail: MailVerdict


def events_for(user: Any) -> QuerySet[ConsentEvent]:
    """The entries about people whose leads the user may see."""
    events = ConsentEvent.objects.select_related("person", "source", "wording", "actor")
    if visibility(user, "lead") == "all":
        return events
    return events.filter(Exists(leads_for(user).filter(person=OuterRef("person"))))


def filtered(user: Any, asked: QueryDict) -> QuerySet[ConsentEvent]:
    """The entries that a filter asks for."""
    events = events_for(user)
    if words := asked.get("q", "").strip():
        about = Q(person__email=words) if "@" in words else Q(person__last_name__istartswith=words)
        events = events.filter(about)
    if asked.get("kind") in ConsentKind.values:
        events = events.filter(kind=asked["kind"])
    if asked.get("purpose") in ConsentPurpose.values:
        events = events.filter(purpose=asked["purpose"])
    return events


def person_or_404(user: Any, public_id: str) -> Person:
    """Somebody of whose leads the user may see one."""
    try:
        pk = decode("person", public_id)
    except ValueError:
        raise Http404 from None
    seen = leads_for(user).filter(person=OuterRef("pk"))
    person = Person.objects.filter(Exists(seen), pk=pk).first()
    if person is None:
        raise Http404
    return person


def purposes_of(person: Person, now: datetime) -> list[PurposeRow]:
    """A person's standing on every purpose. Three queries."""
    found = standings([person.pk], now=now)
    verdicts = mail_verdicts([person], ConsentPurpose.values, found)[person.pk]
    rows = []
    for purpose in ConsentPurpose:
        standing = found.get(person.pk, {}).get(purpose.value)
        kind = ConsentKind(standing.kind) if standing else None
        words, tone = (kind.label, TONES[kind]) if kind else ("", ("neutral", ""))
        rows.append(PurposeRow(purpose.value, purpose.label, standing, words, tone, verdicts[purpose.value]))
    return rows


def lines(events: QuerySet[ConsentEvent], *, shows_people: bool) -> Iterator[list[object]]:
    """Entries as rows of a file; address and proof only for who may see people."""
    for event in events.select_related("proof").iterator(chunk_size=2_000):
        proof = getattr(event, "proof", None) if shows_people else None
        yield [
            event.public_id, event.recorded_at.isoformat(), event.occurred_at.isoformat(), event.kind, event.purpose,
            event.channel, event.source.key if event.source else "", str(event.wording or ""),
            event.wording.text if event.wording else "", event.receipt,
            str(event.person.email or "") if shows_people else "", event.actor.name if event.actor else "",
            event.expires_at.isoformat() if event.expires_at else "",
            *(getattr(proof, name, "") for name in PROOF),
        ]  # fmt: skip


PROOF = ("network", "address_digest", "user_agent", "page", "note")
"""What is kept as proof, under the names of its columns."""
HEADER = ["id", "recorded_at", "occurred_at", "kind", "purpose", "channel", "source", "wording", "text", "receipt",
          "email", "recorded_by", "expires_at", *(f"proof_{name}" for name in PROOF)]  # fmt: skip
