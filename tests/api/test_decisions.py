"""Accepting, rejecting, snoozing and undoing over the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leads.models import Lead
from sla.models import Clock, HandOff
from tests.api.conftest import READY

pytestmark = pytest.mark.django_db

MISSING = "lead_00000000000000000000000000"


def owner_of(house, lead):
    row = HandOff.objects.select_related("owner").latest("handed_off_at")
    return next(name for name in ("rep", "other_rep") if house.people[name] == row.owner)


def test_a_rep_accepts_and_the_other_is_told_who_and_when(as_, house, lead):
    HandOff.objects.update(owner=None)
    Lead.objects.update(owner=None)
    from sla.models import Assignment

    Assignment.objects.create(
        handoff=HandOff.objects.get(), user=None, kind="auto", assigned_at=timezone.now(), reason=""
    )
    body = as_("rep").send(f"leads/{lead['id']}/accept/", {}, 200).json()
    assert (body["stage"], body["decision"]) == ("accepted", "accepted")
    problem = as_("other_rep").send(f"leads/{lead['id']}/accept/", {}, 409).json()
    assert problem["code"] == "lead_taken"
    assert problem["taken_by"]["name"] == house.people["rep"].name
    assert problem["taken_at"]


def test_a_lead_of_a_colleague_is_a_404(as_, house, lead):
    other = {"rep": "other_rep", "other_rep": "rep"}[owner_of(house, lead)]
    client = as_(other)
    client.get_json(f"leads/{lead['id']}/", 404)
    for act in ("accept", "return_to_nurture", "reopen"):
        client.send(f"leads/{lead['id']}/{act}/", {}, 404)


def test_an_integration_acts_for_the_owner_and_is_told_if_it_is_late(machine, house, lead):
    owner = house.people[owner_of(house, lead)]
    body = machine.send(f"leads/{lead['id']}/accept/", {}, 200).json()
    assert machine.get_json(f"leads/{lead['id']}/")["owner"]["name"] == owner.name
    assert body["user_id"] == machine.get_json(f"leads/{lead['id']}/")["owner"]["id"]
    again = machine.send(f"leads/{lead['id']}/accept/", {}, 409).json()
    assert again["code"] == "lead_taken"
    assert again["taken_by"]["name"] == owner.name


def test_a_rejection_needs_a_known_reason_and_its_evidence(machine, lead):
    act = f"leads/{lead['id']}/reject/"
    assert machine.send(act, {}, 422).json()["errors"][0]["pointer"] == "#/reason_code"
    problem = machine.send(act, {"reason_code": "bad_data"}, 422).json()
    assert problem["errors"][0]["code"] == "unknown_reason"
    codes = machine.get_json("reason_codes/")["data"]
    reason = next(code for code in codes if code["evidence_kind"] == "text")
    problem = machine.send(act, {"reason_code": reason["code"]}, 422).json()
    assert problem["errors"][0] == {
        "pointer": "#/evidence", "code": "missing_evidence", "detail": problem["detail"],
    }  # fmt: skip
    locked = next(code for code in codes if code["evidence_kind"] == "attempts")
    assert machine.send(act, {"reason_code": locked["code"]}, 422).json()["errors"][0]["code"] == "no_response_locked"
    done = machine.send(act, {"reason_code": reason["code"], "evidence": "They said so on the phone"}, 200).json()
    assert done["stage"] == "rejected"


def test_an_answer_is_taken_back(machine, lead):
    machine.send(f"leads/{lead['id']}/reopen/", {}, 409)
    machine.send(f"leads/{lead['id']}/return_to_nurture/", {"note": "next year"}, 200)
    body = machine.send(f"leads/{lead['id']}/reopen/", {}, 200).json()
    assert (body["decision"], body["stage"]) == ("undone", "handed_off")
    machine.send(f"leads/{lead['id']}/accept/", {}, 200)


def test_a_lead_is_snoozed_within_the_rules(machine, lead):
    act, now = f"leads/{lead['id']}/snooze/", timezone.now()
    assert machine.send(act, {"until": "soon"}, 422).json()["errors"][0]["pointer"] == "#/until"
    machine.send(act, {"until": (now - timedelta(hours=1)).isoformat()}, 422)
    machine.send(act, {"until": (now + timedelta(days=900)).isoformat()}, 422)
    late = (now + timedelta(days=30)).isoformat()
    assert machine.send(act, {"until": late}, 422).json()["errors"][0]["pointer"] == "#/reason"
    body = machine.send(act, {"until": late, "reason": "On leave"}, 200).json()
    assert body["decision"] == "snoozed"
    machine.send(f"leads/{lead['id']}/accept/", {}, 200)
    machine.send(act, {"until": late, "reason": "On leave"}, 409)


def test_a_stale_if_match_is_refused(machine, lead):
    tag = machine.get(f"/api/v1/leads/{lead['id']}/")["ETag"]
    machine.send(f"leads/{lead['id']}/accept/", {}, 412, **{"If-Match": '"v1"'})
    machine.send(f"leads/{lead['id']}/accept/", {}, 200, **{"If-Match": tag})


def test_only_an_integration_acts_for_somebody_else(as_, house, lead, machine):
    from revops.foundation.ids import encode

    marketer = encode("user", house.people["marketer"].pk)
    assert (
        machine.send(f"leads/{lead['id']}/accept/", {"user_id": marketer}, 422).json()["errors"][0]["code"]
        == "unknown_user"
    )
    name = owner_of(house, lead)
    as_(name).send(f"leads/{lead['id']}/accept/", {"user_id": marketer}, 403)


def test_unknown_leads_are_404(machine):
    for act in ("accept", "reject", "snooze", "return_to_nurture", "reopen"):
        body = {"reason_code": "x", "until": "2099-01-01T00:00:00Z"} if act in ("reject", "snooze") else {}
        body = {name: value for name, value in body.items() if (name == "until") == (act == "snooze")}
        status = 422 if act == "snooze" else 404
        machine.send(f"leads/{MISSING}/{act}/", body, status)
        machine.send(f"leads/nonsense/{act}/", body, status)


def test_an_attempt_meets_the_first_contact_clock(machine, lead):
    attempt = {"lead_id": lead["id"], "channel": "call", "result": "no_answer", "event_id": "call-1"}
    body = machine.send("attempts/", attempt, 201).json()
    assert body["grade"] == "A"
    assert machine.send("attempts/", attempt, 200).json()["id"] == body["id"]
    assert Clock.objects.get(clause__code="first_contact").met_at is not None
    assert machine.get_json("attempts/", lead=lead["id"])["data"][0]["id"] == body["id"]
    met = machine.get_json("clocks/", state="met", side="sales", lead=lead["id"])["data"]
    assert [clock["clause"] for clock in met] == ["first_contact"]
    machine.send("attempts/", {**attempt, "lead_id": MISSING}, 422)
    machine.send("attempts/", {**attempt, "occurred_at": "2099-01-01T00:00:00Z"}, 422)


def test_outcomes_move_the_lead_and_are_counted_once(machine, lead):
    won = {"email": READY["email"], "kind": "won", "occurred_at": timezone.now().isoformat(), "deal_id": "d-1",
           "amount": {"amount": "1200.50", "currency": "EUR"}}  # fmt: skip
    assert machine.send("outcomes/", won, 409).json()["code"] == "invalid_transition"
    machine.send(f"leads/{lead['id']}/accept/", {}, 200)
    body = machine.send("outcomes/", won, 201).json()
    assert body["amount"] == {"amount": "1200.50", "currency": "EUR"}
    assert (
        machine.send("outcomes/", {**won, "lead_id": lead["id"]}, 422).json()["errors"][0]["code"] == "one_name_needed"
    )
    assert machine.send("outcomes/", won, 200).json()["id"] == body["id"]
    assert machine.get_json(f"leads/{lead['id']}/")["stage"] == "won"
    assert len(machine.get_json("outcomes/", lead=lead["id"])["data"]) == 1


def test_a_lost_deal_needs_its_reason(machine, lead):
    machine.send(f"leads/{lead['id']}/accept/", {}, 200)
    lost = {"lead_id": lead["id"], "kind": "lost", "occurred_at": timezone.now().isoformat()}
    assert machine.send("outcomes/", lost, 422).json()["errors"][0]["pointer"] == "#/reason"
    machine.send("outcomes/", {**lost, "reason": "Price"}, 201)


def test_two_who_accept_at_once_have_one_winner(machine, lead):
    first = machine.send(f"leads/{lead['id']}/accept/", {}, 200, **{"Idempotency-Key": "a"})
    again = machine.send(f"leads/{lead['id']}/accept/", {}, 200, **{"Idempotency-Key": "a"})
    assert again.content == first.content
    machine.send(f"leads/{lead['id']}/accept/", {}, 409, **{"Idempotency-Key": "b"})
