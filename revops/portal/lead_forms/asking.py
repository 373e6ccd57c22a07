"""Progressive profiling: the one fact worth asking a known person for next, each person once for each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from leads.intake import Item
from leads.models import Lead, LeadForm, ProfileAsk
from leads.models.submissions import Channel
from revops.foundation.ids import encode
from revops.portal.lead_forms.questions import QUESTIONS, Question
from revops.portal.lead_forms.visitors import identity_of, known_facts
from revops.portal.lead_forms.worth import order_of_worth

STILL_OPEN = timedelta(days=1)
"""For so long a reload shows the same question again; after that an unanswered one counts as left open."""


def next_question(lead_form: LeadForm, lead: Lead, now: datetime) -> Question | None:
    """The most valuable fact that nobody asked this person for yet; None if we know enough. Two queries at most."""
    asked = {ask.question: ask for ask in ProfileAsk.objects.filter(person=lead.person_id)}
    known = known_facts(lead)
    for name in order_of_worth():
        ask = asked.get(name)
        if known.get(name) or (ask is not None and not _is_open(ask, now)):
            continue
        if ask is None:
            ask = ProfileAsk(form=lead_form, person_id=lead.person_id, question=name, asked_at=now)
            ProfileAsk.objects.bulk_create([ask], ignore_conflicts=True)
        return QUESTIONS[name]
    return None


def _is_open(ask: ProfileAsk, now: datetime) -> bool:
    return ask.answered_at is None and ask.skipped_at is None and now - ask.asked_at < STILL_OPEN


def note_answers(person_id: UUID, answers: Mapping[str, Any], submission_id: UUID | None, now: datetime) -> None:
    """Writes down which of the questions that this person was asked were answered, and which were left open."""
    for ask in ProfileAsk.objects.filter(person=person_id, question__in=list(answers), answered_at__isnull=True):
        if answers[ask.question]:
            ask.answered_at, ask.skipped_at, ask.submission_id = now, None, submission_id
        else:
            ask.skipped_at = now
        ask.save(update_fields=["answered_at", "skipped_at", "submission_id"])


def answer_item(lead_form: LeadForm, lead: Lead, question: Question, value: Any, continued: UUID | None) -> Item:
    """The submission that an answer is: it adds a fact to the person, and is no further enquiry."""
    payload = {
        **identity_of(lead.person),
        question.name: value if isinstance(value, int) else str(value),
        "form": lead_form.slug,
        "continues": encode("sub", continued) if continued else lead.public_id,
    }
    once = sha256(f"{lead.person_id}{question.name}{payload[question.name]}".encode()).hexdigest()
    return Item(lead_form.source_id, Channel.FORM, payload, dedupe_key=once)
