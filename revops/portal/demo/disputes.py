"""What went wrong lately: steps of the ladder, contests and verdicts, stand-ins, how people want to be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from django.db import transaction

from feedback.contests import WRONGS, ContestRequest
from feedback.models import Disposition, DispositionKind
from revops.foundation import outbox
from revops.foundation.models import NoticePreference, NoticeSetting, User
from revops.portal.contests.acting import judge_contest, open_contest
from revops.portal.escalating import messages_of
from sla.escalation import escalate_due, save_backup
from sla.models import Clock, HandOff

LADDER_SINCE = timedelta(days=3)
STILL_NEWS = timedelta(days=1)
CONTESTS_SINCE = timedelta(days=35)
EACH_KIND = 5
_SAID = {
    "done_elsewhere": "I wrote from my phone before ten; the mail is in the thread.",
    "buyer_asked": "She asked for next Monday.",
    "arrived_incomplete": "The phone number came two hours later.",
    "met_criteria": "Three hundred people and a budget, as agreed.",
    "evidence_wrong": "The evidence names another company.",
    "not_an_interest": "They only read the paper about payroll.",
    "wrong_fact": "The size is that of the group, not of this company.",
    "other_owner": "This customer is in Sales Americas.",
    "was_absent": "I was on leave that day.",
}
_UPHELD = "Looked at the thread: that is right."
_DISMISSED = "Nothing of that can be seen here; it stays."


def escalate_lately(now: datetime) -> int:
    """Climbs the ladder hour by hour for what still waits, and tells what is news. Answers how many steps."""
    taken, at = 0, now - LADDER_SINCE
    while at <= now:
        with transaction.atomic():
            steps = [replace(step, late_by=None) for step in escalate_due(now=at)]
            if at > now - STILL_NEWS:
                outbox.enqueue(messages_of(steps, at) if steps else ())
        taken += len(steps)
        at += timedelta(hours=1)
    return taken


def contest_lately(now: datetime, rng: Random) -> int:
    """Contests of both teams: most decided, some still open, one of them late. Answers how many."""
    opened = 0
    for place, (request, at) in enumerate(_wanted(now, rng)):
        found = open_contest(request, now=at).contest
        if found is None:
            continue
        opened += 1
        decided_at = at + timedelta(hours=1 + place % 5)
        if place % 4 != 3 and decided_at < now:
            is_upheld = place % 3 != 1
            words = _UPHELD if is_upheld else _DISMISSED
            judge_contest(found, found.judge, is_upheld=is_upheld, words=words, now=decided_at)
    return opened


def _wanted(now: datetime, rng: Random) -> Iterator[tuple[ContestRequest, datetime]]:
    """What is contested, and when: soon after it happened, while somebody was at work."""
    since = now - CONTESTS_SINCE
    marketers = list(User.objects.filter(role__in=["marketer", "marketing_manager"], is_active=True).order_by("email"))
    late = Clock.objects.late(now).filter(side="sales", user__isnull=False, met_at__gte=since, met_at__lt=now)
    for clock in late.select_related("user").order_by("-met_at", "started_at")[: EACH_KIND * 8 : 8]:
        if clock.user is not None and clock.met_at is not None:
            yield _request("breach", clock, clock.user, rng, str(clock.pk)), clock.met_at + timedelta(minutes=20)
    rejections = Disposition.objects.filter(
        kind=DispositionKind.REJECTED, is_history=False, undone_by__isnull=True, decided_at__gte=since
    ).order_by("-decided_at", "lead__received_at")
    for place, row in enumerate(rejections[: EACH_KIND * 9 : 9]):
        at = row.recorded_at + timedelta(hours=2)
        if at < now:
            yield _request("rejection", row, marketers[place % len(marketers)], rng, str(row.pk)), at
    handoffs = HandOff.objects.filter(
        owner__isnull=False, state__in=["accepted", "open"], handed_off_at__gte=since, score_decision__isnull=False
    ).select_related("owner")
    for place, handoff in enumerate(handoffs.order_by("-handed_off_at", "qualified_at")[: EACH_KIND * 7 : 7]):
        at = handoff.handed_off_at + timedelta(hours=1)
        if handoff.owner is not None and at < now:
            yield _request(("score", "route")[place % 2], handoff, handoff.owner, rng), at


def _request(
    about: str, row: Clock | Disposition | HandOff, user: User, rng: Random, subject: str = ""
) -> ContestRequest:
    wrong = rng.choice(WRONGS[about])[0]
    return ContestRequest(about, row.lead_id, user, wrong, _SAID.get(wrong, ""), subject)


def settle_settings(users: Mapping[str, User], now: datetime) -> None:
    """A few people told the portal how they want to be told, and who stands in for them."""
    reps = [user for user in users.values() if user.role == "rep" and user.is_active]
    by_team: dict[object, list[User]] = {}
    for rep in sorted(reps, key=lambda one: one.email):
        by_team.setdefault(rep.team_id, []).append(rep)
    for team in by_team.values():
        if len(team) > 1:
            save_backup(team[0], team[1], now=now)
    for rep in reps[:2]:
        NoticePreference.objects.create(user=rep, most_an_hour=5, digest_hour=9, updated_at=now)
        NoticeSetting.objects.create(user=rep, kind="lead.assigned", channel="email", cadence="hourly")
