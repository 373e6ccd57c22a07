"""The demo company is believable, repeatable, and made by the real journey."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce

from feedback.models import Contest, Disposition, NurturePeriod, Outcome, Review, ReviewDecision
from leads.models import Attempt, Lead, LeadForm, PendingSubmission, Submission, SubmissionOutcome
from revops.foundation.models import ApiKey, MessageState, OutboxMessage, User
from revops.foundation.policy import SCOPES
from revops.portal.demo.people import demo_users
from revops.portal.demo.seeding import PortalNotEmptyError, is_empty, is_unfinished, seed_company
from scoring.models import Rulebook
from scoring.replay import replay_decisions
from sla.models import Absence, Agreement, Assignment, Clock, Escalation, HandOff
from sla.routing import turns_owed
from tests.conftest import NOW

Made = dict[str, Any]


def test_the_same_seed_makes_the_same_company(made: Made) -> None:
    first, second = made["summaries"]
    assert first == second


def test_every_submission_has_exactly_one_outcome_that_counts(made: Made) -> None:
    kinds = Counter(SubmissionOutcome.objects.values_list("kind", flat=True))
    kinds.subtract(kind for kind in SubmissionOutcome.objects.values_list("replaces", flat=True) if kind)
    assert Submission.objects.count() == sum(kinds.values())
    assert not PendingSubmission.objects.exists()
    assert all(kinds[kind] > 0 for kind in ("new", "attached", "quarantined"))


def test_the_purchased_list_is_held(made: Made) -> None:
    held = SubmissionOutcome.objects.filter(submission__source__kind="purchased")
    assert held.exists()
    assert not held.exclude(kind="quarantined").exists()


def test_both_sides_have_kept_and_broken_promises(made: Made) -> None:
    judged = Clock.objects.annotate(judged_at=Coalesce("met_at", "cancelled_at"))
    for side in ("sales", "marketing"):
        of_side = judged.filter(side=side)
        assert of_side.filter(due_at__lt=F("judged_at")).exists(), side
        assert of_side.filter(due_at__gte=F("judged_at")).exists(), side


def test_every_rejection_has_a_reason_with_its_evidence(made: Made) -> None:
    rejections = Disposition.objects.filter(kind="rejected")
    assert rejections.exists()
    assert not rejections.filter(Q(reason=None) | Q(evidence="")).exists()
    assert rejections.values("reason").distinct().count() >= 8


def test_the_portal_refuses_nothing_a_rep_does(made: Made) -> None:
    assert not [name for name in made if name.startswith("refused:")]
    assert "outcomes refused" not in made


def test_good_sources_are_accepted_more_often_than_bad_ones(made: Made) -> None:
    answers = HandOff.objects.exclude(state="open").values("lead__source__key").annotate(
        n=Count("id"), accepted=Count("id", filter=Q(state="accepted"))
    )  # fmt: skip
    count: Counter[str] = Counter()
    for row in answers:
        kind = {"partner": "good", "website-demo": "good", "content-syndication": "bad", "paid-social": "bad"}.get(
            row["lead__source__key"], "other"
        )
        count[f"{kind} answered"] += row["n"]
        count[f"{kind} accepted"] += row["accepted"]
    assert count["good accepted"] / count["good answered"] > count["bad accepted"] / count["bad answered"]


def test_every_queue_is_alive(made: Made) -> None:
    waiting = Counter(HandOff.objects.open().values_list("owner__email", flat=True))
    reps = set(User.objects.filter(role="rep").values_list("email", flat=True))
    assert reps <= set(waiting)
    assert not HandOff.objects.open().filter(handed_off_at__lt=NOW - timedelta(days=10)).exists()
    assert Lead.objects.filter(received_at__gte=NOW - timedelta(hours=10)).exists()


def test_nothing_happens_after_now(made: Made) -> None:
    assert not Submission.objects.filter(received_at__gt=NOW).exists()
    assert not Attempt.objects.filter(Q(occurred_at__gt=NOW) | Q(recorded_at__gt=NOW)).exists()
    assert not Disposition.objects.filter(Q(decided_at__gt=NOW) | Q(recorded_at__gt=NOW)).exists()
    assert not Outcome.objects.filter(occurred_at__gt=NOW).exists()


def test_old_news_does_not_flood_anybody(made: Made) -> None:
    waiting = OutboxMessage.objects.filter(state=MessageState.WAITING)
    assert not waiting.filter(created_at__lt=NOW - timedelta(days=1)).exists()
    assert not OutboxMessage.objects.filter(channel="email").exists()


def test_decisions_of_the_year_replay_without_a_difference(made: Made) -> None:
    replay = replay_decisions(200, seed=1)
    assert replay.checked
    assert not replay.differences


def test_two_rulebooks_were_published_and_reviews_were_held(made: Made) -> None:
    assert Rulebook.objects.filter(published_at__isnull=False).count() == 2
    assert Review.objects.count() == 9
    assert Review.objects.filter(closed_at__isnull=False).count() == 8
    assert ReviewDecision.objects.filter(answer="").exists()
    assert ReviewDecision.objects.exclude(answer="").exists()


def test_there_are_forms_a_key_with_every_scope_and_somebody_for_each_role(made: Made, settings: Any) -> None:
    assert set(LeadForm.objects.values_list("slug", flat=True)) == {"demo", "contact", "guide", "news"}
    assert set(ApiKey.objects.get().scopes) == set(SCOPES)
    settings.DEMO_MODE = True
    people = demo_users()
    shown = [person.role for person in people if person.is_highlighted]
    assert sorted(shown) == ["admin", "executive", "marketer", "marketing_manager", "rep", "sales_manager"]
    assert people[0].is_highlighted
    settings.DEMO_MODE = False
    assert demo_users() == []


def test_a_password_of_the_demo_opens_the_door(made: Made) -> None:
    user = made["demo"]["users"][0]
    assert User.objects.get(email=user["email"]).check_password(user["password"])


def test_a_portal_with_data_is_left_alone(made: Made) -> None:
    assert not is_empty()
    assert not is_unfinished()
    with pytest.raises(PortalNotEmptyError):
        seed_company(30, 1, NOW)
    with pytest.raises(CommandError, match="not empty"):
        call_command("seed_demo", leads=30)
    call_command("seed_demo", leads=30, if_empty=True, json=True)


@pytest.mark.django_db
def test_a_size_that_makes_no_sense_is_refused_in_words() -> None:
    with pytest.raises(CommandError, match="Choose between"):
        call_command("seed_demo", leads=3)


def test_both_sides_signed_a_second_agreement_and_one_signed_a_third(made: Made) -> None:
    agreements = {one.version: one for one in Agreement.objects.all()}
    assert [agreements[version].state for version in (1, 2, 3)] == ["superseded", "live", "draft"]
    assert set(agreements[3].signatures.values_list("side", flat=True)) == {"sales"}


def test_disputes_absences_and_nurture_live_on_day_one(made: Made) -> None:
    contests = Contest.objects.all()
    assert contests.filter(verdict__isnull=True).exists()
    assert set(contests.filter(verdict__isnull=False).values_list("verdict__is_upheld", flat=True)) == {True, False}
    assert {"sales", "marketing"} <= set(contests.values_list("side", flat=True))
    assert Escalation.objects.filter(taken_at__gte=NOW - timedelta(days=3)).exists()
    away = Absence.objects.filter(starts_at__lte=NOW, ends_at__gt=NOW)
    assert away.exists()
    assert not Assignment.objects.filter(
        user__in=away.values("user"), kind="auto", assigned_at__gte=NOW - timedelta(hours=1)
    ).exists()
    assert Absence.objects.filter(starts_at__gt=NOW).count() >= 3
    periods = NurturePeriod.objects.all()
    assert periods.filter(until__gt=NOW, stopped_at__isnull=True).exists()
    assert not periods.filter(started_at__lt=F("disposition__decided_at")).exists()
    assert not periods.filter(started_at__gt=NOW).exists()


def test_territories_decide_and_some_leads_wait_for_somebody(made: Made) -> None:
    assert Assignment.objects.filter(trace__rule="Enterprise EMEA").exists()
    assert HandOff.objects.unrouted().exists()
    assert sum(turns_owed().values()) == 0
