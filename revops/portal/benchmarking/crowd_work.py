"""What became of a crowd: every fourth lead was handed off, answered and tried, some were won; the newest wait."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from feedback.models import Disposition, Outcome, ReasonCode
from leads.models import Attempt, Lead, LifecycleEvent, Signal
from revops.foundation.models import User
from revops.portal.benchmarking.crowd import copy_rows, judged_lead, mark, received, unasked
from sla.models import Assignment, Clause, Clock, HandOff

EVERY = 4
WAITING = 2_000
"""So many of the newest hand-offs are still open; a quarter of a small crowd."""
EVENTS_OF_ONE = 10_000
"""Acts of the lead whose page is measured."""
_READY = {
    "title": "VP Sales", "country": "DE", "employees": "300", "industry": "Software", "act": "demo_request",
    "need": "We need routing this quarter", "phone": "+493012345678",
}  # fmt: skip
_STATE = "CASE WHEN mod(n, 10) < 4 THEN 'rejected' WHEN mod(n, 10) = 9 THEN 'returned' ELSE 'accepted' END"
_BECAME = (
    "CASE WHEN mod(n, 10) < 4 THEN 'rejected' WHEN mod(n, 10) = 9 THEN 'nurture' WHEN mod(n, 30) = 4 THEN 'won'"
    " WHEN mod(n, 30) = 5 THEN 'lost' WHEN mod(n, 30) IN (14, 15, 24) THEN 'opportunity' ELSE 'accepted' END"
)


def work_through(leads: int, reps: list[User], *, now: datetime) -> Lead:
    """Lets `reps` work through a crowd of so many leads. Returns the lead with the longest history."""
    count = leads // EVERY
    answered = count - min(WAITING, count // 4)
    whose = mark("cc", f"{EVERY} * n")
    owner = _one_of([rep.pk for rep in reps], "uuid")
    at = received(leads, now).replace("- n)", f"- {EVERY} * n)") + " + interval '5 minutes'"
    with unasked():
        model = judged_lead(_READY, now)
        _hand_off(model, count, answered, whose, owner, at)
        _answer(answered, whose, owner, at)
        _become(answered, whose, at)
        _restage(answered)
        longest = _one_long_history(count, now)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("RESET statement_timeout")
    return longest


def _one_of(values: list[Any], kind: str, number: str = "n") -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"(ARRAY[{listed}]::{kind}[])[1 + mod({number}, {len(values)})]"


def _hand_off(model: Lead, count: int, answered: int, whose: str, owner: str, at: str) -> None:
    """Hand-offs with who got them, and a clock of each side."""
    like = HandOff.objects.get(lead=model)
    is_answered = f"n <= {answered}"
    copy_rows(
        HandOff, count, like, id=mark("ee"), lead_id=whose, number="1", tier="1", priority="1000 * mod(n * 7919, 100)",
        qualified_at=at, handed_off_at=at, due_at=f"{at} + interval '4 hours'", owner_id=owner, unrouted_reason="''",
        state=f"CASE WHEN {is_answered} THEN {_STATE} ELSE 'open' END",
        answered_at=f"CASE WHEN {is_answered} THEN {at} + interval '2 hours' END",
        answered_by_id=f"CASE WHEN {is_answered} THEN {owner} END", score_decision_id="NULL",
    )  # fmt: skip
    copy_rows(
        Assignment, count, Assignment.objects.filter(handoff=like)[0], handoff_id=mark("ee"), user_id=owner,
        assigned_at=at,
    )  # fmt: skip
    copy_rows(
        LifecycleEvent, count, lead_id=whose, from_stage="'new'", to_stage="'handed_off'", occurred_at=at,
        recorded_at=at, cause_kind="'submission'",
    )  # fmt: skip
    for code, number, late in (("details_within", "f1", "false"), ("first_contact", "f2", "mod(n, 12) = 0")):
        clause = Clause.objects.get(agreement__state="live", code=code)
        met = f"{at} + CASE WHEN {late} THEN interval '6 hours' ELSE interval '40 minutes' END"
        is_met = is_answered if code == "first_contact" else "true"
        copy_rows(
            Clock, count, id=mark(number), clause_id=str(clause.pk), lead_id=whose, handoff_id=mark("ee"),
            side=f"'{clause.side}'", user_id=owner if clause.side == "sales" else "NULL", started_at=at,
            due_at=f"{at} + interval '4 hours'", warn_at=f"{at} + interval '3 hours'",
            met_at=f"CASE WHEN {is_met} THEN {met} END", met_by_kind=f"CASE WHEN {is_met} THEN 'attempt' ELSE '' END",
        )  # fmt: skip


def _answer(answered: int, whose: str, owner: str, at: str) -> None:
    """Answers with their reasons, and one or two attempts."""
    reasons = list(ReasonCode.objects.order_by("pk").values_list("pk", flat=True))
    rejected, done = "mod(n, 10) < 4", f"{at} + interval '2 hours'"
    copy_rows(
        Disposition, answered, id=mark("a1"), lead_id=whose, handoff_id=mark("ee"), kind=_STATE, user_id=owner,
        reason_id=f"CASE WHEN {rejected} THEN {_one_of(reasons, 'text', '(n * 31 + n / 97)')} END",
        evidence=f"CASE WHEN {rejected} THEN 'They said so' ELSE '' END", decided_at=done, recorded_at=done,
        decision_ms="4000 + mod(n, 5000)",
    )  # fmt: skip
    for number, mark_of in (("1", "a2"), ("2", "a3")):
        tried = f"{at} + interval '40 minutes' * {number}"
        copy_rows(
            Attempt, answered, id=mark(mark_of), lead_id=whose, user_id=owner, channel="'call'",
            result="CASE WHEN mod(n, 3) = 0 THEN 'contact' ELSE 'no_answer' END", occurred_at=tried, recorded_at=tried,
        )  # fmt: skip
    copy_rows(
        LifecycleEvent, answered, lead_id=whose, from_stage="'handed_off'", to_stage=_BECAME, occurred_at=done,
        recorded_at=done, cause_kind="'disposition'",
    )  # fmt: skip


def _become(answered: int, whose: str, at: str) -> None:
    """Opportunities, deals won and lost: a sixth, a thirtieth and a thirtieth of those answered."""
    amount = "5000 + mod(n * 37, 20000)"
    for kind, number, rest, later in (
        ("opportunity", "b1", "(4, 5, 14, 15, 24)", "9 days"), ("won", "b2", "(4)", "40 days"),
        ("lost", "b3", "(5)", "40 days"),
    ):  # fmt: skip
        when = f"{at} + interval '{later}'"
        copy_rows(
            Outcome, answered, where=f"mod(n, 30) IN {rest} AND {when} < now()", id=mark(number), lead_id=whose,
            kind=f"'{kind}'", occurred_at=when, recorded_at=when, amount=amount, currency="'EUR'",
            reason="'Price'" if kind == "lost" else "''",
        )  # fmt: skip


def _restage(answered: int) -> None:
    """Moves the leads to where their answers led them, and makes them tier 1."""
    number = f"('x' || right(lead.id::text, 12))::bit(48)::bigint / {EVERY}"
    ours = "lead.id >= '00000000-0000-7000-80cc-000000000000' AND lead.id < '00000000-0000-7000-80cd-000000000000'"
    handed = f"mod(('x' || right(lead.id::text, 12))::bit(48)::bigint, {EVERY}) = 0"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE leads_lead lead SET owner_id = handoff.owner_id, stage_at = handoff.handed_off_at,"  # noqa: S608
            f" stage = CASE WHEN n > {answered} THEN 'handed_off' ELSE {_BECAME} END"
            f" FROM (SELECT lead.id, {number} AS n FROM leads_lead lead WHERE {ours} AND {handed}) numbered,"
            " sla_handoff handoff WHERE numbered.id = lead.id AND handoff.lead_id = lead.id AND handoff.number = 1"
        )
        for table in ("scoring_scoredecision", "scoring_leadscore"):
            cursor.execute(
                f"UPDATE {table} judged SET tier = 1 FROM sla_handoff handoff"  # noqa: S608
                " WHERE handoff.lead_id = judged.lead_id AND judged.tier <> 1"
            )


def _one_long_history(count: int, now: datetime) -> Lead:
    """The newest lead that waits did ten thousand things."""
    lead = HandOff.objects.get(pk=f"00000000-0000-7000-80ee-{count:012x}").lead
    like = Signal.objects.filter(lead=lead).latest("occurred_at")
    at = f"'{now.isoformat()}'::timestamptz - interval '7 minutes' * n"
    copy_rows(Signal, EVENTS_OF_ONE, like, id=mark("d1"), occurred_at=at, received_at=at)
    return lead
