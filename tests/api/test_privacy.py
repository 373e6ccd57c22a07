"""Requests about personal data over the API: opened, read, answered; and a lead whose person was erased is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Person, PrivacyRequest
from revops.foundation import jobs
from revops.foundation.ids import encode
from revops.foundation.models import Job, LedgerEntry

NOBODY = "person_00000000000000000000000000"


@pytest.fixture
def person_id(lead: dict[str, Any]) -> str:
    return str(lead["person"]["id"])


def erased(machine: Any, lead: dict[str, Any]) -> dict[str, Any]:
    made = machine.send("privacy_requests/", {"kind": "erase", "lead_id": lead["id"]}, 201).json()
    machine.send(f"privacy_requests/{made['id']}/erase/", {}, 202)
    jobs.run(Job.objects.get(kind="erase_person").pk, timezone.now)
    return dict(machine.get_json(f"privacy_requests/{made['id']}/"))


def test_a_request_is_opened_read_and_erased(machine: Any, lead: dict[str, Any], person_id: str) -> None:
    on = (timezone.localdate() - timedelta(days=40)).isoformat()
    body = {"kind": "erase", "person_id": person_id, "asked_on": on, "note": "They wrote.", "keeps_silence": True}
    made = machine.send("privacy_requests/", body, 201).json()
    assert (made["state"], made["is_overdue"], made["person_id"]) == ("open", True, person_id)
    assert [row["id"] for row in machine.get_json("privacy_requests/", overdue="true")["data"]] == [made["id"]]
    assert machine.get_json("privacy_requests/", state="done")["data"] == []
    held = {row["table"]: row for row in machine.get_json(f"privacy_requests/{made['id']}/holdings/")["data"]}
    assert held["leads_submissionbody"]["goes"] == 1
    assert held["scoring_scoredecision"]["stays"]
    machine.send(f"privacy_requests/{made['id']}/erase/", {}, 202)
    assert machine.send(f"privacy_requests/{made['id']}/erase/", {}, 409).json()["code"] == "invalid_transition"
    jobs.run(Job.objects.get(kind="erase_person").pk, timezone.now)
    done = machine.get_json(f"privacy_requests/{made['id']}/")
    assert (done["state"], done["erased_rows"]["leads_person"]) == ("done", 1)
    assert machine.get_json(f"privacy_requests/{made['id']}/holdings/")["data"] == []


def test_a_lead_without_its_person_is_gone_and_why_it_was_decided_can_be_read(machine: Any, lead: Any) -> None:
    erased(machine, lead)
    gone = machine.get_json(f"leads/{lead['id']}/", 410)
    assert gone["code"] == "erased"
    assert machine.send(f"leads/{lead['id']}/accept/", {}, 410).json()["code"] == "erased"
    assert machine.get_json(f"leads/{lead['id']}/why/")["tier"] == 1
    (listed,) = machine.get_json("leads/")["data"]
    assert (listed["person"]["name"], listed["person"]["email"], listed["need"]) == ("Erased person", None, "")
    signal = {"source": "website", "lead_id": lead["id"], "kind": "demo_request"}
    assert machine.send("signals/", signal, 422).json()["errors"][0]["code"] == "unknown_lead"
    attempt = {"lead_id": lead["id"], "channel": "call", "result": "no_answer"}
    assert machine.send("attempts/", attempt, 422).json()["errors"][0]["code"] == "unknown_lead"


def test_repeating_a_request_of_an_erased_person_says_so(machine: Any, house: Any) -> None:
    body = {"source": "website", "email": "ada@acme-works.com", "name": "Ada Lovelace"}
    headers = {"Idempotency-Key": "ada-1"}
    made = machine.send("submissions/", body, 201, **headers).json()
    erased(machine, {"id": made["lead_id"]})
    again = machine.send("submissions/", body, 410, **headers)
    assert (again.json()["code"], again["Content-Type"]) == ("erased", "application/problem+json")


def test_the_receipt_of_an_erased_person_answers_gone_and_says_what_became_of_it(machine: Any, house: Any) -> None:
    sent = {"source": "website", "email": "ada@acme-works.com", "name": "Ada Lovelace"}
    made = machine.send("submissions/", sent, 201).json()
    held = machine.send("submissions/", {**sent, "need": "cheap loans, casino"}, 201).json()
    assert held["outcome"] == "quarantined"
    other = machine.send("submissions/", {**sent, "email": "grace@acme-works.com"}, 201).json()
    erased(machine, {"id": made["lead_id"]})
    for one in (made, held):
        gone = machine.get_json(f"submissions/{one['receipt']}/", 410)
        assert (gone["code"], gone["receipt"], gone["outcome"]) == ("erased", one["receipt"], one["outcome"])
        assert "ada" not in str(gone).lower()
    assert machine.get_json(f"submissions/{other['receipt']}/")["outcome"] == "new"
    assert len(machine.get_json("submissions/")["data"]) == 3


def test_a_copy_is_handed_over_until_the_request_is_over(machine: Any, lead: Any) -> None:
    made = machine.send("privacy_requests/", {"kind": "export", "lead_id": lead["id"]}, 201).json()
    copy = machine.get_json(f"privacy_requests/{made['id']}/export/")
    assert "leads_person" in {table["table"] for table in copy["tables"]}
    assert LedgerEntry.objects.filter(action="person.exported").count() == 1
    assert machine.send(f"privacy_requests/{made['id']}/erase/", {}, 409).json()["code"] == "invalid_transition"
    machine.send(f"privacy_requests/{made['id']}/close/", {"answer": " "}, 422)
    closed = machine.send(f"privacy_requests/{made['id']}/close/", {"answer": "Sent by post."}, 200).json()
    assert (closed["state"], closed["answer"]) == ("done", "Sent by post.")
    assert machine.get_json(f"privacy_requests/{made['id']}/export/", 410)["code"] == "gone"
    assert machine.send(f"privacy_requests/{made['id']}/refuse/", {"answer": "No."}, 409).status_code == 409


def test_an_address_that_nobody_has_can_be_asked_about(machine: Any, house: Any) -> None:
    made = machine.send("privacy_requests/", {"kind": "erase", "about": "zoe@acme-works.com"}, 201).json()
    assert (made["person_id"], made["asked_about"]) == (None, "zoe@acme-works.com")
    refused = machine.send(f"privacy_requests/{made['id']}/refuse/", {"answer": "We hold nothing."}, 200).json()
    assert (refused["state"], refused["asked_about"]) == ("refused", "")


def test_a_request_that_cannot_be_says_what_is_wrong(machine: Any, lead: Any, person_id: str) -> None:
    tomorrow = (timezone.localdate() + timedelta(days=2)).isoformat()
    good = {"kind": "erase", "person_id": person_id}
    machine.send("privacy_requests/", good, 201)
    for wrong, pointer in (
        (good, "#/person_id"),
        ({"kind": "forget", "person_id": person_id}, "#/kind"),
        ({"kind": "export", "person_id": NOBODY}, "#/person_id"),
        ({"kind": "export", "person_id": person_id, "asked_on": tomorrow}, "#/asked_on"),
        ({"kind": "export", "about": "Ada"}, "#/about"),
        ({"kind": "export"}, "#/about"),
        ({"kind": "export", "person_id": person_id, "lead_id": lead["id"]}, "#/about"),
    ):
        assert machine.send("privacy_requests/", wrong, 422).json()["errors"][0]["pointer"] == pointer, wrong
    assert PrivacyRequest.objects.count() == 1


def test_only_who_may_see_privacy_sees_that_there_is_a_request(key_with: Any, as_: Any, lead: Any) -> None:
    request = encode("privacy", Person(created_at=timezone.now()).pk)
    reader = key_with("leads:read")
    assert reader.get_json("privacy_requests/", 403)["code"] == "insufficient_scope"
    for role in ("rep", "marketer", "sales_manager", "executive"):
        assert as_(role).get_json(f"privacy_requests/{request}/export/", 403)["code"] == "forbidden"
    assert as_("admin").get_json(f"privacy_requests/{request}/export/", 404)["code"] == "not_found"
