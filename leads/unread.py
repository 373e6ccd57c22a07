"""What of a submission could not be read: told to who sent it and who looks at it, and kept with the lead."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from leads.cleaning import AS_SENT, DATE_FACTS, clean
from leads.models import Lead, SubmissionBody, SubmissionOutcome
from revops.foundation.bulk import update_rows

BATCH = 1_000


def unread_facts(body: SubmissionBody | None) -> dict[str, str]:
    """By fact: why it could not be read and what to send instead. Empty once the body was erased."""
    if body is None or body.erased_at or not isinstance(body.payload, Mapping):
        return {}
    return clean(body.payload).problems


def keep_unread_facts() -> int:
    """Gives leads of a database that is older than `phone_as_sent` and its like what nobody could read, as it was sent.

    Where the fact is known by now nothing is added. Returns how many leads gained one; the second time, none. A
    transaction for each thousand submissions; memory stays flat.
    """
    changed, last = 0, None
    while True:
        bodies = SubmissionBody.objects.filter(erased_at__isnull=True, payload__isnull=False).order_by("pk")
        batch = list((bodies.filter(pk__gt=last) if last else bodies)[:BATCH])
        if not batch:
            return changed
        last = batch[-1].pk
        changed += _keep(batch)


def _keep(batch: list[SubmissionBody]) -> int:
    found = {body.pk: _as_sent(body) for body in batch}
    found = {pk: facts for pk, facts in found.items() if facts}
    decided = SubmissionOutcome.objects.filter(submission__in=found, lead__isnull=False).order_by("pk")
    of_lead: dict[UUID, dict[str, str]] = {}
    for submission, lead in dict(decided.values_list("submission_id", "lead_id")).items():
        of_lead.setdefault(lead, {}).update(found[submission])
    with transaction.atomic():
        leads = Lead.objects.select_for_update(of=("self",)).select_related("person", "account").filter(pk__in=of_lead)
        rows = [lead for lead in leads.order_by("pk") if _add(lead, of_lead[lead.pk])]
        update_rows(Lead, rows, ["attributes", "version"])
    return len(rows)


def _as_sent(body: SubmissionBody) -> dict[str, str]:
    """By fact, what was sent of it and could not be read."""
    facts = clean(body.payload) if isinstance(body.payload, Mapping) else None
    return {name: facts.attributes[f"{name}{AS_SENT}"] for name in facts.problems} if facts else {}


def _add(lead: Lead, sent: Mapping[str, str]) -> bool:
    """Puts beside the empty facts of a lead what was sent of them; whether it said anything new."""
    if lead.person.erased_at is not None:
        return False
    known = {
        "email": lead.person.email,
        "phone": lead.person.phone,
        "country": lead.person.country,
        "employees": lead.account.employees if lead.account else None,
        **{name: lead.attributes.get(name) for name in DATE_FACTS},
    }
    new = {f"{name}{AS_SENT}": text for name, text in sent.items() if not known.get(name)}
    new = {name: text for name, text in new.items() if name not in lead.attributes}
    lead.attributes = {**lead.attributes, **new}
    lead.version += bool(new)
    return bool(new)
