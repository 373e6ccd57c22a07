"""Finds accounts where several people became active at once, and makes a task of each: once in a window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from leads.models import AccountTask, SurgeRule, Sweep, TaskState
from revops.foundation.ids import new_ids
from revops.foundation.models import User

SWEEP = "surges"
AGAIN = timedelta(minutes=2)
_FIRST_LOOK = timedelta(days=90)
MOST_TOPICS = 6


def surge_rule() -> SurgeRule:
    """The rule that counts: the newest, else what ships with the product. One query."""
    return SurgeRule.objects.order_by("-pk").first() or SurgeRule(set_at=datetime(1970, 1, 1, tzinfo=UTC))


def set_surge_rule(people: int, signals: int, days: int, by: User, *, now: datetime) -> SurgeRule:
    """A new rule; the ones before it stay readable."""
    return SurgeRule.objects.create(people=people, signals=signals, days=days, set_by=by, set_at=now)


@transaction.atomic
def find_surges(*, now: datetime) -> list[AccountTask]:
    """Tasks for accounts that surge since the last look, with their owners. Four statements.

    Only accounts with a signal since then are counted: ids of signals rise with time, so the look costs what is new.
    """
    Sweep.objects.get_or_create(name=SWEEP)
    mark = Sweep.objects.select_for_update(skip_locked=True).filter(name=SWEEP).first()
    if mark is None:
        return []
    rule = surge_rule()
    window = now - timedelta(days=rule.days)
    since = max(mark.reached_at - AGAIN if mark.reached_at else now - _FIRST_LOOK, window)
    with connection.cursor() as cursor:
        cursor.execute(
            _SURGES,
            {"since": _floor(since), "window": window, "now": now, "people": rule.people, "signals": rule.signals},
        )
        rows = cursor.fetchall()
    tasks = [
        AccountTask(
            id=pk, account_id=account, owner_id=owner, people=people, topics=topics[:MOST_TOPICS], signals=signals,
            window_from=window, opened_at=now,
        )
        for pk, (account, owner, people, topics, signals) in zip(new_ids(len(rows), now), rows, strict=True)
    ]  # fmt: skip
    AccountTask.objects.bulk_create(tasks, ignore_conflicts=True)
    mark.reached_at = now
    mark.save(update_fields=["reached_at"])
    return list(
        AccountTask.objects.filter(pk__in=[task.pk for task in tasks]).select_related("account", "owner").order_by("pk")
    )


def close_task(task: AccountTask, state: TaskState, note: str, by: User, *, now: datetime) -> bool:
    """Done, or dismissed with a reason. False if somebody was quicker."""
    rows = AccountTask.objects.filter(pk=task.pk, state=TaskState.OPEN)
    return bool(rows.update(state=state, note=note.strip()[:300], closed_at=now, closed_by=by))


def _floor(at: datetime) -> UUID:
    """The smallest id that a row of this instant can have."""
    return UUID(int=(int(at.timestamp() * 1000) << 80) | (0x7 << 76) | (0b10 << 62))


def task_people(tasks: Sequence[AccountTask]) -> set[UUID]:
    return {pk for task in tasks for pk in task.people}


_SURGES = """
WITH touched AS (
    SELECT DISTINCT lead.account_id
      FROM leads_signal signal
      JOIN leads_signalkind kind ON kind.id = signal.kind_id AND kind.strength IN ('hand_raise', 'high')
      JOIN leads_lead lead ON lead.id = signal.lead_id
     WHERE signal.id >= %(since)s AND signal.occurred_at BETWEEN %(window)s AND %(now)s
       AND lead.account_id IS NOT NULL AND NOT lead.is_history AND lead.withdrawn_at IS NULL
), acts AS (
    SELECT lead.account_id, coalesce(person.merged_into_id, person.id) AS person_id, signal.topic, signal.quantity
      FROM touched
      JOIN leads_lead lead ON lead.account_id = touched.account_id AND NOT lead.is_history
           AND (lead.withdrawn_at IS NULL OR lead.merged_into_id IS NOT NULL)
      JOIN leads_signal signal ON signal.lead_id = lead.id AND signal.occurred_at BETWEEN %(window)s AND %(now)s
      JOIN leads_signalkind kind ON kind.id = signal.kind_id AND kind.strength IN ('hand_raise', 'high')
      JOIN leads_person person ON person.id = signal.person_id
     WHERE NOT EXISTS (
           SELECT 1 FROM leads_accounttask task
            WHERE task.account_id = touched.account_id AND (task.state = 'open' OR task.opened_at > %(window)s))
), people AS (
    SELECT account_id, person_id, sum(quantity) AS n FROM acts GROUP BY 1, 2
), topics AS (
    SELECT account_id, topic, sum(quantity) AS n FROM acts WHERE topic <> '' GROUP BY 1, 2
)
SELECT account.id,
       coalesce(account.owner_id, (
           SELECT lead.owner_id FROM leads_lead lead
            WHERE lead.account_id = account.id AND lead.owner_id IS NOT NULL AND lead.withdrawn_at IS NULL
            ORDER BY lead.stage_at DESC LIMIT 1)),
       array_agg(people.person_id ORDER BY people.n DESC, people.person_id),
       coalesce((SELECT array_agg(topic ORDER BY n DESC, topic) FROM topics WHERE topics.account_id = account.id),
                ARRAY[]::text[]),
       sum(people.n)::int
  FROM people JOIN leads_account account ON account.id = people.account_id
 GROUP BY account.id, account.owner_id
HAVING count(*) >= %(people)s AND sum(people.n) >= %(signals)s
 ORDER BY sum(people.n) DESC, account.id
"""
