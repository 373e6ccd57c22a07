"""Contests and the pool over the API: opened by anybody of a team, judged by people only."""

import pytest
from django.db import transaction
from django.utils import timezone

from feedback.models import Contest
from leads.models import Lead
from revops.foundation.ids import encode
from revops.portal.contests.acting import judge_contest
from sla.models import HandOff
from sla.pool import offer_handoffs

pytestmark = pytest.mark.django_db


def test_an_integration_contests_for_the_owner_and_reads_the_verdict(house, lead, machine):
    owner = Lead.objects.get().owner
    body = {
        "about": "score",
        "lead_id": lead["id"],
        "wrong": "wrong_fact",
        "words": "Only read.",
        "key": "pricing_page",
    }
    shown = machine.send("contests/", body, 201).json()
    assert (shown["state"], shown["side"], shown["key"]) == ("open", "sales", "pricing_page")
    assert shown["contested_by_id"] == encode("user", owner.pk)
    assert shown["judge_id"] == encode("user", house.people["marketing_manager"].pk)
    judge_contest(
        Contest.objects.get(), house.people["marketing_manager"], is_upheld=True, words="True.", now=timezone.now()
    )
    shown = machine.get_json(f"contests/{shown['id']}/")
    assert (shown["state"], shown["verdict_words"]) == ("upheld", "True.")
    assert set(shown["effects"]) == {"turn_credited", "example_corrected"}
    (row,) = machine.get_json("contests/", state="upheld", about="score", lead=lead["id"])["data"]
    assert row == shown
    assert machine.get_json("contests/", state="open")["data"] == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"about": "breach", "wrong": "done_elsewhere"}, 422, "unknown_subject"),
        ({"about": "rejection"}, 422, "not_yours"),
        ({"wrong": "nonsense"}, 422, "unknown_wrong"),
        ({"about": "weather"}, 422, "invalid_choice"),
        ({"lead_id": "lead_00000000000000000000000000"}, 422, "unknown_lead"),
    ],
)
def test_a_contest_that_cannot_be_says_which_field(lead, machine, change, status, code):
    body = {"about": "score", "lead_id": lead["id"], "wrong": "wrong_fact", **change}
    problem = machine.send("contests/", body, status).json()
    assert problem["errors"][0]["code"] == code


def test_a_second_contest_is_a_conflict(lead, machine):
    body = {"about": "score", "lead_id": lead["id"], "wrong": "wrong_fact"}
    machine.send("contests/", body, 201)
    assert machine.send("contests/", body, 409).json()["code"] == "conflict"


def test_words_are_masked_without_the_scope_for_persons(house, lead, machine, key_with):
    machine.send("contests/", {"about": "score", "lead_id": lead["id"], "wrong": "wrong_fact", "words": "Ada."}, 201)
    (row,) = key_with("sla:read").get_json("contests/")["data"]
    assert row["words"] == ""


def test_a_colleagues_contest_is_nowhere_to_be_found(house, lead, machine, as_):
    shown = machine.send("contests/", {"about": "score", "lead_id": lead["id"], "wrong": "wrong_fact"}, 201).json()
    owner = Lead.objects.get().owner_id
    stranger = next(name for name in ("rep", "other_rep") if house.people[name].pk != owner)
    assert as_(stranger).get_json("contests/")["data"] == []
    as_(stranger).get_json(f"contests/{shown['id']}/", 404)


def test_get_next_gives_a_lead_of_the_pool_once(house, lead, as_):
    owner = Lead.objects.get().owner_id
    other = next(name for name in ("rep", "other_rep") if house.people[name].pk != owner)
    client = as_(other)
    assert client.get_json("pool/") == {"waiting": 0}
    with transaction.atomic():
        offer_handoffs([HandOff.objects.get().pk], reason="late", now=timezone.now())
    assert client.get_json("pool/") == {"waiting": 1}
    assert client.send("pool/next/", {}, 200).json()["lead_id"] == lead["id"]
    assert client.send("pool/next/", {}, 200).json() == {"lead_id": None, "handoff_id": None}
    assert HandOff.objects.get().owner == house.people[other]
    assert as_("sales_manager").send("pool/next/", {}, 409).json()["code"] == "conflict"
