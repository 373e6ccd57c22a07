"""Inbound webhooks and forms over the API: senders registered and replayed, forms made, changed and opened."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.test import Client as Stranger
from django.utils import timezone

from leads.models import FormVersion, HookDelivery, InboundHook, LeadForm, SignalKind
from revops.foundation.models import LedgerEntry
from revops.portal.hooks.taking import take_deliveries
from tests.api.conftest import Client, key_for, open_house

pytestmark = pytest.mark.django_db

NEW = {"name": "CRM", "source": "website", "scheme": "hmac", "mapping": [{"target": "email", "pointer": "/mail"}]}


@pytest.fixture
def house(db: None) -> Any:
    return open_house()


@pytest.fixture
def machine(house: Any) -> Client:
    return Client(HTTP_AUTHORIZATION=f"Bearer {key_for(house.people['integration'])}")


def post(hook: dict[str, Any], secret: str, body: Any) -> int:
    raw = json.dumps(body).encode()
    sign = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    path = hook["url"].partition("/hooks/")[2]
    answer = Stranger().generic("POST", f"/hooks/{path}", raw, "application/json", headers={"X-Signature": sign})
    return answer.status_code


def test_a_system_registers_a_sender_mends_its_mapping_and_replays_what_failed(machine: Client) -> None:
    made = machine.send("inbound_webhooks/", NEW, 201).json()
    path = f"inbound_webhooks/{made['id']}/"
    assert post(made, made["secret"], {"address": "ada@acme-works.com"}) == 202
    take_deliveries(now=timezone.now())
    (failed,) = machine.get_json(f"{path}deliveries/", state="failed")["data"]
    assert failed["error"]
    assert machine.get_json(path)["failed"] == 1
    mended = {"mapping": [{"target": "email", "pointer": "/address"}]}
    assert machine.patch(f"/api/v1/{path}", mended, format="json").status_code == 200
    assert machine.send(f"{path}replay/", {"delivery_ids": [failed["id"]]}, 200).json() == {"replayed": 1}
    take_deliveries(now=timezone.now())
    (done,) = machine.get_json(f"{path}deliveries/")["data"]
    assert (done["state"], len(done["receipts"])) == ("done", 1)
    assert machine.get_json(f"submissions/{done['receipts'][0]}/")["outcome"] == "new"


def test_a_secret_is_shown_once_also_when_the_request_is_repeated(machine: Client) -> None:
    headers = {"Idempotency-Key": "once"}
    first = machine.send("inbound_webhooks/", NEW, 201, **headers).json()
    again = machine.send("inbound_webhooks/", NEW, 201, **headers).json()
    assert (again["id"], again["secret"]) == (first["id"], None)
    assert InboundHook.objects.count() == 1
    rotated = machine.send(f"inbound_webhooks/{first['id']}/rotate/", {"overlap": "PT0S"}, 200).json()
    assert post(first, first["secret"], {}) == 401
    assert post(first, rotated["secret"], {"mail": "a@acme-works.com"}) == 202
    assert "secret" not in machine.get_json(f"inbound_webhooks/{first['id']}/")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [({"mapping": []}, "#/mapping"), ({"mapping": [{"target": "shoe", "pointer": "/x"}]}, "#/mapping"),
     ({"source": "nobody"}, "#/source"), ({"scheme": "trust"}, "#/scheme"), ({"secret": "short"}, "#/secret"),
     ({"id_pointer": "id"}, "#/id_pointer")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_at_its_place(machine: Client, changes: dict[str, Any], pointer: str) -> None:
    answer = machine.send("inbound_webhooks/", {**NEW, **changes}, 422).json()
    assert pointer in [error["pointer"] for error in answer["errors"]]
    assert not InboundHook.objects.exists()


def test_a_sender_is_switched_off(machine: Client) -> None:
    made = machine.send("inbound_webhooks/", NEW, 201).json()
    machine.patch(f"/api/v1/inbound_webhooks/{made['id']}/", {"is_active": False}, format="json")
    assert post(made, made["secret"], {"mail": "a@acme-works.com"}) == 410
    assert not HookDelivery.objects.exists()


def test_a_form_is_read_published_and_archived(machine: Client, house: Any) -> None:
    LeadForm.objects.create(
        slug="ask", title="Ask us", source=house.source, state="draft", created_at=timezone.now(),
        signal_kind=SignalKind.objects.get(code="demo_request"), fields=[{"name": "email", "required": True}],
    )  # fmt: skip
    (listed,) = machine.get_json("forms/", state="draft")["data"]
    assert (listed["slug"], listed["completion"], listed["questions"]) == (
        "ask", None, [{"name": "email", "required": True}],
    )  # fmt: skip
    assert machine.send("forms/ask/publish/", None, 200).json()["state"] == "open"
    assert Stranger().get("/f/ask/").status_code == 200
    assert machine.send("forms/ask/archive/", None, 200).json()["opened"] == 1
    house.source.state = "stopped"
    house.source.save()
    assert "stopped" in machine.send("forms/ask/publish/", None, 409).json()["detail"]


FORM = {"slug": "fair", "title": "Fair", "source": "website", "act": "demo_request",
        "questions": [{"name": "email", "required": True}, {"name": "company", "required": False}]}  # fmt: skip


def change(machine: Client, stated: dict[str, Any]) -> Any:
    answer = machine.patch("/api/v1/forms/fair/", stated, format="json")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_system_makes_a_form_that_nobody_sees_before_it_is_published(machine: Client) -> None:
    made = machine.send(
        "forms/", {**FORM, "consent_text": "You may.", "allowed_sites": ["https://www.example.com"]}, 201
    )
    shown = made.json()
    assert (shown["state"], shown["version"], shown["act"]) == ("draft", 1, "demo_request")
    assert shown["questions"] == FORM["questions"]
    assert shown["allowed_sites"] == ["https://www.example.com"]
    assert Stranger().get("/f/fair/").status_code == 404
    machine.send("forms/fair/publish/", None, 200)
    page = Stranger().get("/f/fair/").content.decode()
    assert "You may." in page
    assert LedgerEntry.objects.filter(action="form.created").get().after["slug"] == "fair"
    assert FormVersion.objects.get().fields == FORM["questions"]


def test_what_was_not_stated_of_a_form_stays_and_other_questions_are_a_version(machine: Client) -> None:
    machine.send("forms/", {**FORM, "topic": "planning", "needs_confirmation": True, "confirm_days": 3}, 201)
    changed = change(machine, {"title": "The fair", "act": "contact_request"})
    assert (changed["title"], changed["act"], changed["version"]) == ("The fair", "contact_request", 1)
    assert (changed["topic"], changed["needs_confirmation"], changed["confirm_days"]) == ("planning", True, 3)
    asked = [{"name": "phone", "required": False}, {"name": "email", "required": True}]
    changed = change(machine, {"questions": asked})
    assert (changed["questions"], changed["version"]) == (asked, 2)
    assert set(LedgerEntry.objects.filter(action="form.changed").latest("id").after) == {"fields", "version"}


@pytest.mark.parametrize(
    ("stated", "pointer", "said"),
    [
        ({"questions": [{"name": "company", "required": True}]}, "#/questions", "nobody can be answered"),
        ({"questions": [{"name": "email", "required": True}] * 2}, "#/questions", "asked twice"),
        ({"questions": [{"name": "shoe_size", "required": True}]}, "#/questions/0/name", "shoe_size"),
        ({"source": "nobody"}, "#/source", "registered"),
        ({"act": "nothing"}, "#/act", "registered"),
        ({"allowed_sites": ["example.com"]}, "#/allowed_sites", "is no site"),
        ({"redirect_url": "javascript:x"}, "#/redirect_url", ""),
        ({"confirm_days": 90}, "#/confirm_days", ""),
        ({"slug": "taken"}, "#/slug", ""),
    ],
)
def test_a_form_that_cannot_be_is_refused_at_the_field(
    machine: Client, stated: dict[str, Any], pointer: str, said: str
) -> None:
    machine.send("forms/", {**FORM, "slug": "taken"}, 201)
    refusal = machine.send("forms/", {**FORM, **stated}, 422).json()
    assert pointer in [error["pointer"] for error in refusal["errors"]]
    assert said in json.dumps(refusal)
    assert LeadForm.objects.count() == 1


def test_a_form_is_copied_as_a_draft_with_an_address_of_its_own(machine: Client) -> None:
    machine.send("forms/", FORM, 201)
    machine.send("forms/fair/publish/", None, 200)
    copied = machine.send("forms/fair/copy/", None, 201).json()
    assert (copied["slug"], copied["state"], copied["questions"]) == ("fair-2", "draft", FORM["questions"])
    assert machine.send("forms/nothing/copy/", None, 404).status_code == 404


def test_a_key_without_the_scope_makes_and_changes_no_form(house: Any, machine: Client) -> None:
    machine.send("forms/", FORM, 201)
    other = Client(HTTP_AUTHORIZATION=f"Bearer {key_for(house.people['integration'], 'leads:read')}")
    other.send("forms/", {**FORM, "slug": "mine"}, 403)
    assert other.patch("/api/v1/forms/fair/", {"title": "Mine"}, format="json").status_code == 403
    assert list(LeadForm.objects.values_list("title", flat=True)) == ["Fair"]
