"""Opens and judges contests, and tells the judge, whoever asked, and whose work it is about."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from feedback import contests
from feedback.contests import Contested, ContestRequest, Judged, wrong_label
from feedback.models import Contest, ContestVerdict
from leads.models import Lead
from revops.foundation import outbox
from revops.foundation.models import OutboxMessage, User


def open_contest(request: ContestRequest, *, now: datetime) -> Contested:
    """Opens one contest and tells its judge."""
    with transaction.atomic():
        found = contests.open_contest(request, now=now)
        if found.contest is not None:
            outbox.enqueue([_opened(found.contest, now)])
        return found


def judge_contest(contest: Contest, user: User, *, is_upheld: bool, words: str, now: datetime) -> Judged:
    """Decides one contest and tells those whom it concerns."""
    with transaction.atomic():
        judged = contests.judge_contest(contest, user, is_upheld=is_upheld, words=words, now=now)
        if judged.verdict is not None:
            outbox.enqueue(_decided(contest, judged.verdict, now))
        return judged


def name_of(lead: Lead) -> str:
    """What people call a lead: its company, else the person."""
    return lead.account.name if lead.account else lead.person.name


def _opened(contest: Contest, now: datetime) -> OutboxMessage:
    judge = contest.judge
    words = _("%(who)s contests the %(about)s of %(lead)s: %(wrong)s. You decide until %(due)s.")
    text = words % {
        "who": contest.contested_by.name,
        "about": contest.get_about_display().lower(),
        "lead": name_of(contest.lead),
        "wrong": wrong_label(contest.about, contest.wrong).lower(),
        "due": date_format(contest.due_at.astimezone(ZoneInfo(judge.timezone)), "D j M, H:i"),
    }
    return _message("contest.opened", contest, judge.pk, text, now)


def _decided(contest: Contest, verdict: ContestVerdict, now: datetime) -> list[OutboxMessage]:
    words = (
        _("Upheld: the %(about)s of %(lead)s was contested, and %(judge)s agrees: %(words)s")
        if verdict.is_upheld
        else _("Dismissed: the %(about)s of %(lead)s was contested, and %(judge)s keeps it: %(words)s")
    )
    text = words % {
        "about": contest.get_about_display().lower(),
        "lead": name_of(contest.lead),
        "judge": verdict.judge.name,
        "words": verdict.words,
    }
    told = dict.fromkeys(filter(None, (contest.contested_by_id, contest.concerns_id)))
    return [_message("contest.decided", contest, pk, text, now) for pk in told if pk != verdict.judge_id]


def _message(kind: str, contest: Contest, user_id: UUID, text: str, now: datetime) -> OutboxMessage:
    return OutboxMessage(
        kind=kind,
        subject_kind="contest",
        subject_id=contest.pk,
        channel="in_app",
        recipient=str(user_id),
        created_at=now,
        payload={"text": text, "url": f"/contests/{contest.public_id}/"},
    )
