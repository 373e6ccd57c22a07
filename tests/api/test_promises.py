"""Promises over the API: how each clause stands, what is behind it, whose time it was, what marketing does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from feedback.metrics import Week, organisation_zone
from feedback.models import HuddleAttendance
from leads.models import Lead
from revops.foundation.ids import encode
from sla.models import Clock

pytestmark = pytest.mark.django_db


def data(client, address: str) -> list:
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def test_every_clause_says_how_it_stands(house, lead, machine):
    rows = {row["code"]: row for row in data(machine, "promises/")}
    assert {rows["details_within"]["side"], rows["first_contact"]["side"]} == {"marketing", "sales"}
    assert all(row["is_measured"] for code, row in rows.items() if not code.startswith("contests"))
    assert len(rows["first_contact"]["series"]) == 13
    assert rows["volume"]["target"] == 40
    assert rows["huddle"]["owner_id"].startswith("user_")


def test_a_number_opens_to_what_it_counts(house, lead, machine):
    machine.post(f"/api/v1/leads/{lead['id']}/accept/", {}, format="json")
    week = Week.of(timezone.now() + timedelta(days=1), organisation_zone()).name
    (item,) = data(machine, "promises/follow_up/") or data(machine, f"promises/follow_up/?week={week}")
    assert (item["lead_id"], item["verdict"], item["about"]) == (lead["id"], "pending", "")
    assert data(machine, "promises/huddle/")[0]["about"].startswith("review:")
    assert machine.get("/api/v1/promises/follow_up/?verdict=maybe").status_code == 422
    assert machine.get("/api/v1/promises/breakfast/").status_code == 404


def test_a_lead_tells_whose_time_it_was(house, lead, machine):
    answer = machine.get(f"/api/v1/leads/{lead['id']}/times/").json()
    assert [row["step"] for row in answer["steps"]][:3] == ["received", "qualified", "assigned"]
    assert set(answer["spent"]) == {"machine", "marketing", "rep", "buyer"}
    assert machine.get("/api/v1/leads/lead_00000000000000000000000000/times/").status_code == 404


def test_a_clock_tells_its_story(house, lead, machine):
    clock = Clock.objects.filter(clause__code="decision").first()
    assert clock is not None
    told = machine.get(f"/api/v1/clocks/{clock.public_id}/").json()
    assert (told["agreement_version"], told["events"], told["replaces_id"]) == (1, [], None)
    assert {"since", "until"} == set(told["closed_hours"][0]) if told["closed_hours"] else True
    assert told["calendar"]


def test_what_is_not_waiting_for_nurture_cannot_begin_it(house, lead, machine):
    refused = machine.post(f"/api/v1/leads/{lead['id']}/nurture/", {}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_transition")
    unknown = machine.post(f"/api/v1/leads/{lead['id']}/nurture/", {"track": "none-such"}, format="json")
    assert unknown.status_code == 422
    stopped = machine.post(f"/api/v1/leads/{lead['id']}/nurture/stop/", {"reason": "x"}, format="json")
    assert stopped.status_code == 409
    assert Lead.objects.get().nurture_periods.count() == 0


def test_managers_say_who_took_part_and_reps_do_not(house, lead, as_):
    week = Week.of(timezone.now(), organisation_zone()).plus(-1).name
    head = house.people["marketing_manager"]
    body = {"user_ids": [encode("user", head.pk)]}
    address = f"/api/v1/reviews/{week}/attendance/"
    assert as_("rep").put(address, body, format="json").status_code == 403
    assert as_("sales_manager").put(address, body, format="json").json() == body
    assert as_("rep").get(address).json() == body
    assert HuddleAttendance.objects.get().user == head
    running = Week.of(timezone.now(), organisation_zone()).name
    early = as_("sales_manager").put(f"/api/v1/reviews/{running}/attendance/", body, format="json")
    assert early.status_code == 422


def test_a_month_is_shared_once(house, lead, as_):
    marketing = as_("marketing_manager")
    assert marketing.get("/api/v1/performance/2026-01/").json()["is_shared"] is False
    shared = marketing.post("/api/v1/performance/2026-01/", {"note": "Quiet"}, format="json")
    assert (shared.status_code, shared.json()["note"]) == (201, "Quiet")
    assert marketing.post("/api/v1/performance/2026-01/", {}, format="json").status_code == 409
    assert marketing.get("/api/v1/performance/soon/").status_code == 404
