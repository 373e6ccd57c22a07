"""Lets submissions in: cleaned, judged at the gate, matched to people, attached to a lead or opened as a new one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from leads.acts import KINDS, Act, ActOnLead, acts_of, coming_back, record_acts
from leads.campaigns import Came, NewTouch, find_campaigns, keep_touches
from leads.cleaning import Facts, clean, one_line
from leads.gate import rules_of, rules_statement
from leads.hygiene import ActiveRule, judge
from leads.intake import Journalled
from leads.models import Campaign, Lead, LifecycleEvent, Person, Source, SubmissionOutcome
from leads.models.submissions import OutcomeKind
from leads.people import Enquiry, find_or_create_people
from revops.foundation.bulk import insert_missing, insert_values, new_rows, update_rows
from revops.foundation.reading import rows_of, rows_where, select_where
from revops.foundation.round_trips import fetch_together, one_round_trip

STOPPED_KINDS = {"quarantine": OutcomeKind.QUARANTINED, "refuse": OutcomeKind.REFUSED}


@dataclass(slots=True)
class Admission:
    """What became of one submission, and the acts it stands for.

    `lead` is None if it was stopped; `detail` then says why.
    """

    entry: Journalled
    facts: Facts
    outcome: str
    rule: str = ""
    detail: str = ""
    flags: tuple[str, ...] = ()
    lead: Lead | None = None
    acts: list[Act] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        """When the submission was received."""
        return self.entry.submission.received_at

    @property
    def history(self) -> dict[str, Any]:
        """What the sender says became of the lead; only history has this."""
        return (self.entry.item.payload or {}).get("history") or {}


def admit_people(entries: Sequence[Journalled], *, now: datetime, released: bool = False) -> list[Admission]:
    """Decides each journalled submission and writes its outcome, in order.

    `released` lets them pass the gate because a person said so; the outcome then replaces the quarantine.
    The number of queries does not grow with the number of submissions.
    """
    cleaned = [clean(entry.item.payload or {}) for entry in entries]
    found, gate, kinds = fetch_together(
        select_where(Source, "id = ANY(%s)", [list({entry.item.source_id for entry in entries})]),
        rules_statement([facts.email for facts in cleaned]),
        (KINDS, ()),
    )
    sources = {source.pk: source for source in rows_of(Source, found)}
    rules = rules_of(gate)
    admissions = [
        _judge(e, facts, rules, sources, released=released) for e, facts in zip(entries, cleaned, strict=True)
    ]
    welcome = [admission for admission in admissions if not admission.outcome]
    people = find_or_create_people(
        [Enquiry(a.facts, sources[a.entry.item.source_id].key, a.entry.item.external_id, a.flags) for a in welcome],
        now=now,
    )
    dated = _open_or_attach(welcome, people, now=now)
    acts = [act for admission in welcome for act in _acts_on_lead(admission)]
    with one_round_trip(max(len(acts), len(admissions))):
        _write_down(admissions, released=released, now=now)
        record_acts(acts, kinds=dict(kinds), dated=dated)
    return admissions


def _write_down(admissions: Sequence[Admission], *, released: bool, now: datetime) -> None:
    """The outcome of each submission, and the beginning of each new lead."""
    insert_values(
        SubmissionOutcome,
        [
            {
                "submission_id": admission.entry.submission.pk,
                "kind": admission.outcome,
                "replaces": OutcomeKind.QUARANTINED if released else "",
                "decided_at": now,
                "lead_id": admission.lead.pk if admission.lead else None,
                "rule": admission.rule,
                "detail": admission.detail[:500],
                "flags": list(admission.flags),
            }
            for admission in admissions
        ],
    )
    insert_values(
        LifecycleEvent,
        [
            {
                "lead_id": a.lead.pk,
                "from_stage": "",
                "to_stage": "new",
                "occurred_at": a.lead.occurred_at,
                "recorded_at": now,
                "cause_kind": "submission",
                "cause_id": a.entry.submission.receipt,
            }
            for a in admissions
            if a.lead is not None and a.outcome == OutcomeKind.NEW
        ],
    )


def _judge(
    entry: Journalled, facts: Facts, rules: Sequence[ActiveRule], sources: dict[UUID, Source], *, released: bool
) -> Admission:
    item = entry.item
    if item.payload is None or item.refusal:
        why = item.refusal or "This could not be read as a submission."
        return Admission(entry, facts, OutcomeKind.REFUSED, "unreadable", why)
    hold = item.payload.get("hold")
    if isinstance(hold, dict) and not released and not hold.get("after_gate"):
        why = one_line(hold.get("detail"), 500) or "The way in did not trust it."
        return Admission(entry, facts, OutcomeKind.QUARANTINED, one_line(hold.get("rule"), 64) or "held", why)
    if sources[item.source_id].is_refused(entry.submission.received_at) and not released:
        return Admission(entry, facts, OutcomeKind.QUARANTINED, "purchased", "Purchased lists are held by policy.")
    if sources[item.source_id].state == "stopped" and not released:
        return Admission(entry, facts, OutcomeKind.QUARANTINED, "source_stopped", "This source is stopped for now.")
    verdict = judge(facts, rules, has_external_id=bool(item.external_id), only_flags=item.is_history or released)
    kind = STOPPED_KINDS.get(verdict.action, "")
    if not kind and isinstance(hold, dict) and not released:
        why = one_line(hold.get("detail"), 500) or "It waits for its sender."
        return Admission(entry, facts, OutcomeKind.QUARANTINED, one_line(hold.get("rule"), 64) or "held", why)
    flags = ("purchased", *verdict.flags) if sources[item.source_id].kind == "purchased" else verdict.flags
    return Admission(entry, facts, kind, verdict.rule, verdict.detail, flags)


def _open_or_attach(admissions: Sequence[Admission], people: Sequence[Person], *, now: datetime) -> set[UUID]:
    """Gives every admission its lead: the person's open one, or a new one.

    Answers with the new leads: they know the time of their latest act.
    """
    if not admissions:
        return set()
    campaigns = find_campaigns([_came(admission) for admission in admissions], now=now)
    leads = {lead.person_id: lead for lead in _open_leads({person.pk for person in people})}
    created: list[Lead] = []
    touched: dict[UUID, Lead] = {}
    for admission, person, campaign in zip(admissions, people, campaigns, strict=True):
        lead = leads.get(person.pk)
        if lead is None:
            lead = leads[person.pk] = _new_lead(admission, person, campaign)
            created.append(lead)
            admission.outcome = OutcomeKind.NEW
        else:
            admission.outcome = OutcomeKind.ATTACHED
            _touch(lead, admission)
            touched[lead.pk] = lead
        admission.lead = lead
    fresh = {lead.pk for lead in created}
    for admission in admissions:
        admission.acts = acts_of(admission.entry.item, admission.at)
        if admission.lead is not None and admission.lead.pk in fresh:
            _date(admission.lead, admission.acts)
    lost = _insert_leads(created)
    for admission in admissions:
        if admission.lead is not None and admission.lead.pk in lost:
            admission.lead = lost[admission.lead.pk]
            admission.outcome = OutcomeKind.ATTACHED
        if admission.outcome == OutcomeKind.ATTACHED:
            admission.acts += coming_back(admission.entry.item, admission.at, admission.acts)
    known = [lead for pk, lead in touched.items() if pk not in fresh or pk in lost]
    if known:
        update_rows(Lead, known, ["need", "attributes", "last_touch", "account", "is_history", "received_at"])
    keep_touches([touch for pair in zip(admissions, campaigns, strict=True) if (touch := _touch_of(*pair))])
    return fresh - lost.keys()


def _open_leads(person_ids: Collection[UUID]) -> list[Lead]:
    """What `Lead.objects.open().shown()` finds of these people."""
    return rows_where(Lead, _OPEN_AND_SHOWN, [list(person_ids)])


_OPEN_AND_SHOWN = "person_id = ANY(%s) AND stage NOT IN ('won', 'lost') AND withdrawn_at IS NULL"


def _new_lead(admission: Admission, person: Person, campaign: Campaign | None) -> Lead:
    item, facts = admission.entry.item, admission.facts
    began = item.occurred_at if item.is_history else item.occurred_at or admission.at
    row = {
        "person_id": person.pk,
        "account_id": person.account_id,
        "source_id": item.source_id,
        "campaign_id": campaign.pk if campaign else None,
        "stage": "new",
        "stage_at": admission.at,
        "received_at": admission.at,
        "occurred_at": began,
        "is_history": item.is_history,
        "need": facts.need,
        "attributes": facts.attributes,
        "first_touch": facts.utm,
        "last_touch": facts.utm,
    }
    return new_rows(Lead, [row])[0]


def _date(lead: Lead, acts: Sequence[Act]) -> None:
    """A new lead is written with the time of its latest act: no second statement has to say it."""
    for act in acts:
        if act.occurred_at is not None:
            lead.last_signal_at = max(lead.last_signal_at or act.occurred_at, act.occurred_at)


def _acts_on_lead(admission: Admission) -> list[ActOnLead]:
    lead, entry = admission.lead, admission.entry
    if lead is None:
        return []
    return [
        ActOnLead(act, lead.pk, lead.person_id, entry.item.source_id, admission.at, entry.submission.pk)
        for act in admission.acts
    ]


def _touch(lead: Lead, admission: Admission) -> None:
    """A further submission of a known lead: newest facts win, nothing that was known is blanked."""
    facts = admission.facts
    lead.attributes = {**lead.attributes, **facts.attributes}
    lead.need = facts.need or lead.need
    lead.last_touch = facts.utm or lead.last_touch
    if lead.is_history and not admission.entry.item.is_history:
        lead.is_history = False
        lead.received_at = admission.at


def _insert_leads(created: list[Lead]) -> dict[UUID, Lead]:
    """Inserts new leads; answers with the open leads that others created in the same moment, by our lost id."""
    if not created:
        return {}
    inserted = insert_missing(Lead, sorted(created, key=lambda lead: lead.person_id))
    missed = {lead.person_id: lead.pk for lead in created if lead.pk not in inserted}
    if not missed:
        return {}
    return {missed[other.person_id]: other for other in _open_leads(missed)}


def _came(admission: Admission) -> Came:
    item, utm = admission.entry.item, admission.facts.utm
    return Came(item.source_id, item.campaign_key or utm.get("utm_campaign", "")[:120], utm)


def _touch_of(admission: Admission, campaign: Campaign | None) -> NewTouch | None:
    item, lead = admission.entry.item, admission.lead
    if lead is None or not admission.facts.utm:
        return None
    at = item.occurred_at if item.is_history else item.occurred_at or admission.at
    campaign_id = campaign.pk if campaign else None
    return NewTouch(lead.pk, item.source_id, campaign_id, admission.entry.submission.pk, at, admission.facts.utm)
