"""A made-up past of any size, written by COPY and as columns: what backtest and rescoring are measured on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from django.db.models import Model

from leads.models import Lead, Person, Source
from revops.foundation.arrays import array_of
from revops.foundation.ids import new_ids
from scoring.backtest import run_backtest
from scoring.backtest.judging import forget_verdicts
from scoring.backtest.labels import label_columns
from scoring.backtest.packing import CHUNK, lead_id_codes, write_chunk
from scoring.backtest.store import store
from scoring.engine import FactFrame, SignalTable, TextColumn
from scoring.engine.frame import MISSING, NO_ACTS
from scoring.models import CaseChunk, LeadScore, Rulebook, ScoreDecision
from scoring.publishing import live_rulebook
from scoring.replay import replay_decisions
from scoring.rescoring import rescore_leads

_DAYS = (19_900, 20_400)
_TEXTS = {
    "person.title": [f"Title {number}" for number in range(400)] + ["VP Sales", "Head of Marketing"],
    "person.seniority": ["c_level", "vp", "director", "head", "manager", "staff", "student"],
    "person.function": ["sales", "marketing", "revops", "general", "it", "finance"],
    "person.purchasing_role": ["decision maker", "influencer", "budget holder", "user"],
    "person.country": ["US", "DE", "GB", "FR", "NL", "SE", "IN", "BR"],
    "account.industry": ["Software", "Manufacturing", "Logistics", "Retail", "Health", "Financial services"],
    "account.country": ["US", "DE", "GB", "FR"],
    "lead.country": ["US", "DE", "GB", "FR", "NL", "SE", "IN", "BR"],
    "lead.use_case": ["routing", "scoring", "reporting"],
    "lead.trigger_event": ["funding", "new head of sales", "merger"],
    "source.key": [f"source-{number}" for number in range(12)],
    "source.kind": ["inbound", "outbound", "partner"],
}
_FLAGS = (
    "person.has_email", "person.has_phone", "person.is_free_mail", "person.is_role_account", "person.do_not_contact",
    "account.is_known", "lead.need",
)  # fmt: skip
_KINDS = (
    "demo_request", "pricing_request", "contact_request", "content_download", "pricing_page_visit", "roi_calculator",
    "case_study_view", "product_page_visit", "webinar_attended", "repeat_enquiry", "blog_visit", "page_visit",
    "email_open", "email_click", "trial_started", "inbound_reply",
)  # fmt: skip
_ACTS_EACH = 6


def make_frame(n: int, chance: np.random.Generator) -> FactFrame:
    """Facts of `n` leads with about six acts each."""
    as_of = chance.integers(*_DAYS, n).astype(np.int32)
    numbers: dict[str, Any] = {name: chance.integers(0, 2, n) for name in _FLAGS}
    numbers["account.employees"] = np.where(chance.random(n) < 0.2, MISSING, chance.integers(1, 5000, n))
    numbers["lead.rejections"] = chance.integers(0, 2, n)
    for name in ("lead.timeline_on", "lead.contract_end_on", "lead.budget_on"):
        numbers[name] = np.where(chance.random(n) < 0.8, MISSING, as_of + chance.integers(-60, 300, n))
    texts = {
        name: TextColumn(chance.integers(-1, len(words), n).astype(np.int32), tuple(words))
        for name, words in _TEXTS.items()
    }
    lead = np.sort(chance.integers(0, n, n * _ACTS_EACH)).astype(np.int32)
    day = as_of[lead] - chance.integers(0, 120, len(lead)).astype(np.int32)
    order = np.lexsort((day, lead))
    kind = chance.integers(0, len(_KINDS), len(lead)).astype(np.int32)
    value = np.where(kind == _KINDS.index("webinar_attended"), chance.integers(0, 100, len(lead)), MISSING)
    acts = SignalTable(
        lead=lead[order], kind=kind[order], topic=chance.integers(0, 4, len(lead)).astype(np.int32)[order],
        day=day[order], quantity=chance.integers(1, 4, len(lead))[order], value=value[order],
        total=np.where(value == MISSING, 0, value)[order], who=np.zeros(len(lead), dtype=np.int32),
        kinds=_KINDS, topics=("", "pricing", "routing", "sla"),
    )  # fmt: skip
    return FactFrame(as_of, texts, numbers, acts, NO_ACTS)


def make_past(n: int, *, lead_ids: Any = None, is_past: bool = True) -> None:
    """`n` packed cases with believable labels; with `lead_ids` they are the running leads of these ids."""
    chance = np.random.default_rng(7)
    sources, reps = [str(one) for one in new_ids(12)], ["", *(str(one) for one in new_ids(50))]
    for start in range(0, n, CHUNK):
        size = min(CHUNK, n - start)
        frame = make_frame(size, chance)
        answer = chance.choice([0, 1, 2, 3], size, p=[0.1, 0.5, 0.35, 0.05])
        met = (answer == 1) & (chance.random(size) < 0.5)
        chances = met & (chance.random(size) < 0.5)
        result = np.where(chances, chance.integers(0, 3, size), 0)
        numbers = {
            "case": np.arange(start + 1, start + size + 1), "kind": np.full(size, 1 if is_past else 3),
            "on": frame.as_of.astype(np.int64), "answer": answer, "was_met": met, "has_opportunity": chances,
            "result": result, "was_shown": np.full(size, int(is_past)), "is_narrow": np.zeros(size),
            "pipeline": np.where(chances, chance.integers(100_000, 9_000_000, size), 0),
            "revenue": np.where(result == 1, chance.integers(100_000, 9_000_000, size), 0),
        }  # fmt: skip
        texts = {
            "source": (chance.integers(0, len(sources), size), sources),
            "rep": (chance.integers(0, len(reps), size), reps),
            "reason": (np.where(answer == 2, chance.integers(1, 4, size), 0), ["", "too_small", "no_budget", "later"]),
        }
        ids = np.zeros(2 * size, dtype=np.uint64) if lead_ids is None else lead_id_codes(lead_ids[start : start + size])
        write_chunk(CaseChunk(is_past=is_past, n=size), frame, label_columns(numbers, texts), ids)


def bent(number: int) -> dict[str, Any]:
    """The live rulebook with one number changed, as somebody types it."""
    definition: dict[str, Any] = Rulebook.objects.get(state="live").definition
    rules = [dict(rule) for rule in definition["rules"]]
    rules[number % len(rules)]["points"] = rules[number % len(rules)]["points"] + 1000 * (1 + number)
    return {**definition, "rules": rules}


def cold_backtest() -> float:
    """Seconds for the first exact question of a process that knows nothing yet."""
    store.forget()
    forget_verdicts()
    return _seconds(lambda: run_backtest(bent(1)))


def next_backtests(rounds: int = 5) -> float:
    """Seconds for a further exact question about another change: the median of some."""
    return sorted(_seconds(lambda number=number: run_backtest(bent(number))) for number in range(2, 2 + rounds))[
        rounds // 2
    ]


def same_backtest() -> float:
    """Seconds for a question asked again."""
    run_backtest(bent(2))
    return _seconds(lambda: run_backtest(bent(2)))


def quick_backtest() -> float:
    """Seconds for the first answer from a sample, in a process that knows nothing yet."""
    store.forget()
    forget_verdicts()
    return _seconds(lambda: run_backtest(bent(3), quick=True))


def grouped_sql(n: int) -> float:
    """Baseline: one grouped statement over a wide row for each case, four of the rules written out by hand."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('bench_cases')")
        if cursor.fetchone()[0] is None:
            cursor.execute(_WIDE, [n])
            cursor.execute("ANALYZE bench_cases")
        return _seconds(lambda: cursor.execute(_GROUPED))


def make_leads(n: int) -> None:
    """`n` running leads with a current score each, and their packed facts."""
    now, ids = datetime.now(UTC), new_ids(n)
    person = Person.objects.create(first_name="Ada", created_at=now, updated_at=now)
    source = Source.objects.order_by("pk")[0]
    moments = {"stage_at": now, "received_at": now, "occurred_at": now}
    lead = Lead.objects.create(person=person, source=source, stage="nurture", **moments)
    live = Rulebook.objects.get(state="live")
    decision = ScoreDecision.objects.create(
        lead=lead, rulebook=live, decided_at=now, as_of=now, cause_kind="bench", fit=0, intent=0, timing=0, tier=3,
        contributions=[], inputs={}, formula_version=1,
    )  # fmt: skip
    score = LeadScore.objects.create(
        lead=lead, decision=decision, rulebook=live, fit=0, intent=0, timing=0, tier=3, priority=0, decided_at=now
    )
    with transaction.atomic():
        _repeat(Person, person.pk, {"id"}, ids)
        _repeat(Lead, lead.pk, {"id", "person_id"}, ids)
        _repeat(LeadScore, score.pk, {"lead_id"}, ids)
    make_past(n, lead_ids=ids, is_past=False)


def _repeat(model: type[Model], pk: Any, own: set[str], ids: Sequence[UUID]) -> None:
    """Writes a row once more for each id, which takes the place of the `own` columns."""
    columns = [str(field.column) for field in model._meta.concrete_fields]
    values = ", ".join("fresh.id" if column in own else f"template.{column}" for column in columns)
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} template,"  # noqa: S608
            f" unnest(%s::uuid[]) AS fresh(id) WHERE template.{key} = %s",
            [array_of(ids), pk],
        )


def rescoring() -> float:
    """Leads a second that get a new score, all in one moment: packed facts, evaluation, COPY, indexes, swap."""
    now = datetime.now(UTC)
    began = time.perf_counter()
    done = rescore_leads(live_rulebook(), now=now).leads
    return done / (time.perf_counter() - began)


def wide_update() -> float:
    """Baseline: one statement that writes the same numbers into every row of a wide table of leads."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('bench_wide')")
        if cursor.fetchone()[0] is None:
            cursor.execute(
                "CREATE TABLE bench_wide AS SELECT lead.*, 0 AS fit, 0 AS intent, 0 AS timing, 0 AS tier,"
                " 0 AS priority, repeat('x', 300) AS more FROM leads_lead lead"
            )
            cursor.execute("CREATE UNIQUE INDEX bench_wide_key ON bench_wide (id)")
            cursor.execute("CREATE INDEX bench_wide_order ON bench_wide (tier, priority)")
        began = time.perf_counter()
        cursor.execute(
            "UPDATE bench_wide SET fit = score.fit, intent = score.intent, timing = score.timing, tier = score.tier,"
            " priority = score.priority FROM scoring_leadscore score WHERE score.lead_id = bench_wide.id"
        )
        return cursor.rowcount / (time.perf_counter() - began)


def replaying(n: int) -> float:
    """Stored decisions a second that are made again; raises if one differs."""
    began = time.perf_counter()
    replay = replay_decisions(n, seed=1)
    assert not replay.differences, replay.differences[:3]  # noqa: S101 - a figure of wrong answers would lie
    return replay.checked / (time.perf_counter() - began)


def _seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


_WIDE = """
CREATE TABLE bench_cases AS
SELECT number AS id, gen_random_uuid() AS lead_id, number %% 12 AS source, number %% 50 AS rep,
       (ARRAY['c_level','vp','manager','staff'])[1 + number %% 4] AS seniority, number %% 5000 AS employees,
       (ARRAY['US','DE','FR','IN'])[1 + number %% 4] AS country, number %% 7 AS demos, number %% 9 AS pricing,
       number %% 5 AS downloads, number %% 11 AS visits, (number::bigint * 7919) %% 4 AS answer,
       (number::bigint * 104729) %% 3 AS result,
       repeat('x', 300) AS inputs
  FROM generate_series(1, %s) AS number
"""
_GROUPED = """
SELECT source, was, becomes, count(*), count(*) FILTER (WHERE answer = 1), count(*) FILTER (WHERE result = 1)
  FROM (SELECT source, answer, result,
               12 * (seniority IN ('c_level', 'vp'))::int + 10 * (employees BETWEEN 50 AND 1000)::int
               + 30 * (demos > 3)::int + 12 * (pricing >= 2)::int >= 40 AS was,
               12 * (seniority IN ('c_level', 'vp'))::int + 6 * (employees BETWEEN 50 AND 1000)::int
               + 30 * (demos > 3)::int + 12 * (pricing >= 3)::int >= 40 AS becomes
          FROM bench_cases) judged
 GROUP BY 1, 2, 3
"""
