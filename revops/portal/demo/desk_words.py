"""What the demo company keeps in words: talk tracks with votes, and answers to the older criteria gaps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from feedback.gaps import answer_gap, criteria_gaps
from feedback.models import TalkTrack
from feedback.talk_tracks import vote_on_track
from leads.models import Lead, Signal
from revops.foundation.models import User

ANSWERED_AFTER = timedelta(days=21)
VOTES = 30
SECOND_LOOK = "Asked the colleagues: they only came along to the webinar"
"""What the reps of the story say where a rejection asks for a second look."""


class _Script(NamedTuple):
    name: str
    topic: str
    seniority: str
    days: int
    opener: str
    questions: tuple[str, str]
    objection: str


_SCRIPTS = (
    _Script(
        "Planning for heads of operations", "planning", "", 80,
        "Most teams of your size plan a day in three hours and lose it again by ten o'clock.",
        ("Which hour of the day does your plan break, and who mends it?",
         "What would one planner less on the phone be worth to you?"),
        "“We have an ERP for that.” Ask which of yesterday's changes it knew about.",
    ),
    _Script(
        "Dispatch without spreadsheets", "dispatch", "", 45,
        "Dispatchers who looked at this wanted to see one thing: what happens when two drivers call in sick at six.",
        ("Who dispatches when your best dispatcher is on holiday?", "How many changes a day reach the drivers late?"),
        "“Our people know their routes.” Agree, and ask how long the new ones take.",
    ),
    _Script(
        "Routing and fuel", "routing", "", 10,
        "Companies with your fleet save between 6 and 11 per cent of the kilometres in the first quarter.",
        ("Who looks at empty kilometres today?", "What does a kilometre cost you, all in?"),
        "“We tried routing once.” Ask what it did not know: windows, ramps, drivers?",
    ),
    _Script(
        "The first call with a managing director", "", "c_level", 120,
        "I will be brief: one number, from your own data, after two weeks.",
        ("What would have to be different at the end of the year?", "Who else looks at that number?"),
        "“We have no time for a project.” Offer the number, not the project.",
    ),
    _Script(
        "Autumn price offer", "pricing", "", -20,
        "You looked at our prices before the autumn offer ended.",
        ("Which package were you comparing?", "What did you compare it with?"),
        "“The offer is over.” Say what did not change.",
    ),
)  # fmt: skip


def equip_desk(users: Mapping[str, User], now: datetime, rng: Random) -> None:
    """Writes talk tracks (one about to expire, one expired), votes of reps, and answers to older gaps."""
    owner = users["marketer1"]
    tracks = TalkTrack.objects.bulk_create(
        [
            TalkTrack(
                name=script.name, topic=script.topic, seniority=script.seniority, opener=script.opener,
                first_question=script.questions[0], second_question=script.questions[1], objection=script.objection,
                owner=owner, expires_on=(now + timedelta(days=script.days)).date(),
            )
            for script in _SCRIPTS
        ]
    )  # fmt: skip
    for track in tracks:
        signals = Signal.objects.filter(topic=track.topic) if track.topic else Signal.objects.all()
        worked = Lead.objects.filter(owner__isnull=False, pk__in=signals.values("lead")).order_by("-received_at", "pk")
        for lead_id, owner_id in worked.values_list("pk", "owner")[:VOTES]:
            if rng.random() < 0.6:
                vote_on_track(
                    track, owner_id, lead_id, rng.random() < 0.78, now=now - timedelta(days=rng.random() * 30)
                )
    old = criteria_gaps().filter(decided_at__lt=now - ANSWERED_AFTER, is_history=False).order_by("decided_at", "pk")
    for gap in old:
        words = "Resellers are not our customers: the gate asks about it from now on. Thank you."
        answer_gap(gap, "rule", words, users["marketing-manager"], now=gap.recorded_at + timedelta(days=3))
