"""On what basis we hold a person's data, and who told us what: read from what was sent, word for word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from leads.models import ImportRun, Lead, PrivacyRequest, Submission, SubmissionOutcome
from leads.names import country_name
from revops.foundation.kept_queries import KeptQuery, blank

READ = 50
"""So many submissions of a lead are read, the earliest first: who said something first is its source."""
SHORTEST_NUMBER = 6


@dataclass(frozen=True, slots=True)
class Origin:
    """One fact about the person, and the submission that said it first (None: none of those kept did)."""

    label: str
    value: str
    submission: Submission | None


@dataclass(frozen=True, slots=True)
class Privacy:
    """`basis` in words; `basis_at` when it was given, if that is known. `requests` of the person, the newest first."""

    basis: str
    basis_at: datetime | None
    origins: list[Origin]
    do_not_contact: bool
    erased_at: datetime | None
    requests: list[PrivacyRequest]


def privacy_of(lead: Lead) -> Privacy:
    """The privacy box of a lead with person and account loaded. Three queries."""
    sent = [outcome.submission for outcome in _SENT.fetch(lead=lead.pk)]
    basis, at = _basis(sent)
    person = lead.person
    asked = _ASKED.fetch(person=person.pk)
    return Privacy(basis, at, _origins(lead, sent), person.do_not_contact, person.erased_at, asked)


_SENT = KeptQuery(
    SubmissionOutcome.objects.filter(lead=blank("lead"), kind__in=["new", "attached"])
    .select_related("submission__source", "submission__body")
    .order_by("submission__received_at", "pk")[:READ]
)
_ASKED = KeptQuery(PrivacyRequest.objects.filter(person=blank("person")).order_by("-pk")[:3])


def _basis(sent: Sequence[Submission]) -> tuple[str, datetime | None]:
    """The latest consent, else what an import stated, else that nobody stated one. One query."""
    runs = {run.job_id: run for run in ImportRun.objects.filter(job_id__in=[one.job_id for one in sent if one.job_id])}
    for one in reversed(sent):
        consent = _payload(one).get("consent")
        if isinstance(consent, Mapping) and consent.get("text"):
            words = _("Consent: “%(text)s”") % {"text": consent["text"]}
            return words, parse_datetime(str(consent.get("given_at") or "")) or one.received_at
    for one in reversed(sent):
        run = runs.get(one.job_id) if one.job_id else None
        if run is not None and run.legal_basis:
            return str(run.get_legal_basis_display()), one.received_at
    return _("None was stated with what they sent"), None


def _origins(lead: Lead, sent: Sequence[Submission]) -> list[Origin]:
    person, account = lead.person, lead.account
    facts = [
        (_("Name"), f"{person.first_name} {person.last_name}".strip()),
        (_("E-mail"), person.email or ""),
        (_("Phone"), person.phone or ""),
        (_("Title"), person.title),
        (_("Company"), account.name if account else ""),
        (_("Part in the decision"), person.purchasing_role),
    ]
    texts = [(one, set(_texts(_payload(one)))) for one in sent]
    origins = [Origin(label, value, _first(value, texts)) for label, value in facts if value]
    if person.country:  # sent as a name or as a code, and held as a code
        named = country_name(person.country)
        origins.append(Origin(_("Country"), named, _first(named, texts) or _first(person.country, texts)))
    return origins


def _first(value: str, texts: Iterable[tuple[Submission, set[str]]]) -> Submission | None:
    """The earliest submission that holds the value, or each word of it, or the end of a number."""
    wanted, words, digits = value.casefold(), set(value.casefold().split()), re.sub(r"\D", "", value)
    for one, said in texts:
        if wanted in said or words <= said:
            return one
        is_number = len(digits) >= SHORTEST_NUMBER and value.startswith("+")
        if is_number and any(digits.endswith(re.sub(r"\D", "", text)[-9:]) for text in said if _is_number(text)):
            return one
    return None


def _is_number(text: str) -> bool:
    return len(re.sub(r"\D", "", text)) >= SHORTEST_NUMBER


def _texts(value: Any) -> Iterable[str]:
    """All texts of a payload, whole and by word, folded."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str) and len(value) <= 300:
        yield value.casefold().strip()
        yield from value.casefold().split()


def _payload(one: Submission) -> Mapping[str, Any]:
    body = getattr(one, "body", None)
    return body.payload if body is not None and isinstance(body.payload, dict) else {}
