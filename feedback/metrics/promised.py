"""Count clauses whose promise is kept or broken lead by lead: one query each, like a metric.

Each promise has a moment at which it falls due and, once it is kept, one at which it was. So a count is judged like a
clock: kept in time, late, or still open; and it belongs to the week in which it falls due.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from feedback.metrics.cells import Question, answers
from feedback.metrics.periods import Week, runs
from feedback.models.changed_days import FactKind

KEPT, LATE, PENDING = "kept", "late", "pending"
FOLLOW_UP_WITHIN = timedelta(hours=24)
"""How soon after its acceptance a lead is tried, if not before."""
NURTURE_STARTS_WITHIN = timedelta(days=2)
"""How soon after the “no response” marketing begins to nurture."""

_LIVE = "NOT lead.is_history AND lead.withdrawn_at IS NULL"
_REJECTIONS = (
    "FROM feedback_disposition answer JOIN leads_lead lead ON lead.id = answer.lead_id"
    " WHERE answer.kind = 'rejected' AND NOT answer.is_history"
    f" AND NOT EXISTS (SELECT FROM feedback_disposition undo WHERE undo.undoes_id = answer.id) AND {_LIVE}"
)
_DECIDED = " AND answer.decided_at >= %(start)s AND answer.decided_at < %(end)s"
_COUNTS_AT = "CASE WHEN attempt.grade = 'C' THEN attempt.recorded_at ELSE attempt.occurred_at END"

COUNTED: dict[str, str] = {
    # Every lead sales accepted: an attempt by a person since the hand-off, at the latest a day after the answer.
    "follow_up": (
        "SELECT lead.id AS lead_id, handoff.answered_by_id AS user_id, handoff.answered_at + %(follow_up)s AS due_at,"
        f" (SELECT min({_COUNTS_AT}) FROM leads_attempt attempt WHERE attempt.lead_id = lead.id"
        "   AND attempt.occurred_at >= handoff.handed_off_at AND NOT attempt.is_automatic) AS done_at"
        " FROM sla_handoff handoff JOIN leads_lead lead ON lead.id = handoff.lead_id"
        " WHERE handoff.state = 'accepted' AND handoff.answered_at >= %(start)s - %(follow_up)s"
        f" AND handoff.answered_at < %(end)s - %(follow_up)s AND {_LIVE}"
    ),
    # Every rejection for no response: so many attempts by people, on two channels, came before.
    "attempts": (
        "SELECT lead.id AS lead_id, answer.user_id, answer.decided_at AS due_at, CASE WHEN ("
        "  SELECT count(*) >= %(attempts)s AND count(DISTINCT attempt.channel) >= 2 FROM leads_attempt attempt"
        "  WHERE attempt.lead_id = lead.id AND attempt.occurred_at <= answer.decided_at AND NOT attempt.is_automatic)"
        f" THEN answer.decided_at END AS done_at {_REJECTIONS}{_DECIDED} AND answer.reason_id = 'no_response'"
    ),
    # Every rejection: a reason and its evidence.
    "specific_reason": (
        "SELECT lead.id AS lead_id, answer.user_id, answer.decided_at AS due_at,"
        " CASE WHEN answer.reason_id IS NOT NULL AND answer.evidence <> '' THEN answer.decided_at END AS done_at"
        f" {_REJECTIONS}{_DECIDED}"
    ),
    # Whatever happened with a lead, a try or an outcome: it is written down within so many days.
    "outcome_updates": (
        "SELECT lead.id AS lead_id, fact.user_id, fact.occurred_at + %(current)s AS due_at,"
        " fact.recorded_at AS done_at FROM ("
        "  SELECT lead_id, user_id, occurred_at, recorded_at FROM leads_attempt WHERE NOT is_automatic"
        "   AND occurred_at >= %(start)s - %(current)s AND occurred_at < %(end)s - %(current)s"
        "  UNION ALL SELECT lead_id, recorded_by_id, occurred_at, recorded_at FROM feedback_outcome"
        "   WHERE NOT is_history AND occurred_at >= %(start)s - %(current)s AND occurred_at < %(end)s - %(current)s"
        f" ) fact JOIN leads_lead lead ON lead.id = fact.lead_id WHERE {_LIVE}"
    ),
    # Every “no response”: nurture begins in time and lasts, unless the lead comes back to sales before it is over.
    "nurture_unresponsive": (
        "SELECT lead.id AS lead_id, period.started_by_id AS user_id,"
        " COALESCE(period.until, answer.decided_at + %(begin)s) AS due_at,"
        " CASE WHEN back.at <= COALESCE(period.until, answer.decided_at + %(begin)s) THEN back.at"
        "  WHEN period.stopped_at IS NULL AND period.until <= %(now)s THEN period.until END AS done_at"
        " FROM feedback_disposition answer JOIN leads_lead lead ON lead.id = answer.lead_id"
        " LEFT JOIN feedback_nurtureperiod period ON period.disposition_id = answer.id"
        "  AND period.started_at <= answer.decided_at + %(begin)s"
        " LEFT JOIN LATERAL (SELECT min(handoff.handed_off_at) AS at FROM sla_handoff handoff"
        "  WHERE handoff.lead_id = lead.id AND handoff.handed_off_at > answer.decided_at"
        "  AND (period.stopped_at IS NULL OR handoff.handed_off_at <= period.stopped_at)) back ON true"
        " WHERE answer.kind = 'rejected' AND answer.reason_id = 'no_response' AND NOT answer.is_history"
        " AND (period.until >= %(start)s OR answer.decided_at >= %(start)s - %(begin)s) AND answer.decided_at < %(end)s"
        " AND NOT EXISTS (SELECT FROM feedback_disposition undo WHERE undo.undoes_id = answer.id)"
        f" AND {_LIVE}"
    ),
}
"""By code of the clause: rows of (lead_id, user_id, due_at, done_at); done_at is empty while it is not kept."""

_FACTS: dict[str, tuple[FactKind, str]] = {
    "follow_up": (FactKind.ANSWERS, "follow_up"),
    "attempts": (FactKind.DISPOSITIONS, ""),
    "specific_reason": (FactKind.DISPOSITIONS, ""),
    "outcome_updates": (FactKind.ACTS, "current"),
    "nurture_unresponsive": (FactKind.DISPOSITIONS, "longest_nurture"),
}
"""By code of the clause: the facts it reads, and the parameter that says how long they fall due after their day."""
LONGEST_NURTURE = timedelta(days=400)
"""Nobody promises more days of nurture than these."""

_VERDICT = (
    "CASE WHEN fact.done_at <= fact.due_at THEN 'kept'"
    " WHEN COALESCE(fact.done_at, %(now)s) > fact.due_at THEN 'late' ELSE 'pending' END"
)


@dataclass(frozen=True, slots=True)
class Item:
    """One promise of a count clause: about which lead (None: about none), whose, due when, and kept when."""

    code: str
    due_at: datetime
    done_at: datetime | None
    verdict: str
    lead_id: UUID | None = None
    user_id: UUID | None = None
    about: tuple[str, str] = ("", "")
    """What it is about if not a lead: ("review", "2026-W47"), ("finding", its id) or ("performance", "2026-11")."""


def verdict_of(due_at: datetime, done_at: datetime | None, now: datetime) -> str:
    """The comparison of the query, for promises that no query counts."""
    if done_at is not None and done_at <= due_at:
        return KEPT
    return LATE if (done_at or now) > due_at else PENDING


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the promises of one clause that fall due in one week, as of `at`.

    `worst` are the open ones that are overdue longest. Only time itself changes it before `until`; None: nothing does.
    """

    counts: Mapping[str, int]
    worst: Sequence[Item]
    at: datetime = field(compare=False)
    until: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether it is the same at `now`, if nobody did anything since."""
        return self.at <= now and (self.until is None or now < self.until)


def tallies_of(
    targets: Mapping[str, Decimal | None], first: Week, last: Week, now: datetime, most: int
) -> dict[str, dict[Week, Tally]]:
    """{code: {week: its promises}} of the clauses in `targets` (code: target of the clause), `most` worst ones each.

    One query, and one more for each clause and stretch of weeks that changed since they were last asked for.
    """
    wanted = [code for code in COUNTED if code in targets]
    told = answers([_question(code, targets[code], first, last, now, most) for code in wanted])
    return dict(zip(wanted, told, strict=True))


def _question(code: str, target: Decimal | None, first: Week, last: Week, now: datetime, most: int) -> Question[Week]:
    parameters = _parameters({code: target}, first.start, last.end, now)

    def ask(missing: list[Week]) -> dict[Week, Tally]:
        found: dict[Week, Tally] = {}
        for start, end in runs(missing):
            found |= _tallies(code, target, start, end, now, most)
        return found

    kind, reach = _FACTS[code]
    return Question(
        f"{COUNTED[code]}|{target}|{most}",
        kind,
        {week: week.period for week in first.until(last)},
        ask,
        (parameters[reach] if reach else timedelta(), timedelta()),
        lambda tally: tally.holds(now),
    )


def _tallies(code: str, target: Decimal | None, first: Week, last: Week, now: datetime, most: int) -> dict[Week, Tally]:
    monday = "date_trunc('week', due_at AT TIME ZONE %(zone)s)::date"
    sql = f"""
        WITH facts AS MATERIALIZED (SELECT {monday} AS week_on, every.* FROM ({_union([code])}) every),
        placed AS (
            SELECT *, row_number() OVER (PARTITION BY week_on ORDER BY due_at, lead_id) AS place FROM facts
            WHERE done_at IS NULL AND verdict = 'late'
        )
        SELECT week_on, count(*), code, min(due_at), NULL::timestamptz, verdict, NULL::uuid, NULL::uuid
        FROM facts GROUP BY week_on, code, verdict
        UNION ALL
        SELECT week_on, NULL, {_COLUMNS_OF_ITEM} FROM placed WHERE place <= %(most)s ORDER BY 2 NULLS LAST, 4, 7
    """
    counts: dict[Week, dict[str, int]] = {week: {} for week in first.until(last)}
    worst: dict[Week, list[Item]] = {week: [] for week in counts}
    until: dict[Week, datetime] = {}
    parameters = _parameters({code: target}, first.start, last.end, now) | {"zone": str(last.zone), "most": most}
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        for week_on, n, *item in cursor.fetchall():
            week, verdict = Week(week_on, last.zone), item[3]
            if n is None:
                worst[week].append(Item(*item))
                continue
            counts[week][verdict] = n
            if verdict == PENDING:
                until[week] = item[1]
    return {week: Tally(counts[week], worst[week], now, until.get(week)) for week in counts}


def items_of(
    code: str, target: Decimal | None, start: datetime, end: datetime, now: datetime, verdict: str = ""
) -> list[Item]:
    """The promises behind a number, by when they fell due; `verdict` is kept, late, pending or empty. One query."""
    where = "" if not verdict else " WHERE verdict = %(verdict)s"
    sql = f"SELECT {_COLUMNS_OF_ITEM} FROM ({_union([code])}) facts{where} ORDER BY due_at, lead_id"
    return _read(sql, _parameters({code: target}, start, end, now) | {"verdict": verdict})


_COLUMNS_OF_ITEM = "code, due_at, done_at, verdict, lead_id, user_id"


def _union(codes: Iterable[str]) -> str:
    """All promises of some clauses that fall due in the period, with their verdicts."""
    return " UNION ALL ".join(
        f"SELECT '{code}' AS code, fact.lead_id, fact.user_id, fact.due_at, fact.done_at, {_VERDICT} AS verdict"
        f" FROM ({COUNTED[code]}) fact WHERE fact.due_at >= %(start)s AND fact.due_at < %(end)s"
        for code in codes
    )


def _read(sql: str, parameters: Mapping[str, Any]) -> list[Item]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [Item(*row) for row in cursor.fetchall()]


def _parameters(targets: Mapping[str, Decimal | None], start: datetime, end: datetime, now: datetime) -> dict[str, Any]:
    return {
        "start": start,
        "end": end,
        "now": now,
        "follow_up": FOLLOW_UP_WITHIN,
        "begin": NURTURE_STARTS_WITHIN,
        "attempts": int(targets.get("attempts") or 6),
        "current": timedelta(days=float(targets.get("outcome_updates") or 2)),
        "longest_nurture": LONGEST_NURTURE,
    }


def lead_ids_of(items: Iterable[Item]) -> Collection[UUID]:
    """The leads that some promises are about."""
    return {item.lead_id for item in items if item.lead_id is not None}
