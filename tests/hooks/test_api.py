"""Inbound webhooks and forms over the API: a sender registered, changed, rotated and replayed; a form opened."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.test import Client as Stranger
from django.utils import timezone

from leads.models import HookDelivery, InboundHook, LeadForm, SignalKind
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
