"""Retention over the API: the rules, what they would take, changing them, and who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Lead, RetentionRule
from revops.foundation import jobs
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from revops.portal.privacy import retention
from tests.factories import item

PATH = "/api/v1/retention_rules/"


@pytest.fixture
def old(house: Any) -> Lead:
    """Somebody who came 40 days ago and did nothing since."""
    at = timezone.now() - timedelta(days=40)
    (receipt,) = journey.admit([item(house.source, "ida@idle-works.com", _received_at=at)], now=at)
    return Lead.objects.get(pk=receipt.lead_id)


def change(client: Any, code: str, body: dict[str, Any], status: int, tag: str = "") -> Any:
    answer = client.patch(f"{PATH}{code}/", body, format="json", headers={"If-Match": tag} if tag else {})
    assert answer.status_code == status, answer.content
    return answer


def test_every_rule_is_listed_with_what_it_would_take(machine: Any, old: Lead) -> None:
    shown = machine.get_json("retention_rules/")
    assert [row["code"] for row in shown["data"]] == [rule.code for rule in retention.RULES]
    idle = next(row for row in shown["data"] if row["code"] == "idle_people")
    assert (idle["days"], idle["is_active"], idle["version"], idle["would_take"]) == (730, False, 0, 0)
    assert (idle["changed_at"], idle["changed_by_id"]) == (None, None)
    assert shown["next_run_at"] > timezone.now().isoformat()[:19]


def test_another_span_is_previewed_and_changes_nothing(machine: Any, old: Lead) -> None:
    assert machine.get_json("retention_rules/idle_people/", days="30")["would_take"] == 1
    assert machine.get_json("retention_rules/idle_people/", days="60")["would_take"] == 0
    assert machine.get_json("retention_rules/idle_people/")["days"] == 730
    for wrong in ("0", "3651", "many", "-1", "99999999999"):
        problem = machine.get_json("retention_rules/idle_people/", 422, days=wrong)
        assert problem["errors"][0]["pointer"] == "#/query/days"
    assert not RetentionRule.objects.exists()


def test_a_rule_is_changed_and_counts_at_the_next_run(machine: Any, old: Lead) -> None:
    tag = machine.get(f"{PATH}idle_people/")["ETag"]
    done = change(machine, "idle_people", {"days": 30, "is_active": True}, 200, tag)
    assert (done.json()["days"], done.json()["is_active"], done.json()["would_take"]) == (30, True, 1)
    assert (done.json()["version"], done["ETag"]) == (1, '"v1"')
    again = change(machine, "idle_people", {"days": 35}, 200, done["ETag"]).json()
    assert (again["days"], again["is_active"], again["version"]) == (35, True, 2)
    entries = LedgerEntry.objects.filter(action="retention.changed").order_by("pk")
    assert [entry.after["days"] for entry in entries] == [30, 35]
    job = retention.start_retention(None, timezone.now())
    jobs.run(job.pk, timezone.now)
    old.person.refresh_from_db()
    assert old.person.erased_at is not None
    assert machine.get_json("retention_rules/idle_people/")["would_take"] == 0


def test_a_change_names_what_was_read_and_says_something(machine: Any, house: Any) -> None:
    assert change(machine, "messages", {"days": 9}, 428).json()["code"] == "precondition_required"
    assert change(machine, "messages", {"days": 9}, 412, '"v7"').json()["current_version"] == 0
    assert change(machine, "messages", {}, 422, '"v0"').json()["errors"][0]["code"] == "nothing_to_change"
    for wrong in ({"days": 0}, {"days": 3651}, {"days": None}, {"is_active": "perhaps"}, {"code": "x"}):
        change(machine, "messages", wrong, 422, '"v0"')
    change(machine, "nothing", {"days": 9}, 404, '"v0"')
    assert not RetentionRule.objects.exists()


def test_a_rule_somebody_changed_at_the_same_moment_is_kept(machine: Any, house: Any, monkeypatch: Any) -> None:
    real = retention.set_rule

    def late(code: str, days: int, by: Any, now: Any, **more: Any) -> None:
        real(code, 50, by, now, is_active=True, version=0)
        real(code, days, by, now, **more)

    monkeypatch.setattr(retention, "set_rule", late)
    assert change(machine, "messages", {"days": 9}, 412, '"v0"').json()["code"] == "version_mismatch"


def test_only_who_may_erase_sees_and_changes_how_long_is_kept(as_: Any, key_with: Any, house: Any) -> None:
    assert key_with("leads:read").get_json("retention_rules/", 403)["code"] == "insufficient_scope"
    for role in ("rep", "marketer", "marketing_manager", "sales_manager", "executive"):
        assert as_(role).get_json("retention_rules/", 403)["code"] == "forbidden"
        change(as_(role), "messages", {"days": 9}, 403, '"v0"')
    assert len(as_("admin").get_json("retention_rules/")["data"]) == len(retention.RULES)
