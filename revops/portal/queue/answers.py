"""Takes an answer that was given on a page: only to what that page showed, and the same answer twice counts once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _

from feedback.dispositions import Answer
from feedback.evidence import in_words
from feedback.models import Disposition, DispositionKind
from feedback.second_look import SecondLook
from leads.models import Lead
from revops.foundation.ids import decode
from revops.portal import journey
from revops.portal.lead_pages.visibility import leads_for
from revops.portal.queue.tokens import Shown
from sla.handoffs import latest_handoffs
from sla.models import HandOff


@dataclass(frozen=True, slots=True)
class Given:
    """What became of an answer: its row, or why it does not count, with a code for the status of the page."""

    lead: Lead
    disposition: Disposition | None
    code: str = ""
    refusal: str = ""
    look: SecondLook | None = None

    @property
    def status(self) -> int:
        if self.disposition:
            return 200
        return 409 if self.code in ("stale", "lead_taken", "invalid_transition") else 422


def lead_shown(user: Any, public_id: str, shown: Shown | None) -> Lead:
    """The lead of a form: one the person may see, or was shown (it may have gone to a colleague since)."""
    try:
        pk = decode("lead", public_id)
    except ValueError:
        raise Http404 from None
    leads = Lead.objects.shown() if shown and shown.lead_id == pk else leads_for(user)
    lead = (
        leads.select_related("person", "account__owner", "account__dynamics", "source", "campaign", "owner__team")
        .filter(pk=pk)
        .first()
    )
    if lead is None:
        raise Http404
    return lead


def give_answer(lead: Lead, shown: Shown | None, answer: Answer, *, now: datetime) -> Given:
    """Records the answer unless the hand-off changed since it was shown."""
    handoff = latest_handoffs([lead.pk]).get(lead.pk)
    if shown is None or shown.lead_id != lead.pk:
        return Given(lead, None, "stale", _("This page is out of date. Look at the lead again, then answer."))
    if handoff is not None and handoff.version != shown.version:
        return _after_a_change(lead, handoff, answer, now)
    answered = journey.decide([replace(answer, decision_ms=shown.decision_ms(now))], now=now)[0]
    return Given(lead, answered.disposition, answered.code, answered.refusal, answered.look)


def take_back(lead_ids: Any, disposition_id: UUID, user: Any, *, now: datetime) -> Given:
    """Undoes one answer; undone twice by the same person counts once. 404 for a lead the person may not see."""
    row = (
        Disposition.objects.filter(pk=disposition_id, lead__in=lead_ids)
        .select_related("lead__person", "lead__account", "undone_by")
        .first()
    )
    if row is None:
        raise Http404
    earlier = getattr(row, "undone_by", None)
    if earlier is not None and earlier.user_id == user.pk:
        return Given(row.lead, earlier)
    undone = journey.undo([disposition_id], user.pk, now=now)[0]
    return Given(row.lead, undone.disposition, undone.code, undone.refusal)


def _after_a_change(lead: Lead, handoff: HandOff, answer: Answer, now: datetime) -> Given:
    """The card was out of date: a repeat of our own answer is fine, anything else is told in words."""
    same = Disposition.objects.filter(
        lead=lead, handoff=handoff, user_id=answer.user_id, kind=answer.kind, undone_by__isnull=True
    ).exclude(kind=DispositionKind.UNDONE)
    if answer.reason:
        same = same.filter(reason=answer.reason)
    repeated = same.order_by("-recorded_at").first()
    if repeated is not None:
        return Given(lead, repeated)
    return Given(lead, None, "stale", _what_changed(handoff, answer, now))


def _what_changed(handoff: HandOff, answer: Answer, now: datetime) -> str:
    if handoff.answered_by is not None and handoff.answered_at is not None:
        return _("%(who)s %(did)s this lead %(ago)s ago.") % {
            "who": handoff.answered_by.name,
            "did": handoff.get_state_display().lower(),
            "ago": in_words(max(now - handoff.answered_at, timedelta())),
        }
    if handoff.owner_id not in (None, answer.user_id):
        return _("This lead is with %(who)s now.") % {"who": handoff.owner.name if handoff.owner else ""}
    return _("This lead changed since you opened it. Look at it again, then answer.")
