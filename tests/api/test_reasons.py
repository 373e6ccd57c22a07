"""Reasons, tracks, second looks and corrected outcomes over the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from feedback.models import Disposition, ReasonCode, TalkTrack
from leads.models import Lead, Signal, SignalKind
from revops.foundation.ids import encode
from revops.foundation.models import User
from sla.models import HandOff

pytestmark = pytest.mark.django_db

NEW = {"code": "no_loading_ramp", "label": "Has no loading ramp", "family": "fit", "key": 7, "evidence_kind": "text",
       "evidence_question": "How do they load today?", "root_cause": "targeting", "mended_by": "marketing",
       "consequence": "Marketing reviews the audience", "criterion": "lead.use_case"}  # fmt: skip


def patch(client, code, changes, status):
    """The answer to a change of a reason."""
    response = client.patch(f"/api/v1/reason_codes/{code}/", changes, format="json")
    assert response.status_code == status, response.content
    return response.json()


def test_a_manager_adds_changes_and_retires_a_reason(as_):
    client = as_("marketing_manager")
    made = client.send("reason_codes/", NEW, 201)
    assert (made.json()["key"], made.json()["version"], made.headers["ETag"]) == (7, 1, '"v1"')
    assert client.send("reason_codes/", NEW, 422).json()["errors"][0]["code"] == "taken"
    changed = patch(client, "no_loading_ramp", {"wakes_after_days": 90}, 200)
    assert (changed["way_back"], changed["version"]) == ("Nurture for 90 days", 2)
    patch(client, "no_loading_ramp", {"in_use": False}, 200)
    codes = [row["code"] for row in client.get_json("reason_codes/")["data"]]
    assert "no_loading_ramp" not in codes
    retired = client.get_json("reason_codes/?retired=true")["data"]
    assert [row["code"] for row in retired] == ["no_loading_ramp"]
    assert client.get_json("reason_codes/no_loading_ramp/")["in_use"] is False
    client.get_json("reason_codes/nothing/", 404)


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"label": "Bad data"}, "#/label", "vague"),
        ({"key": 1}, "#/key", "invalid"),
        ({"family": "nothing"}, "#/family", "unknown_family"),
        ({"wakes_days_before": 9}, "#/wakes_days_before", "invalid"),
    ],
)
def test_what_is_vague_or_impossible_is_refused_in_words(as_, changes, pointer, code):
    problem = as_("admin").send("reason_codes/", {**NEW, **changes}, 422).json()
    assert (problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == (pointer, code)
    assert not ReasonCode.objects.filter(pk="no_loading_ramp").exists()


def test_a_rep_reads_reasons_and_does_not_change_them(as_):
    client = as_("rep")
    assert client.get_json("reason_codes/too_small/")["way_back"] == "Back to sales only with a new strong act"
    client.send("reason_codes/", NEW, 403)
    patch(client, "too_small", {"in_use": False}, 403)
    client.get_json("reason_codes/?retired=maybe", 422)


def test_tracks_are_listed_with_the_usual_one(as_):
    rows = as_("rep").get_json("nurture_tracks/")["data"]
    assert [row["code"] for row in rows if row["is_default"]] == ["not_now"]


def test_a_rejection_that_needs_a_second_look_cannot_close_without_it(machine, lead):
    row = Lead.objects.get()
    at = timezone.now() + timedelta(seconds=1)
    HandOff.objects.update(handed_off_at=timezone.now() - timedelta(days=1))
    kind = SignalKind.objects.get(code="roi_calculator")
    Signal.objects.create(lead=row, person=row.person, kind=kind, source=row.source, occurred_at=at, received_at=at)
    act, sent = f"leads/{lead['id']}/reject/", {"reason_code": "not_decision_maker", "evidence": "Grace Hopper"}
    problem = machine.send(act, sent, 422).json()
    assert (problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == ("#/second_look", "second_look_needed")
    assert problem["causes"] == ["moving"]
    assert problem["proposed_wakes_on"] > at.date().isoformat()
    assert not Disposition.objects.exists()
    machine.send(act, {**sent, "second_look": "Called: she used it for her thesis"}, 200)
    assert Disposition.objects.get().second_look == "Called: she used it for her thesis"


def test_a_return_names_a_track_and_a_day(machine, lead):
    act = f"leads/{lead['id']}/return_to_nurture/"
    assert machine.send(act, {"track": "nowhere"}, 422).json()["errors"][0]["pointer"] == "#/track"
    assert machine.send(act, {"wakes_on": "2020-01-01"}, 422).json()["errors"][0]["pointer"] == "#/wakes_on"
    day = (timezone.now() + timedelta(days=90)).date().isoformat()
    machine.send(act, {"track": "learn", "wakes_on": day}, 200)
    row = Disposition.objects.select_related("track").get()
    assert (row.track.code, row.wakes_on.isoformat()) == ("learn", day)


def test_outcomes_are_restated_and_withdrawn(machine, lead):
    machine.send(f"leads/{lead['id']}/accept/", {}, 200)
    at = timezone.now().isoformat().replace("+00:00", "Z")
    sent = {"lead_id": lead["id"], "kind": "won", "occurred_at": at, "deal_id": "deal-1", "deal_stage": "Closed won",
            "amount": {"amount": "5000.00", "currency": "EUR"}}  # fmt: skip
    first = machine.send("outcomes/", sent, 201).json()
    assert first["deal_stage"] == "Closed won"
    money = {"amount": "4100.00", "currency": "EUR"}
    second = machine.send(f"outcomes/{first['id']}/restate/", {"amount": money}, 201).json()
    assert (second["amount"], second["corrects_id"], second["deal_id"]) == (money, first["id"], "deal-1")
    assert machine.send("outcomes/", sent, 200).json()["id"] == second["id"]
    assert [row["id"] for row in machine.get_json("outcomes/")["data"]] == [second["id"]]
    assert len(machine.get_json("outcomes/?versions=all")["data"]) == 2
    assert machine.send(f"outcomes/{first['id']}/withdraw/", {}, 409).json()["code"] == "invalid_transition"
    gone = machine.send(f"outcomes/{second['id']}/withdraw/", {"reason": "Wrong account"}, 201).json()
    assert (gone["kind"], gone["reason"]) == ("withdrawn", "Wrong account")
    assert machine.get_json(f"leads/{lead['id']}/")["stage"] == "accepted"
    machine.send("outcomes/outcome_00000000000000000000000000/withdraw/", {}, 404)


def test_talk_tracks_say_whom_they_are_for_and_how_often_they_helped(as_):
    client = as_("marketer")
    owner = User.objects.order_by("pk")[0]
    track = TalkTrack.objects.create(
        name="Routing", topic="routing", opener="You looked at routing.", first_question="Who plans them?",
        second_question="What does a lead cost you?", objection="It is dear. Say what changed.", owner=owner,
        expires_on=timezone.localdate() + timedelta(days=30),
    )  # fmt: skip
    TalkTrack.objects.create(
        name="Old", topic="planning", opener="-", first_question="-", second_question="-", objection="-", owner=owner,
        expires_on=timezone.localdate(), is_active=False,
    )  # fmt: skip
    (row,) = client.get_json("talk_tracks/")["data"]
    assert (row["name"], row["topic"], row["industry"], row["useful"], row["useless"]) == (
        "Routing",
        "routing",
        "",
        0,
        0,
    )
    assert row["id"] == encode("talktrack", track.pk)
