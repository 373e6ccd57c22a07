"""Talk tracks: which fits a lead, whether they were useful, and whose have expired."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from feedback.models import TalkTrack, TalkTrackVote
from revops.foundation.kept_queries import blank

_WEIGHTS = {"topic": 8, "industry": 4, "function": 2, "seniority": 1}
"""What makes a track fit better: the topic counts most, then how narrow the segment is."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Whom a talk track is for; empty text means not known. `topics`: what they looked at, the latest first."""

    industry: str = ""
    seniority: str = ""
    function: str = ""
    topics: tuple[str, ...] = ()


def tracks_in_use(today: date | blank) -> QuerySet[TalkTrack]:
    """Tracks that may be shown: switched on and not expired."""
    return TalkTrack.objects.filter(is_active=True, expires_on__gte=today)


def best_track(tracks: Iterable[TalkTrack], segment: Segment) -> TalkTrack | None:
    """The track that fits best: nothing it asks for is missing, and it asks for most. Pure."""
    fitting = [(_fit(track, segment), track) for track in tracks]
    found = [(fit, track) for fit, track in fitting if fit is not None]
    return max(found, key=lambda entry: (entry[0], entry[1].name), default=(None, None))[1]


def _fit(track: TalkTrack, segment: Segment) -> int | None:
    topics = {_plain(topic) for topic in segment.topics}
    known = {"industry": segment.industry, "seniority": segment.seniority, "function": segment.function}
    fit = 0
    for name, weight in _WEIGHTS.items():
        wanted = _plain(getattr(track, name))
        if not wanted:
            continue
        if wanted not in (topics if name == "topic" else {_plain(known[name])}):
            return None
        fit += weight
    return fit


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("_", " ").replace("-", " ").split())


def vote_on_track(track: TalkTrack, user_id: UUID, lead_id: UUID, is_useful: bool, *, now: datetime) -> None:
    """Notes whether a track helped with a lead; a second vote on the same lead replaces the first."""
    TalkTrackVote.objects.update_or_create(
        track=track, user_id=user_id, lead_id=lead_id, defaults={"is_useful": is_useful, "voted_at": now}
    )


def with_votes(tracks: QuerySet[TalkTrack]) -> QuerySet[TalkTrack]:
    """Adds `useful` and `useless`: how many leads each track helped with, and how many not."""
    return tracks.annotate(
        useful=Count("votes", filter=Q(votes__is_useful=True)), useless=Count("votes", filter=Q(votes__is_useful=False))
    )


def take_expired(*, now: datetime) -> Sequence[TalkTrack]:
    """Tracks that expired and whose owners were not told yet; from now on they were."""
    rows = TalkTrack.objects.filter(is_active=True, expires_on__lt=now.date(), told_at__isnull=True)
    expired = list(rows.select_for_update(of=("self",), skip_locked=True))
    TalkTrack.objects.filter(pk__in=[track.pk for track in expired]).update(told_at=now)
    return expired
