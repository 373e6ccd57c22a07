"""Requests about personal data: opened with a date by which to answer, answered once, erased by a job."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.models import Person, PrivacyRequest, RequestKind, RequestState
from leads.models.privacy import ANSWER_WITHIN
from leads.subjects import phone_of
from revops.foundation import jobs
from revops.foundation.erasing import Subject
from revops.foundation.models import Job, JobState, User
from revops.portal.back_office import note
from revops.portal.privacy.erasing import Erasure, erase_people
from revops.portal.privacy.holdings import subject_of

KIND = "erase_person"
LONGEST_AGO = 365


class RequestRefused(Exception):
    """This cannot be done with the request; the message says why, for people. `field` names what was wrong."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.field = field


def register() -> None:
    """Says who does jobs of this kind."""
    jobs.register(KIND, erase_for)


def open_request(
    kind: str, by: User, now: datetime, *, asked_on: date, person: Person | None = None, said: str = "",
    words: str = "", keeps_silence: bool = False,
) -> PrivacyRequest:  # fmt: skip
    """Writes down what somebody asks, and by when it must be answered. Raises RequestRefused.

    About a person, or about an address or number (`said`) that nobody has: what it sent may wait in quarantine.
    """
    today = timezone.localdate(now)
    if asked_on > today or (today - asked_on).days > LONGEST_AGO:
        raise RequestRefused(_("Write the day on which they asked: today, or in the year before."), "asked_on")
    if person is not None and person.merged_into_id is not None:
        person = person.merged_into
    if person is not None and person.erased_at is not None:
        raise RequestRefused(_("This person was erased already. There is nothing left to ask about."), "person")
    if person is None and "@" not in said and not phone_of(said):
        raise RequestRefused(_("Name the person, an e-mail address, or a number like +49 30 1234567."), "person")
    open_ = PrivacyRequest.objects.filter(state__in=[RequestState.OPEN, RequestState.ERASING], kind=kind)
    same = open_.filter(person=person) if person else open_.filter(person=None, asked_about__iexact=said.strip())
    if earlier := same.first():
        raise RequestRefused(
            _("They asked for this on %(day)s already: %(id)s.")
            % {"day": f"{earlier.asked_on:%-d %b %Y}", "id": earlier.public_id},
            "person",
        )
    with transaction.atomic():
        request = PrivacyRequest.objects.create(
            kind=kind, person=person, asked_about="" if person else said.strip()[:320], note=words.strip()[:1000],
            asked_on=asked_on, due_on=asked_on + ANSWER_WITHIN, opened_at=now, opened_by=by,
            keeps_silence=keeps_silence and kind == RequestKind.ERASE,
        )  # fmt: skip
        after = {"kind": kind, "due_on": request.due_on.isoformat()}
        note(by, "privacy_request.opened", request, now, after=after)
    return request


def refuse_request(request: PrivacyRequest, by: User, reason: str, now: datetime) -> None:
    """Closes a request without doing it, with the reason that they are told. Raises RequestRefused."""
    _close(request, by, reason, now, RequestState.REFUSED)


def close_request(request: PrivacyRequest, by: User, answer: str, now: datetime) -> None:
    """Closes a request that was answered by hand, like an export that was handed over. Raises RequestRefused."""
    _close(request, by, answer, now, RequestState.DONE)


def start_erasing(request: PrivacyRequest, by: User, now: datetime) -> Job:
    """Begins to erase, for good. A job that failed can be begun again. Raises RequestRefused."""
    if request.kind != RequestKind.ERASE:
        raise RequestRefused(_("They asked for a copy, not to be erased."))
    with transaction.atomic():
        job = jobs.start_job(KIND, {"request": str(request.pk)}, by, now)
        stopped = Job.objects.filter(state__in=[JobState.FAILED, JobState.CANCELLED]).values("pk")
        again = Q(state=RequestState.OPEN) | Q(state=RequestState.ERASING, job_id__in=stopped)
        if not PrivacyRequest.objects.filter(again, pk=request.pk).update(
            state=RequestState.ERASING, job_id=job.pk, version=F("version") + 1
        ):
            raise RequestRefused(_("Somebody was quicker: it is being erased, or was closed."))
        note(by, "privacy_request.erasing", request, now)
    return job


def subject_of_request(request: PrivacyRequest) -> Subject:
    """Everything that belongs to whoever a request is about."""
    return subject_of([request.person_id] if request.person_id else [], request.asked_about)


def erase_for(job: Job) -> dict[str, Any]:
    """Erases whoever a request is about, and closes it in the same transaction. Safe to run twice."""
    with transaction.atomic():
        asked = PrivacyRequest.objects.select_for_update(skip_locked=True, of=("self",))
        request = asked.filter(pk=UUID(job.params["request"])).first()
        if request is None:
            raise jobs.LeaseLost(str(job.pk))  # somebody else is at it
        if request.state != RequestState.ERASING:
            return {"counts": request.counts}
        now = timezone.now()
        done = erase_people(
            [request.person_id] if request.person_id else [], job.created_by, now, said=request.asked_about,
            cause=request.public_id, keeps_silence=request.keeps_silence,
        )  # fmt: skip
        counts = {**done.counts, **({"files": done.files} if done.files else {})}
        PrivacyRequest.objects.filter(pk=request.pk).update(
            state=RequestState.DONE, asked_about="", note="", closed_at=now, closed_by=job.created_by,
            answer=_words_of(done)[:500], counts=counts, version=F("version") + 1,
        )  # fmt: skip
        return {"counts": counts, "left": [f"{one.table}.{one.column}" for one in done.left]}


def _words_of(done: Erasure) -> str:
    rows = sum(done.counts.values())
    words = [ngettext("Erased: %(n)s row.", "Erased: %(n)s rows.", rows) % {"n": rows}]
    if done.files:
        words.append(ngettext("%(n)s file was written anew.", "%(n)s files were written anew.", done.files)
                     % {"n": done.files})  # fmt: skip
    taken = sum(one.rows for one in done.mentions if not one.is_left)
    if taken:
        words.append(ngettext("%(n)s text about others named them.", "%(n)s texts about others named them.", taken)
                     % {"n": taken})  # fmt: skip
    if done.left:
        where = ", ".join(f"{one.table}.{one.column} ({one.rows})" for one in done.left)
        words.append(_("Still named where nothing can be changed: %(where)s.") % {"where": where})
    else:
        words.append(_("A last look through every table found nothing more."))
    return " ".join(words)


def _close(request: PrivacyRequest, by: User, answer: str, now: datetime, state: RequestState) -> None:
    words = answer.strip()
    if not words:
        raise RequestRefused(_("Say what was answered. It stands beside the request for whoever asks later."), "answer")
    with transaction.atomic():
        closed = PrivacyRequest.objects.filter(pk=request.pk, state=RequestState.OPEN).update(
            state=state, closed_at=now, closed_by=by, answer=words[:500], asked_about="", note="",
            version=F("version") + 1,
        )  # fmt: skip
        if not closed:
            raise RequestRefused(_("Somebody was quicker: it is being erased, or was closed."))
        note(by, f"privacy_request.{state}", request, now)
