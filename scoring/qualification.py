"""Judges leads by the live rulebook: facts in, decisions stored, current scores brought up to date."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import orjson
from django.db import connection, transaction

from revops.foundation.arrays import array_of
from scoring.accounts import asks_about_accounts, mark_accounts, settle_accounts
from scoring.engine import FORMULA_VERSION, NEVER, Evaluation, date_of, evaluate, write_inputs
from scoring.facts import LoadedFacts, load_facts
from scoring.publishing import LiveRulebook, NoLiveRulebook, live_rulebook
from scoring.rules.definition import Axis

_PREVIOUS = """
SELECT asked.lead_id, score.decision_id, score.tier, decision.rulebook_id, decision.contributions,
       decision.disqualified_by, decision.evaluation_stage, decision.formula_version, override.tier
  FROM unnest(%s::uuid[]) AS asked(lead_id)
  LEFT JOIN scoring_leadscore score ON score.lead_id = asked.lead_id
  LEFT JOIN scoring_scoredecision decision ON decision.id = score.decision_id
  LEFT JOIN LATERAL (
       SELECT tier FROM scoring_tieroverride
        WHERE lead_id = asked.lead_id AND created_at <= %s AND expires_at > %s AND ended_at IS NULL
        ORDER BY created_at DESC LIMIT 1) override ON true
"""
_DECIDE = """
INSERT INTO scoring_scoredecision (lead_id, rulebook_id, decided_at, as_of, cause_kind, cause_id, fit, intent, timing,
                                   tier, disqualified_by, evaluation_stage, contributions, inputs, formula_version)
SELECT fresh.lead_id, %s, %s, fresh.as_of, %s, fresh.cause_id, fresh.fit, fresh.intent, fresh.timing, fresh.tier,
       fresh.disqualified_by, fresh.evaluation_stage, fresh.contributions, fresh.inputs, %s
  FROM json_to_recordset(%s::json)
       AS fresh(lead_id uuid, as_of timestamptz, cause_id text, fit int, intent int, timing int, tier smallint,
                disqualified_by text, evaluation_stage smallint, contributions int[], inputs jsonb)
RETURNING lead_id, id
"""
# The mark says that the lead's packed facts are out of date; it rides along, so that it costs no statement of its own.
_BRING_UP_TO_DATE = """
WITH marked AS (INSERT INTO scoring_casemark (lead_id) SELECT unnest(%s::uuid[]))
INSERT INTO scoring_leadscore (lead_id, decision_id, rulebook_id, fit, intent, timing, tier, priority, decided_at,
                               reevaluate_at)
SELECT fresh.lead_id, fresh.decision_id, %s, fresh.fit, fresh.intent, fresh.timing, fresh.tier, fresh.priority, %s,
       fresh.reevaluate_at
  FROM unnest(%s::uuid[], %s::bigint[], %s::int[], %s::int[], %s::int[], %s::smallint[], %s::int[], %s::timestamptz[])
       AS fresh(lead_id, decision_id, fit, intent, timing, tier, priority, reevaluate_at)
ON CONFLICT (lead_id) DO UPDATE
   SET decision_id = excluded.decision_id, rulebook_id = excluded.rulebook_id, fit = excluded.fit,
       intent = excluded.intent, timing = excluded.timing, tier = excluded.tier, priority = excluded.priority,
       decided_at = CASE WHEN scoring_leadscore.decision_id = excluded.decision_id THEN scoring_leadscore.decided_at
                         ELSE excluded.decided_at END,
       reevaluate_at = excluded.reevaluate_at, is_provisional = false, reasons = NULL
 WHERE scoring_leadscore.is_provisional
       OR (scoring_leadscore.decision_id, scoring_leadscore.reevaluate_at)
          IS DISTINCT FROM (excluded.decision_id, excluded.reevaluate_at)
"""
_PROVISIONAL = """
SELECT lead_id FROM scoring_leadscore WHERE is_provisional ORDER BY tier, priority DESC LIMIT %s
"""
_LEFT_BEHIND = """
SELECT lead.id
  FROM leads_lead lead
  JOIN scoring_rulebook live ON live.state = 'live'
  LEFT JOIN scoring_leadscore score ON score.lead_id = lead.id
 WHERE score.rulebook_id IS DISTINCT FROM live.id
       AND lead.stage NOT IN ('won', 'lost') AND lead.withdrawn_at IS NULL AND NOT lead.is_history
       AND NOT EXISTS (SELECT FROM leads_person WHERE id = lead.person_id AND erased_at IS NOT NULL)
 ORDER BY score.tier, score.priority DESC
 LIMIT %s
"""
_DUE = """
SELECT score.lead_id
  FROM scoring_leadscore score
  JOIN leads_lead lead ON lead.id = score.lead_id
 WHERE score.reevaluate_at <= %s AND lead.stage NOT IN ('won', 'lost') AND lead.withdrawn_at IS NULL
       AND NOT EXISTS (SELECT FROM leads_person WHERE id = lead.person_id AND erased_at IS NOT NULL)
 ORDER BY score.reevaluate_at, score.lead_id
 LIMIT %s
"""


QUIET_CAUSES = frozenset({"time", "rulebook", "history"})
"""Judging for these brings no news to other leads of the account."""


class Qualification(NamedTuple):
    """What the rulebook says about a lead now. Axes and priority are thousandths of a point.

    `changed` is False if an earlier decision still holds word for word (`decision_id` is then that one).
    `override_tier` is a person's word that is in force beside the derived tier, None if there is none.
    """

    lead_id: UUID
    tier: int
    previous_tier: int | None
    fit: int
    intent: int
    timing: int
    priority: int
    decision_id: int
    disqualified_by: str
    reevaluate_at: datetime | None
    changed: bool
    override_tier: int | None

    @property
    def acting_tier(self) -> int:
        """The tier that decides which team acts: a person's word while it is in force, else what the rules say."""
        return self.override_tier or self.tier


class _Previous(NamedTuple):
    decision_id: int | None
    tier: int | None
    rulebook_id: UUID | None
    contributions: list[int] | None
    disqualified_by: str | None
    evaluation_stage: int | None
    formula_version: int | None
    override_tier: int | None

    @classmethod
    def nothing(cls) -> _Previous:
        return cls(None, None, None, None, None, None, None, None)


class _Verdict(NamedTuple):
    """One lead's row of an evaluation as plain numbers."""

    lead_id: UUID
    fit: int
    intent: int
    timing: int
    tier: int
    priority: int
    disqualified_by: str
    evaluation_stage: int
    contributions: list[int]
    reevaluate_at: datetime | None


@transaction.atomic(savepoint=False)
def qualify_leads(
    lead_ids: Sequence[UUID],
    *,
    as_of: Mapping[UUID, datetime],
    now: datetime,
    cause_kind: str,
    cause_ids: Mapping[UUID, str] | None = None,
    unjudged: Collection[UUID] = (),
) -> list[Qualification]:
    """Judges leads by the live rulebook as of `as_of` (else `now`) and stores what was decided. Six queries.

    A decision is stored only if something differs from the one that counts. Those in `unjudged` are of this
    transaction: nobody can have judged them before. The leads stay locked until the transaction ends. Unknown leads are
    left out. While no rulebook is live nobody is judged; `left_behind` finds those leads once one is.
    """
    if not lead_ids:
        return []
    try:
        rulebook = live_rulebook()
    except NoLiveRulebook:
        return []
    loaded = load_facts(lead_ids, rulebook.compiled, as_of=as_of, now=now, lock=True)
    if not loaded.lead_ids:
        return []
    evaluation = evaluate(rulebook.compiled, loaded.frame)
    verdicts = _verdicts(rulebook, loaded, evaluation)
    previous = dict.fromkeys(unjudged, _Previous.nothing())
    previous |= _previous([lead_id for lead_id in loaded.lead_ids if lead_id not in previous], now)
    changed = [
        index
        for index, verdict in enumerate(verdicts)
        if not _still_holds(previous[verdict.lead_id], verdict, rulebook)
    ]
    decided = _store_decisions(rulebook, loaded, verdicts, changed, now, cause_kind, cause_ids or {})
    qualifications = [
        _qualification(verdict, previous[verdict.lead_id], decided.get(verdict.lead_id)) for verdict in verdicts
    ]
    _bring_up_to_date(rulebook, qualifications, now)
    if cause_kind not in QUIET_CAUSES and asks_about_accounts(rulebook.compiled):
        mark_accounts(loaded.lead_ids)
    return qualifications


def due_for_reevaluation(now: datetime, limit: int) -> list[UUID]:
    """Running leads whose points time or a colleague may have changed, the longest due first. Two statements."""
    settle_accounts(now)
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [now, limit])
        return [lead_id for (lead_id,) in cursor.fetchall()]


def left_behind(limit: int) -> list[UUID]:
    """Running leads whose decision by the live rulebook is still to be written: those that were rescored all at once,
    then those that an earlier rulebook judged last, or none; the most promising first. One or two queries.

    After a publication somebody qualifies these, batch by batch, until none is left.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PROVISIONAL, [limit])
        found = [lead_id for (lead_id,) in cursor.fetchall()]
        if len(found) < limit:
            cursor.execute(_LEFT_BEHIND, [limit - len(found)])
            found += [lead_id for (lead_id,) in cursor.fetchall()]
    return found


def _verdicts(rulebook: LiveRulebook, loaded: LoadedFacts, evaluation: Evaluation) -> list[_Verdict]:
    keys = [*(no.key for no in rulebook.compiled.definition.disqualifiers), ""]  # -1, nobody, is the last
    days = {day: _midnight(day) for day in set(evaluation.reevaluate_day.tolist())}
    return [
        _Verdict(lead_id, fit, intent, timing, tier, priority, keys[no], stage, points, None if past else days[day])
        for lead_id, fit, intent, timing, tier, priority, no, stage, points, day, past in zip(
            loaded.lead_ids,
            *(evaluation.axes[axis].tolist() for axis in (Axis.FIT, Axis.INTENT, Axis.TIMING)),
            evaluation.tier.tolist(),
            evaluation.priority.tolist(),
            evaluation.disqualified.tolist(),
            evaluation.stage.tolist(),
            evaluation.contributions.tolist(),
            evaluation.reevaluate_day.tolist(),
            loaded.is_history,
            strict=True,
        )
    ]


def _midnight(day: int) -> datetime | None:
    if day == NEVER:
        return None
    on = date_of(day)
    return datetime(on.year, on.month, on.day, tzinfo=UTC)


def _previous(lead_ids: Sequence[UUID], now: datetime) -> dict[UUID, _Previous]:
    if not lead_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_PREVIOUS, [array_of(lead_ids), now, now])
        return {lead_id: _Previous(*row) for lead_id, *row in cursor.fetchall()}


def _still_holds(earlier: _Previous, verdict: _Verdict, rulebook: LiveRulebook) -> bool:
    return (
        earlier.rulebook_id == rulebook.id
        and earlier.contributions == verdict.contributions
        and earlier.tier == verdict.tier
        and earlier.disqualified_by == verdict.disqualified_by
        and earlier.evaluation_stage == verdict.evaluation_stage
        and earlier.formula_version == FORMULA_VERSION
    )


def _store_decisions(
    rulebook: LiveRulebook,
    loaded: LoadedFacts,
    verdicts: list[_Verdict],
    changed: list[int],
    now: datetime,
    cause_kind: str,
    cause_ids: Mapping[UUID, str],
) -> dict[UUID, int]:
    if not changed:
        return {}
    inputs = write_inputs(rulebook.compiled, loaded.frame.take(changed))
    rows = [
        {
            **verdicts[index]._asdict(),
            "as_of": loaded.as_of[index],
            "cause_id": cause_ids.get(loaded.lead_ids[index], ""),
            "inputs": stored,
        }
        for index, stored in zip(changed, inputs, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _DECIDE,
            [
                rulebook.id,
                now,
                cause_kind,
                FORMULA_VERSION,
                orjson.dumps(rows).decode(),
            ],
        )
        return dict(cursor.fetchall())


def _qualification(verdict: _Verdict, earlier: _Previous, decision_id: int | None) -> Qualification:
    counting = decision_id or earlier.decision_id
    if counting is None:
        raise RuntimeError(f"Lead {verdict.lead_id} was judged, but its decision was not stored.")
    return Qualification(
        lead_id=verdict.lead_id,
        tier=verdict.tier,
        previous_tier=earlier.tier,
        fit=verdict.fit,
        intent=verdict.intent,
        timing=verdict.timing,
        priority=verdict.priority,
        decision_id=counting,
        disqualified_by=verdict.disqualified_by,
        reevaluate_at=verdict.reevaluate_at,
        changed=decision_id is not None,
        override_tier=earlier.override_tier,
    )


def _bring_up_to_date(rulebook: LiveRulebook, rows: list[Qualification], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _BRING_UP_TO_DATE,
            [
                array_of(row.lead_id for row in rows),
                rulebook.id,
                now,
                array_of(row.lead_id for row in rows),
                array_of(row.decision_id for row in rows),
                array_of(row.fit for row in rows),
                array_of(row.intent for row in rows),
                array_of(row.timing for row in rows),
                array_of(row.tier for row in rows),
                array_of(row.priority for row in rows),
                array_of(row.reevaluate_at for row in rows),
            ],
        )
