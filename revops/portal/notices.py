"""What the portal tells people and systems at each step of the journey: rows for the outbox."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from feedback.dispositions import Answered
from feedback.models import Disposition, GapAnswer, TalkTrack
from revops.foundation.bulk import new_rows
from revops.foundation.ids import encode
from revops.foundation.models import OutboxMessage, User
from revops.foundation.outbox import UNDO_WINDOW
from sla.models import HandOff
from sla.pool import Taken

ANSWER_KINDS = ("lead.accepted", "lead.rejected", "lead.returned_to_nurture")
_KIND_OF = {"accepted": ANSWER_KINDS[0], "rejected": ANSWER_KINDS[1], "returned": ANSWER_KINDS[2]}


def of_handoffs(handoffs: Iterable[HandOff]) -> list[OutboxMessage]:
    """Tells each owner of their new lead."""
    text = _("A new lead waits for you.")
    return new_rows(
        OutboxMessage,
        [
            {
                "kind": "lead.assigned",
                "subject_kind": "lead",
                "subject_id": handoff.lead_id,
                "channel": "in_app",
                "recipient": str(handoff.owner_id),
                "created_at": handoff.handed_off_at,
                "payload": {
                    "text": text,
                    "url": f"/leads/{encode('lead', handoff.lead_id)}/",
                    "handoff": handoff.public_id,
                },
            }
            for handoff in handoffs
            if handoff.owner_id is not None
        ],
    )


def of_answers(answered: Iterable[Answered], *, now: datetime) -> list[OutboxMessage]:
    """Tells subscribed systems of an answer, once it can no longer be undone silently."""
    return [
        OutboxMessage(
            kind=_KIND_OF[answer.answer.kind],
            subject_kind="lead",
            subject_id=answer.answer.lead_id,
            channel="webhook",
            created_at=now,
            available_at=now + UNDO_WINDOW,
            payload={"id": encode("lead", answer.answer.lead_id), "disposition": str(answer.disposition.pk)},
        )
        for answer in answered
        if answer.disposition is not None
    ]


def of_gap_answer(gap: Disposition, answer: GapAnswer, *, now: datetime) -> list[OutboxMessage]:
    """Tells whoever rejected a lead outside our criteria what became of their words."""
    if gap.user_id is None:
        return []
    words = _("%(answer)s: %(words)s") % {"answer": answer.get_kind_display(), "words": answer.words}
    return [_to_person("criteria_gap.answered", gap.lead_id, str(gap.user_id), now, words, gap.lead_id)]


def of_expired_tracks(tracks: Iterable[TalkTrack], *, now: datetime) -> list[OutboxMessage]:
    """Tells owners that their talk track is no longer shown."""
    words = _("Your talk track “%(name)s” has expired and is no longer shown. Read it again and give it a new date.")
    return [
        _to_person("talk_track.expired", track.pk, str(track.owner_id), now, words % {"name": track.name}, None)
        for track in tracks
    ]


def _to_person(
    kind: str, subject_id: UUID, recipient: str, now: datetime, text: str, lead_id: UUID | None
) -> OutboxMessage:
    url = f"/leads/{encode('lead', lead_id)}/" if lead_id else f"/talk-tracks/{subject_id}/"
    return OutboxMessage(
        kind=kind,
        subject_kind="lead" if lead_id else "talk_track",
        subject_id=subject_id,
        channel="in_app",
        recipient=recipient,
        created_at=now,
        payload={"text": text, "url": url},
    )


def of_taken(taken: Taken, user_id: UUID, *, now: datetime) -> list[OutboxMessage]:
    """Tells whoever had a lead that somebody else took it from the pool."""
    if taken.from_user_id is None:
        return []
    name = User.objects.values_list("name", flat=True).get(pk=user_id)
    return [
        OutboxMessage(
            kind="lead.offered",
            subject_kind="lead",
            subject_id=taken.lead_id,
            channel="in_app",
            recipient=str(taken.from_user_id),
            created_at=now,
            payload={"text": _("%(name)s took a lead of yours from the pool.") % {"name": name}, "url": "/queue/"},
        )
    ]
