"""Inbound webhooks end to end: proved, kept, answered with a receipt, taken, failed, mended, replayed."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads.models import HookDelivery, InboundHook, Lead, Signal, Submission, SubmissionOutcome
from leads.queries import conservation
from revops.foundation.ids import decode
from revops.foundation.models import LedgerEntry, User
from revops.portal.hooks.changing import address_of_hook, change_hook, create_hook, rotate_secret
from revops.portal.hooks.taking import forget_bodies, replay, take_deliveries
from tests.api.test_bad_input import CORPUS
from tests.conftest import NOW
from tests.factories import SourceFactory, UserFactory

pytestmark = pytest.mark.django_db

MAPPING = [{"target": "email", "pointer": "/lead/email"}, {"target": "name", "pointer": "/lead/name"},
           {"target": "act", "constant": "demo_request"},
           {"target": "attributes.plan", "pointer": "/plan"}]  # fmt: skip
GOOD = {"event": {"id": "e1"}, "lead": {"email": "ada@acme-works.com", "name": "Ada Lovelace"}, "plan": "pro"}


def make(company: Any, **facts: Any) -> tuple[InboundHook, str]:
    usual = {"name": "Booking tool", "source": company["source"], "scheme": "github", "mapping": MAPPING,
             "id_pointer": "/event/id"}  # fmt: skip
    hook = InboundHook(**{**usual, **facts})
    return hook, create_hook(hook, company["admin"], NOW)


def post(hook: InboundHook, secret: str, body: Any, **headers: str) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sign = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return Client().generic(
        "POST", f"/hooks/in/{hook.public_id}/", raw, "application/json",
        headers={"X-Hub-Signature-256": f"sha256={sign}", **headers},
    )  # fmt: skip


def test_a_post_gets_a_receipt_at_once_and_becomes_a_lead_when_it_is_taken(company: Any) -> None:
    hook, secret = make(company)
    answer = post(hook, secret, GOOD)
    assert answer.status_code == 202
    delivery = HookDelivery.objects.get(pk=decode("delivery", answer.json()["receipt"]))
    assert json.loads(delivery.body) == GOOD
    assert not Lead.objects.exists()
    assert take_deliveries(now=timezone.now()) == 1
    lead = Lead.objects.select_related("person").get()
    assert (lead.person.name, lead.attributes["plan"]) == ("Ada Lovelace", "pro")
    assert Signal.objects.get().kind.code == "demo_request"
    delivery.refresh_from_db()
    assert (delivery.state, delivery.submission_ids) == ("done", [Submission.objects.get().pk])
    assert Submission.objects.get().channel == "webhook"
    assert take_deliveries(now=timezone.now()) == 0


def test_the_same_event_twice_counts_once(company: Any) -> None:
    hook, secret = make(company)
    first, second = post(hook, secret, GOOD), post(hook, secret, {**GOOD, "plan": "other"})
    assert (first.json()["receipt"], second.json()["repeated"]) == (second.json()["receipt"], True)
    by_header = post(hook, secret, GOOD, **{"X-GitHub-Delivery": "e9"})
    assert not by_header.json()["repeated"]
    hook.refresh_from_db()
    assert (hook.received, hook.repeats) == (2, 1)


def test_whoever_is_not_the_sender_is_refused_and_counted_and_nothing_is_kept(company: Any) -> None:
    hook, _secret = make(company)
    answer = post(hook, "another-secret", GOOD)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    hook.refresh_from_db()
    assert (hook.refused, hook.last_refusal) == (1, "The signature does not fit the body.")
    assert not HookDelivery.objects.exists()


def test_a_secret_is_sealed_and_rotated_with_an_overlap(company: Any, settings: Any) -> None:
    hook, old = make(company)
    assert old not in hook.secret
    new = rotate_secret(hook, company["admin"], timezone.now(), timedelta(days=1))
    assert post(hook, old, GOOD).status_code == post(hook, new, GOOD).status_code == 202
    InboundHook.objects.update(previous_until=timezone.now() - timedelta(seconds=1))
    assert post(hook, old, GOOD).status_code == 401
    assert not any(secret in str(entry.after) for entry in LedgerEntry.objects.all() for secret in (old, new))
    settings.SECRET_KEY = "another one, so that nothing can be unsealed"
    assert post(hook, new, GOOD).status_code == 401


def test_a_secret_in_the_address_lets_anything_post(company: Any) -> None:
    hook, secret = make(company, scheme="address")
    path = address_of_hook(hook).partition("/hooks/")[2]
    assert secret in path
    assert Client().post(f"/hooks/{path}", GOOD, content_type="application/json").status_code == 202
    assert Client().post(f"/hooks/in/{hook.public_id}/", GOOD, content_type="application/json").status_code == 401
    form = {"lead": "x", "event": "y"}
    assert Client().post(f"/hooks/{path}", form).status_code == 202


def test_a_list_becomes_a_submission_for_each_entry(company: Any) -> None:
    rows = [{"target": "email", "pointer": "/email"}, {"target": "topic", "pointer": "#/topic"}]
    hook, secret = make(company, unpacks=True, items_pointer="/leads", mapping=rows)
    post(hook, secret, {"topic": "routing", "leads": [{"email": f"p{n}@acme-works.com"} for n in range(30)]})
    take_deliveries(now=timezone.now())
    assert Lead.objects.count() == 30
    assert len(HookDelivery.objects.get().submission_ids) == 30
    assert set(Signal.objects.values_list("topic", flat=True)) == {"routing"}


def test_what_failed_says_why_and_is_replayed_once_the_mapping_is_mended(company: Any) -> None:
    hook, secret = make(company, unpacks=True, items_pointer="/leads")
    post(hook, secret, GOOD)
    now = timezone.now()
    take_deliveries(now=now)
    delivery = HookDelivery.objects.get()
    assert (delivery.state, delivery.error) == ("failed", "There is no list at “/leads”.")
    assert SubmissionOutcome.objects.get().kind == "refused"
    before = {"unpacks": True}
    hook.unpacks = False
    change_hook(hook, before, company["admin"], now)
    assert replay([delivery.pk]) == 1
    take_deliveries(now=now)
    assert Lead.objects.count() == 1
    assert HookDelivery.objects.get().state == "done"
    assert replay([delivery.pk]) == 0
    (day,) = conservation(now.date(), now.date())
    assert (day.received, day.new, day.refused, day.missing) == (2, 1, 1, 0)


def test_what_nobody_can_be_told_by_fails_visibly(company: Any) -> None:
    hook, secret = make(company)
    post(hook, secret, {"lead": {"name": "Nobody"}})
    take_deliveries(now=timezone.now())
    delivery = HookDelivery.objects.get()
    assert delivery.state == "failed"
    assert delivery.error


def test_hostile_bodies_are_kept_and_accounted_for_and_break_nothing(company: Any) -> None:
    hook, secret = make(company, id_pointer="")
    for body in CORPUS:
        assert post(hook, secret, body).status_code == 202, body[:60]
    now = timezone.now()
    while take_deliveries(now=now):
        pass
    assert set(HookDelivery.objects.values_list("state", flat=True)) == {"failed"}
    assert HookDelivery.objects.count() == Submission.objects.count() == len(CORPUS)
    assert sum(day.missing for day in conservation(now.date() - timedelta(days=1), now.date())) == 0


def test_too_much_the_wrong_method_a_switched_off_and_an_unknown_hook_are_said(company: Any) -> None:
    hook, secret = make(company)
    assert post(hook, secret, b'"' + b"x" * 1_100_000 + b'"').status_code == 413
    assert Client().get(f"/hooks/in/{hook.public_id}/").status_code == 405
    assert Client().post("/hooks/in/hook_00000000000000000000000000/").status_code == 404
    assert Client().post("/hooks/in/nonsense/").status_code == 404
    InboundHook.objects.update(is_active=False)
    assert post(hook, secret, GOOD).status_code == 410
    assert not HookDelivery.objects.exists()


def test_bodies_are_emptied_after_a_month_and_what_became_of_them_stays(company: Any) -> None:
    hook, secret = make(company)
    post(hook, secret, GOOD)
    now = timezone.now()
    take_deliveries(now=now)
    assert forget_bodies(now - timedelta(days=30), now) == 0
    assert forget_bodies(now + timedelta(days=1), now) == 1
    delivery = HookDelivery.objects.get()
    assert (delivery.body, delivery.state) == ("", "done")
    assert delivery.submission_ids


# --- the pages of marketing ------------------------------------------------------------------------------------------
def fields(source: Any, **changes: str) -> dict[str, str]:
    return {
        "name": "Booking tool", "source": str(source.pk), "scheme": "hmac", "signature_header": "X-Sign",
        "timestamp_header": "", "id_header": "", "id_pointer": "", "items_pointer": "", "target-0": "email",
        "pointer-0": "/lead/email", "constant-0": "", "target-1": "attributes.", "name-1": "plan",
        "pointer-1": "/plan", "target-2": "", "pointer-2": "", "sample": json.dumps(GOOD), **changes,
    }  # fmt: skip


def test_a_marketer_registers_a_sender_sees_its_secret_once_and_maps_a_sample(sign_in: Any, company: Any) -> None:
    client = sign_in("marketer")
    preview = client.post("/webhooks/in/preview/", fields(company["source"])).content.decode()
    assert "ada@acme-works.com" in preview
    assert "<dt>E-mail</dt>" in preview
    assert "<dt>Fact “plan”</dt>" in preview
    made = client.post("/webhooks/in/new/", fields(company["source"]))
    hook = InboundHook.objects.get()
    assert hook.mapping == [{"target": "email", "pointer": "/lead/email"},
                            {"target": "attributes.plan", "pointer": "/plan"}]  # fmt: skip
    secret = made.content.decode().partition('id="secret">')[2].partition("<")[0]
    assert len(secret) > 30
    raw = json.dumps(GOOD).encode()
    sign = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    sent = Client().generic("POST", f"/hooks/in/{hook.public_id}/", raw, "application/json", headers={"X-Sign": sign})
    assert sent.status_code == 202
    page = client.get(f"/webhooks/in/{hook.public_id}/").content.decode()
    assert secret not in page
    assert "ada@acme-works.com" in page
    assert "ada@acme-works.com" in client.get(f"/webhooks/in/{hook.public_id}/edit/").content.decode()


def test_a_new_sender_is_mapped_by_a_pasted_body_before_anything_is_saved(sign_in: Any, company: Any) -> None:
    client = sign_in("marketer")
    fresh = client.get("/webhooks/in/new/").content.decode()
    assert 'value="/lead/email"' in fresh, "the mapping of the example fits the example"
    assert "Nothing of it is mapped" not in fresh
    sample = '{"people": [{"work_email": "ada@acme-works.com", "job_title": "CTO"}]}'
    asked = fields(company["source"], sample=sample, unpacks="on", items_pointer="/people")
    suggested = client.post("/webhooks/in/new/", {**asked, "suggest": "1"})
    page = suggested.content.decode()
    assert suggested.status_code == 200
    assert 'value="/job_title"' in page
    assert "Submission 1 of 1" in page
    previewed = client.post("/webhooks/in/new/", {**asked, "preview": "1"})
    assert previewed.status_code == 200
    assert "Submission 1 of 1" in previewed.content.decode(), "the list is unpacked as the form says"
    assert not InboundHook.objects.exists(), "looking registers nobody"


def test_a_mapping_that_makes_no_sense_is_refused_and_what_was_typed_stays(sign_in: Any, company: Any) -> None:
    answer = sign_in("marketer").post("/webhooks/in/new/", fields(company["source"], **{"pointer-0": "lead"}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "a pointer begins with /" in page
    assert 'value="lead"' in page
    assert not InboundHook.objects.exists()


def test_a_sender_is_changed_switched_rotated_and_replayed_on_its_page(sign_in: Any, company: Any) -> None:
    client = sign_in("admin")
    hook, secret = make(company)
    page = f"/webhooks/in/{hook.public_id}/"
    post(hook, secret, b"[")
    take_deliveries(now=timezone.now())
    assert "The body is no JSON" in client.get(f"{page}?state=failed").content.decode()
    client.post(f"{page}replay/", {"delivery": HookDelivery.objects.get().public_id})
    assert HookDelivery.objects.get().state == "waiting"
    client.post(f"{page}switch/", {"on": "0"})
    assert post(hook, secret, GOOD).status_code == 410
    client.post(f"{page}switch/", {"on": "1"})
    shown = client.post(f"{page}rotate/", {"secret": "", "overlap": "0"}).content.decode()
    assert 'id="secret"' in shown
    assert post(hook, secret, GOOD).status_code == 401
    short = client.post(f"{page}rotate/", {"secret": "short", "overlap": "0"}, follow=True).content.decode()
    assert "At least 16 characters" in short
    actions = set(LedgerEntry.objects.values_list("action", flat=True))
    assert {"inbound_webhook.created", "inbound_webhook.changed", "inbound_webhook.rotated"} <= actions


@pytest.mark.parametrize("role", ["rep", "sales_manager", "executive"])
def test_others_see_no_webhooks(sign_in: Any, company: Any, role: str) -> None:
    hook, _secret = make(company)
    client = sign_in(role)
    assert client.get("/webhooks/in/").status_code == 403
    assert client.get(f"/webhooks/in/{hook.public_id}/").status_code == 403
    assert Client().get("/webhooks/in/").status_code == 302
    assert sign_in("admin").get("/webhooks/in/hook_00000000000000000000000000/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_sender_and_for_three(
    sign_in: Any, company: Any, count: int, django_assert_num_queries: Any
) -> None:
    actor = User.objects.first() or UserFactory.create()
    for number in range(count):
        make({"source": SourceFactory.create(), "admin": actor}, name=f"Sender {number}")
    client = sign_in("admin")
    with django_assert_num_queries(4):  # session, person, rows, count
        assert client.get("/webhooks/in/").content.decode().count('<th scope="row"') == count
