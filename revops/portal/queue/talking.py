"""What a card offers to say: the talk track that fits, and the facts an opener is built from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from feedback.models import TalkTrack, TalkTrackVote
from feedback.talk_tracks import Segment, best_track, tracks_in_use
from leads.models import Lead, Signal
from revops.foundation.kept_queries import KeptQuery, blank
from revops.portal.queue.talk_track import TalkFacts

WORTH_SAYING = (("hand_raise", "high"), ("medium",))
"""Which acts a rep may mention, best first; nobody likes to hear that they opened an e-mail."""


def track_for(lead: Lead, signals: Sequence[Signal], user: Any, now: datetime) -> TalkTrack | None:
    """The talk track in use that fits best, with this person's vote. One query."""
    tracks = _TRACKS.fetch(today=timezone.localdate(now), user=user.pk, lead=lead.pk)
    segment = Segment(
        industry=lead.account.industry if lead.account else "",
        seniority=lead.person.seniority,
        function=lead.person.function,
        topics=tuple(one.topic for one in signals if one.topic),
    )
    return best_track(tracks, segment)


_VOTE = TalkTrackVote.objects.filter(track=OuterRef("pk"), user=blank("user"), lead=blank("lead")).values("is_useful")
_TRACKS = KeptQuery(tracks_in_use(blank("today")).annotate(vote=Subquery(_VOTE)))


def talk_facts(lead: Lead, signals: Sequence[Signal], user: Any, now: datetime) -> TalkFacts:
    dated = [signal for signal in signals if signal.occurred_at is not None]
    act = next((one for rank in WORTH_SAYING for one in dated if one.kind.strength in rank), None)
    person, facts = lead.person, lead.attributes
    return TalkFacts(
        first_name=person.first_name,
        company=lead.account.name if lead.account else "",
        speaker=user.get_short_name(),
        act=act.kind.name if act else "",
        act_days_ago=(timezone.localdate(now) - timezone.localdate(act.occurred_at)).days if act else None,
        topic=act.topic if act else "",
        need=lead.need,
        use_case=str(facts.get("use_case") or ""),
        seniority=person.seniority,
        function=person.function,
        trigger_event=str(facts.get("trigger_event") or ""),
    )
