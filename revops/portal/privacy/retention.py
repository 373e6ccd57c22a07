"""How long personal data is kept: each rule as data, what it would take tomorrow, and the job that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leads.erasing import HOLDINGS as LEADS
from leads.models import RetentionRule
from revops.foundation import jobs
from revops.foundation.erasing import ERASED, Subject, erase_holdings, erasing
from revops.foundation.models import Job, JobState, User
from revops.portal.back_office import note
from revops.portal.hooks.taking import forget_bodies, old_bodies
from revops.portal.privacy.erasing import erase_people
from revops.portal.vetting.working import forget_old, old_lists

KIND = "retention"
LEAST_DAYS, MOST_DAYS = 1, 3650
AT_ONCE = 500
MOST_ROUNDS = 2_000

Count = Callable[[datetime], int]
Act = Callable[[datetime, datetime], int]


@dataclass(frozen=True)
class Rule:
    """One kind of personal data. `count(before)` says how much is older, `act(before, now)` takes some of it."""

    code: str
    title: str | Promise
    sentence: str | Promise
    days: int
    is_active: bool
    count: Count
    act: Act


@dataclass(frozen=True, slots=True)
class Kept:
    """A rule as it stands: by default, or as somebody set it."""

    rule: Rule
    days: int
    is_active: bool
    row: RetentionRule | None

    @property
    def version(self) -> int:
        """0 as it ships; every change adds one."""
        return self.row.version if self.row else 0

    def before(self, at: datetime) -> datetime:
        """What is older than this goes."""
        return at - timedelta(days=self.days)


class ChangedMeanwhile(Exception):
    """Somebody else changed the rule since it was read."""


def register() -> None:
    """Says who does jobs of this kind."""
    jobs.register(KIND, keep_retention)


def rules_kept() -> list[Kept]:
    """Every rule as it stands. One query."""
    rows = {row.code: row for row in RetentionRule.objects.select_related("changed_by")}
    return [
        Kept(rule, row.days if row else rule.days, row.is_active if row else rule.is_active, row)
        for rule in RULES
        for row in [rows.get(rule.code)]
    ]


def set_rule(code: str, days: int, by: User, now: datetime, *, is_active: bool, version: int) -> None:
    """Changes how long something is kept; the ledger keeps both states. Raises ChangedMeanwhile."""
    (before,) = [kept for kept in rules_kept() if kept.rule.code == code]
    with transaction.atomic():
        row, is_new = RetentionRule.objects.select_for_update().get_or_create(
            code=code, defaults={"days": days, "is_active": is_active, "changed_at": now, "changed_by": by}
        )
        if not is_new:
            if row.version != version:
                raise ChangedMeanwhile
            row.days, row.is_active, row.changed_at, row.changed_by = days, is_active, now, by
            row.version += 1
            row.save()
        elif version:
            raise ChangedMeanwhile
        note(
            by, "retention.changed", row, now, cause=code,
            before={"rule": "", "days": before.days, "is_active": before.is_active},
            after={"rule": code, "days": days, "is_active": is_active},
        )  # fmt: skip


def next_run(now: datetime) -> datetime:
    """When the schedule runs next: each night at 2:20 UTC."""
    today = now.replace(hour=2, minute=20, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def preview(now: datetime) -> list[tuple[Kept, int]]:
    """What each rule would take at the next run, if it were on. A query or two a rule."""
    return [(kept, would_take(kept, now)) for kept in rules_kept()]


def would_take(kept: Kept, now: datetime, days: int | None = None) -> int:
    """What a rule would take at the next run, with the days it has or with others. One query or two."""
    span = timedelta(days=kept.days if days is None else days)
    return kept.rule.count(next_run(now) - span)


def start_retention(user: User | None, now: datetime) -> Job:
    """Begins a run, unless one is under way."""
    open_ = Job.objects.filter(kind=KIND, state__in=[JobState.WAITING, JobState.RUNNING]).first()
    return open_ or jobs.start_job(KIND, {}, user, now)


def keep_retention(job: Job) -> dict[str, Any]:
    """Takes what is too old, rule by rule, a batch a transaction. Answers how much, by rule."""
    taken: dict[str, int] = {}
    for kept in rules_kept():
        if not kept.is_active:
            continue
        before, code = kept.before(job.created_at), kept.rule.code
        for _round in range(MOST_ROUNDS):
            with transaction.atomic():
                n = kept.rule.act(before, timezone.now())
                taken[code] = taken.get(code, 0) + n
                jobs.advance(job, sum(taken.values()), {}, timezone.now())
            if not n:
                break
    return {"rules": taken}


def latest_runs(most: int = 10) -> list[Job]:
    return list(Job.objects.filter(kind=KIND).order_by("-created_at")[:most])


# --- what goes -------------------------------------------------------------------------------------------------------
_BODIES = tuple(
    one for one in LEADS if one.table in {"leads_submission", "leads_submissionbody", "leads_submissionoutcome"}
)
_STOPPED = """
SELECT sent.id FROM leads_submission sent
  JOIN leads_submissionbody body ON body.submission_id = sent.id AND body.erased_at IS NULL
 WHERE sent.received_at < %(before)s
   AND (SELECT kind FROM leads_submissionoutcome WHERE submission_id = sent.id ORDER BY id DESC LIMIT 1) = %(kind)s
"""
_IDLE = """
SELECT person.id FROM leads_person person
 WHERE person.erased_at IS NULL AND person.merged_into_id IS NULL AND person.created_at < %(before)s
   AND NOT EXISTS (
       SELECT FROM leads_lead lead
        WHERE lead.person_id = person.id
          AND (lead.stage IN ('handed_off', 'accepted', 'opportunity', 'won')
               OR greatest(lead.last_signal_at, lead.received_at) >= %(before)s))
   AND NOT EXISTS (
       SELECT FROM leads_privacyrequest asked
        WHERE asked.person_id = person.id AND asked.state IN ('open', 'erasing'))
"""
_MESSAGES = """
SELECT id FROM foundation_outboxmessage
 WHERE state IN ('delivered', 'failed', 'cancelled') AND created_at < %(before)s
   AND channel <> 'webhook' AND payload <> '{}'::jsonb
"""
_ROWS = """
SELECT mended.id FROM leads_importrowerror mended JOIN leads_importrun run ON run.id = mended.run_id
 WHERE run.created_at < %(before)s AND mended.original <> '[]'::jsonb
"""


def _counted(sql: str, **more: str) -> Count:
    def count(before: datetime) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({sql}) old", {"before": before, **more})  # noqa: S608
            return int(cursor.fetchone()[0])

    return count


def _some(sql: str, before: datetime, **more: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT {AT_ONCE}", {"before": before, **more})
        return [pk for (pk,) in cursor.fetchall()]


def _empty_bodies(kind: str) -> Act:
    def act(before: datetime, now: datetime) -> int:
        old: list[UUID] = _some(_STOPPED, before, kind=kind)
        with erasing():
            erase_holdings(_BODIES, Subject(submissions=tuple(old)), now)
        return len(old)

    return act


def _erase_idle(before: datetime, now: datetime) -> int:
    old: list[UUID] = _some(_IDLE, before)
    if old:
        erase_people(old, None, now, cause=KIND, sweeps=False)
    return len(old)


def _empty_messages(before: datetime, now: datetime) -> int:
    old = _some(_MESSAGES, before)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE foundation_notice SET text = %s WHERE message_id = ANY(%s::uuid[])", [ERASED, old])
        cursor.execute(
            "UPDATE foundation_outboxmessage SET payload = '{}'::jsonb, last_error = '',"
            " recipient = CASE WHEN channel = 'email' THEN '' ELSE recipient END WHERE id = ANY(%s::uuid[])",
            [old],
        )
    return len(old)


def _empty_rows(before: datetime, now: datetime) -> int:
    old = _some(_ROWS, before)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_importrowerror SET original = '[]'::jsonb, message = %s WHERE id = ANY(%s)", [ERASED, old]
        )
    return len(old)


RULES = (
    Rule("webhook_bodies", _("Posts of other systems"),
         _("What webhooks posted is emptied; what became of it stays."), 30, True, old_bodies, forget_bodies),
    Rule("vetted_lists", _("Vetted lists"),
         _("Lists that were judged and never imported are removed with what was found."), 7, True, old_lists,
         forget_old),
    Rule("refused_bodies", _("What was refused"),
         _("The words of refused submissions are emptied; the rule that refused them stays."), 90, False,
         _counted(_STOPPED, kind="refused"), _empty_bodies("refused")),
    Rule("quarantined_bodies", _("What waits in quarantine"),
         _("The words of submissions that nobody let in are emptied; then nobody can let them in any more."), 180,
         False, _counted(_STOPPED, kind="quarantined"), _empty_bodies("quarantined")),
    Rule("idle_people", _("People who did nothing"),
         _("Who did nothing for so long, and is no customer and not with sales, is erased as if they had asked."), 730,
         False, _counted(_IDLE), _erase_idle),
    Rule("import_rows", _("Rows of imports that needed mending"),
         _("The cells of these rows are emptied; which rule stopped which line stays."), 365, False,
         _counted(_ROWS), _empty_rows),
    Rule("messages", _("Mails and notices"),
         _("The text of mails and notices that left is emptied; that they left stays."), 365, False,
         _counted(_MESSAGES), _empty_messages),
)  # fmt: skip
"""Every rule, in the order of the page. Off where it could surprise; the days are what we would choose."""
