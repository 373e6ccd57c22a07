"""Runs a draft beside the live rulebook on live decisions for some days, and says what would have been different."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from revops.foundation.bulk import insert_values
from revops.foundation.models import User
from scoring.engine import CompiledRulebook, compile_rulebook
from scoring.engine.compiled import evaluate
from scoring.facts import load_facts
from scoring.models import Rulebook, RulebookState, ScoreDecision, ShadowDecision, ShadowEnd, ShadowRun
from scoring.rules import parse_rulebook

SHORTEST, LONGEST, USUAL = timedelta(days=1), timedelta(days=60), timedelta(days=14)
BATCH = 2_000
OVERLAP = 5_000
"""So many of the latest decisions are looked at again: one that was numbered earlier may commit later."""

_OPEN = (RulebookState.DRAFT, RulebookState.REVIEW, RulebookState.SCHEDULED)


class ShadowRefused(Exception):
    """The step is not possible now; the message says why."""


@dataclass(frozen=True, slots=True)
class ShadowLead:
    """One lead whose tier would have been another, by its latest judged decision."""

    lead_id: UUID
    decision_id: int
    decided_at: datetime
    tier: int
    shadow_tier: int
    points: int
    shadow_points: int
    source_id: UUID
    rep_id: UUID | None


@dataclass(frozen=True, slots=True)
class ShadowPart:
    """What would have changed for one rep or source. `id` is empty for leads that nobody has."""

    id: UUID | None
    name: str
    leads: int
    more: int
    fewer: int


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """What a draft would have changed so far, lead by lead (the latest decision of each counts).

    `more` are leads it would have handed off in addition, `fewer` those it would not have; `higher` and `lower` all
    changes of tier.
    """

    run: ShadowRun
    decisions: int
    leads: int
    more: int
    fewer: int
    higher: int
    lower: int
    by_rep: tuple[ShadowPart, ...]
    by_source: tuple[ShadowPart, ...]
    changed: tuple[ShadowLead, ...]

    def for_rep(self, user_id: UUID) -> ShadowPart | None:
        """What would have changed for you."""
        return next((part for part in self.by_rep if part.id == user_id), None)


@transaction.atomic
def start_shadow(rulebook: Rulebook, by: User, now: datetime, *, lasts: timedelta = USUAL) -> ShadowRun:
    """Lets a draft run beside the live rulebook from now on. It runs with its content of this moment."""
    book = Rulebook.objects.select_for_update(no_key=True).get(pk=rulebook.pk)
    if book.state not in _OPEN:
        words = _("Only a draft runs in the shadow; version %(version)d is none.")
        raise ShadowRefused(words % {"version": book.version})
    if not SHORTEST <= lasts <= LONGEST:
        raise ShadowRefused(
            _("A shadow run lasts %(least)d to %(most)d days.") % {"least": SHORTEST.days, "most": LONGEST.days}
        )
    if ShadowRun.objects.filter(rulebook=book, ended_at__isnull=True).exists():
        raise ShadowRefused(_("This draft runs in the shadow already."))
    latest = ScoreDecision.objects.order_by("-pk").values_list("pk", flat=True).first()
    return ShadowRun.objects.create(
        rulebook=book, content_hash=book.content_hash, definition=book.definition, started_by=by, started_at=now,
        ends_at=now + lasts, last_decision_id=latest or 0,
    )  # fmt: skip


@transaction.atomic
def end_shadow(run: ShadowRun, end: str, by: User | None, now: datetime, *, note: str = "") -> ShadowRun:
    """Ends a run: its draft is promoted (goes on to be signed) or dropped. What was recorded stays readable."""
    catch_up_shadows(now=now)
    ended = ShadowRun.objects.filter(pk=run.pk, ended_at__isnull=True).update(
        ended_at=now, ended_by=by, end=ShadowEnd(end), note=note.strip()[:500]
    )
    if not ended:
        raise ShadowRefused(_("This shadow run is over already."))
    run.refresh_from_db()
    return run


def running_shadows(now: datetime) -> list[ShadowRun]:
    """Runs that still judge: not ended by anybody, and their time is not over. One query."""
    return list(ShadowRun.objects.filter(ended_at__isnull=True, ends_at__gt=now).select_related("rulebook"))


def catch_up_shadows(*, now: datetime, limit: int = BATCH) -> int:
    """The sweep: judges the live decisions since the last time by every draft that runs. Returns how many verdicts.

    A decision is judged with the facts it was made from, as of its own moment, and every decision once.
    """
    written = 0
    for run in ShadowRun.objects.filter(ended_at__isnull=True):
        compiled = compile_rulebook(parse_rulebook(run.definition))
        while True:
            with transaction.atomic():
                count = _judge_next(run, compiled, now, limit)
            written += count
            if count < limit:
                break
    return written


def _judge_next(run: ShadowRun, compiled: CompiledRulebook, now: datetime, limit: int) -> int:
    locked = ShadowRun.objects.select_for_update(skip_locked=True).filter(pk=run.pk, ended_at__isnull=True).first()
    if locked is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [locked.last_decision_id - OVERLAP, locked.started_at, locked.ends_at, run.pk, limit])
        rows = cursor.fetchall()
    if not rows:
        return 0
    for layer in _one_per_lead(rows):
        _judge(locked, compiled, layer, now)
    ShadowRun.objects.filter(pk=run.pk).update(last_decision_id=max(locked.last_decision_id, *(row[0] for row in rows)))
    return len(rows)


def _one_per_lead(rows: Sequence[Any]) -> Iterable[list[Any]]:
    """The rows in parts in which no lead comes twice."""
    while rows:
        layer = {row[1]: row for row in reversed(rows)}
        yield list(layer.values())
        taken = {row[0] for row in layer.values()}
        rows = [row for row in rows if row[0] not in taken]


def _judge(run: ShadowRun, compiled: CompiledRulebook, rows: Sequence[Any], now: datetime) -> None:
    by_lead = {row[1]: row for row in rows}
    loaded = load_facts(list(by_lead), compiled, as_of={row[1]: row[2] for row in rows}, now=now)
    if not loaded.lead_ids:
        return
    found = evaluate(compiled, loaded.frame)
    verdicts = zip(loaded.lead_ids, found.tier.tolist(), found.priority.tolist(), strict=True)
    insert_values(
        ShadowDecision,
        [
            {
                "run_id": run.pk, "decision_id": by_lead[lead_id][0], "lead_id": lead_id,
                "decided_at": by_lead[lead_id][3], "tier": by_lead[lead_id][4], "points": by_lead[lead_id][5],
                "shadow_tier": tier, "shadow_points": points,
            }
            for lead_id, tier, points in verdicts
        ],
    )  # fmt: skip


def shadow_report(run: ShadowRun, *, limit: int = 50) -> ShadowReport:
    """What the draft would have changed so far; `changed` are the latest of those leads. Three queries."""
    with connection.cursor() as cursor:
        cursor.execute(_REPORT, [run.pk])
        rows = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM scoring_shadowdecision WHERE run_id = %s", [run.pk])
        (decisions,) = cursor.fetchone()
        cursor.execute(_CHANGED, [run.pk, limit])
        changed = tuple(ShadowLead(*row) for row in cursor.fetchall())
    by_rep = _parts((row[0], row[1], *row[4:7]) for row in rows)
    by_source = _parts((row[2], row[3], *row[4:7]) for row in rows)
    leads, more, fewer, higher, lower = (sum(row[place] for row in rows) for place in range(4, 9))
    return ShadowReport(run, decisions, leads, more, fewer, higher, lower, by_rep, by_source, changed)


def _parts(rows: Iterable[tuple[UUID | None, str | None, int, int, int]]) -> tuple[ShadowPart, ...]:
    sums: dict[tuple[UUID | None, str], list[int]] = {}
    for pk, name, *counts in rows:
        kept = sums.setdefault((pk, name or ""), [0, 0, 0])
        kept[:] = [one + other for one, other in zip(kept, counts, strict=True)]
    parts = [ShadowPart(pk, name, *counts) for (pk, name), counts in sums.items()]
    return tuple(sorted(parts, key=lambda part: (-part.more - part.fewer, part.name)))


_NEXT = """
SELECT decision.id, decision.lead_id, decision.as_of, decision.decided_at, decision.tier,
       2 * decision.intent + decision.fit + decision.timing
  FROM scoring_scoredecision decision
  JOIN leads_lead lead ON lead.id = decision.lead_id AND NOT lead.is_history AND lead.withdrawn_at IS NULL
 WHERE decision.id > %s AND decision.decided_at >= %s AND decision.decided_at < %s
       AND NOT EXISTS (SELECT FROM scoring_shadowdecision known
                        WHERE known.run_id = %s AND known.decision_id = decision.id)
 ORDER BY decision.id
 LIMIT %s
"""
_LATEST = """
WITH latest AS (
    SELECT DISTINCT ON (shadow.lead_id) shadow.*
      FROM scoring_shadowdecision shadow WHERE shadow.run_id = %s
     ORDER BY shadow.lead_id, shadow.decision_id DESC
)"""
_REPORT = f"""
{_LATEST}
SELECT lead.owner_id, rep.name, lead.source_id, source.name, count(*),
       count(*) FILTER (WHERE tier <> 1 AND shadow_tier = 1), count(*) FILTER (WHERE tier = 1 AND shadow_tier <> 1),
       count(*) FILTER (WHERE shadow_tier < tier), count(*) FILTER (WHERE shadow_tier > tier)
  FROM latest
  JOIN leads_lead lead ON lead.id = latest.lead_id
  JOIN leads_source source ON source.id = lead.source_id
  LEFT JOIN foundation_user rep ON rep.id = lead.owner_id
 GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - no values
_CHANGED = f"""
{_LATEST}
SELECT latest.lead_id, latest.decision_id, latest.decided_at, latest.tier, latest.shadow_tier, latest.points,
       latest.shadow_points, lead.source_id, lead.owner_id
  FROM latest JOIN leads_lead lead ON lead.id = latest.lead_id
 WHERE latest.tier <> latest.shadow_tier
 ORDER BY (latest.tier = 1) <> (latest.shadow_tier = 1) DESC, latest.decision_id DESC
 LIMIT %s
"""  # noqa: S608 - no values
