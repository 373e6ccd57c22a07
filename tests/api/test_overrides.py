"""Exceptions from derived tiers and sales' word on signal kinds, over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leads.models import SignalKind
from revops.foundation.models import LedgerEntry
from scoring.models import KindVerdict, LeadScore, TierOverride
from tests.api.conftest import Client, key_for


@pytest.fixture
def lead_id(lead: dict[str, Any]) -> str:
    return str(lead["id"])


@pytest.fixture
def admin(as_: Callable[[str], Client]) -> Client:
    """The admin in a session: no key may grant."""
    return as_("admin")


def test_an_exception_is_granted_read_and_ended_and_the_derived_tier_stays(
    admin: Client, machine: Any, lead_id: str
) -> None:
    before = LeadScore.objects.get().tier
    body = {"lead_id": lead_id, "tier": 2, "reason": "They buy next year, their CFO told us.", "days": 7}
    made = admin.send("overrides/", body, 201).json()
    assert (made["tier"], made["derived_tier"], made["ended_at"]) == (2, before, None)
    assert LeadScore.objects.get().tier == before, "no path sets a tier by hand"
    (listed,) = machine.get_json("overrides/", state="active", lead_id=lead_id)["data"]
    assert listed == admin.get_json(f"overrides/{made['id']}/") == made
    ended = admin.send(f"overrides/{made['id']}/end/", {}, 200).json()
    assert ended["ended_at"]
    assert admin.send(f"overrides/{made['id']}/end/", {}, 409).json()["code"] == "conflict"
    assert machine.get_json("overrides/", state="active")["data"] == []
    assert len(machine.get_json("overrides/", state="over")["data"]) == 1
    actions = set(LedgerEntry.objects.filter(action__startswith="lead.").values_list("action", flat=True))
    assert {"lead.tier_overridden", "lead.override_ended"} <= actions


def test_an_exception_without_reason_end_or_lead_is_refused(admin: Client, lead_id: str) -> None:
    good = {"lead_id": lead_id, "tier": 1, "reason": "Asked us at the fair."}
    for wrong, pointer in (
        ({**good, "reason": " "}, "#/reason"),
        ({**good, "days": 91}, "#/days"),
        ({**good, "tier": 4}, "#/tier"),
        ({**good, "lead_id": "lead_00000000000000000000000000"}, "#/lead_id"),
    ):
        assert admin.send("overrides/", wrong, 422).json()["errors"][0]["pointer"] == pointer
    assert not TierOverride.objects.exists()


def test_a_key_reads_exceptions_and_grants_none_whoever_owns_it(machine: Any, house: Any, lead_id: str) -> None:
    body = {"lead_id": lead_id, "tier": 1, "reason": "We say so."}
    owned = Client(HTTP_AUTHORIZATION=f"Bearer {key_for(house.people['admin'])}")
    for client in (machine, owned):
        assert client.send("overrides/", body, 403).json()["code"] == "forbidden"
    assert machine.get_json("overrides/")["data"] == []


def test_sales_word_on_a_kind_needs_a_lift_and_a_person(machine: Any, as_: Callable[[str], Client]) -> None:
    SignalKind.objects.filter(code="blog_visit").update(is_proven=True)
    address = "signal_kinds/blog_visit/verdicts/"
    said = {"is_proven": False, "reason": "They read, they never buy."}
    assert machine.send(address, said, 403).json()["code"] == "forbidden"
    person = as_("sales_manager")
    made = person.send(address, said, 201).json()
    assert (made["kind"], made["is_proven"]) == ("blog_visit", False)
    assert person.send(address, said, 409).json()["code"] == "conflict", "it is so already"
    assert person.send(address, {"is_proven": True, "reason": "I like it."}, 409).status_code == 409, "no lift"
    (listed,) = machine.get_json(address)["data"]
    assert listed["id"] == made["id"]
    assert KindVerdict.objects.count() == 1
    kinds = {row["code"]: row for row in machine.get_json("signal_kinds/", limit=100)["data"]}
    assert kinds["blog_visit"]["is_proven"] is False
    assert kinds["blog_visit"]["lift"]["accepted_with"]["n"] == 0
    assert machine.get_json("signal_kinds/no_such/verdicts/", 404)["code"] == "not_found"
