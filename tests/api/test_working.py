"""Agreements, routing, calendars, absences and leaving through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from revops.foundation.ids import encode, new_id
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from sla.agreement_words import PATTERNS
from sla.agreements import sign_agreement
from sla.models import Absence, Agreement, Assignment, CalendarVersion, HandOff, RepProfile, RoutingRules
from tests.api.conftest import READY

pytestmark = pytest.mark.django_db


def put(client: Any, path: str, body: Any, **headers: str) -> Any:
    return client.put(f"/api/v1/{path}", body, format="json", headers=headers)


def patch(client: Any, path: str, body: Any, **headers: str) -> Any:
    return client.patch(f"/api/v1/{path}", body, format="json", headers=headers)


def test_agreements_are_read_and_drafted_and_signatures_stay_human(house: Any, as_: Any, machine: Any) -> None:
    live = machine.get_json("agreements/live/")
    assert {clause["code"] for clause in live["clauses"]} >= {"first_contact", "details_within"}
    assert [row["is_current"] for row in live["signatures"]] == [True, True]
    assert machine.get_json("agreements/")["data"][0]["state"] == "live"
    body = {
        "summary": "More tries",
        "numbers": [{"code": "attempts", "number": "8"}, {"code": "huddle", "number": None}],
    }
    assert as_("rep").send("agreements/", body).status_code == 403
    manager = as_("sales_manager")
    made = manager.send("agreements/", body, 201).json()
    texts = {clause["code"]: clause["text"] for clause in made["clauses"]}
    assert texts["attempts"] == "Try 8 times on at least 2 channels before “no response”"
    assert "huddle" not in texts
    assert (made["state"], made["signatures"]) == ("draft", [])
    assert manager.send("agreements/", body).json()["errors"][0]["code"] == "draft_exists"
    assert manager.get_json(f"agreements/{made['id']}/")["revision"] == made["revision"]


def test_a_key_that_may_write_changes_and_discards_drafts_but_signs_nothing(
    house: Any, as_: Any, key_with: Any
) -> None:
    keeper, reader = key_with("sla:read", "sla:write"), key_with("sla:read")
    body = {"summary": "More tries", "numbers": [{"code": "attempts", "number": "8"}]}
    refused = reader.send("agreements/", body, 403).json()
    assert refused["required_scopes"] == ["sla:write"]
    made = keeper.send("agreements/", body, 201).json()
    path, tag = f"agreements/{made['id']}/", f'"v{made["revision"]}"'
    assert patch(keeper, path, {"summary": "x"}).status_code == 428
    assert patch(keeper, path, {"summary": "x"}, **{"If-Match": '"v99"'}).status_code == 412
    assert patch(reader, path, {"summary": "x"}, **{"If-Match": tag}).status_code == 403
    change = {"numbers": [{"code": "attempts", "number": "7"}], "review_on": made["review_on"]}
    changed = patch(keeper, path, change, **{"If-Match": tag})
    assert changed.status_code == 200, changed.content
    assert changed.json()["revision"] > made["revision"]
    texts = {clause["code"]: clause["text"] for clause in changed.json()["clauses"]}
    assert texts["attempts"] == "Try 7 times on at least 2 channels before “no response”"
    wrong = patch(keeper, path, {"calendar_id": "calendar_00000000000000000000000000"}, **{"If-Match": changed["ETag"]})
    assert wrong.json()["errors"][0]["code"] == "unknown_calendar"
    for act in ("sign", "signatures", "publish"):
        assert keeper.send(f"{path}{act}/", {}).status_code == 404
    assert {entry.action for entry in LedgerEntry.objects.filter(subject_kind="agreement")} >= {
        "agreement.drafted", "agreement.changed",
    }  # fmt: skip
    assert keeper.delete(f"/api/v1/{path}").status_code == 204
    assert Agreement.objects.count() == 1
    live = keeper.get_json("agreements/live/")
    signed = patch(keeper, f"agreements/{live['id']}/", {"summary": "x"}, **{"If-Match": f'"v{live["revision"]}"'})
    assert (signed.status_code, signed.json()["code"]) == (409, "invalid_transition")
    assert keeper.delete(f"/api/v1/agreements/{live['id']}/").status_code == 409


def test_a_draft_that_somebody_signed_is_not_discarded(house: Any, key_with: Any, as_: Any) -> None:
    keeper = key_with("sla:read", "sla:write")
    made = keeper.send("agreements/", {"summary": "More"}, 201).json()
    head = house.people["sales_manager"]
    with transaction.atomic():
        sign_agreement(Agreement.objects.get(state="draft"), "sales", head, now=timezone.now())
    answer = keeper.delete(f"/api/v1/agreements/{made['id']}/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not_possible")


def test_keys_write_calendars_routing_rules_and_everybodys_absences(house: Any, key_with: Any) -> None:
    keeper, reader = key_with("sla:read", "sla:write"), key_with("sla:read")
    week = {"name": "Lisbon", "zone": "Europe/Lisbon", "week": {"mon": [["09:00", "13:00"], ["14:00", "18:00"]]}}
    assert reader.send("calendars/", week).status_code == 403
    made = keeper.send("calendars/", week | {"country": "PT"}, 201).json()
    assert (made["name"], made["version"], made["country"]) == ("Lisbon", 1, "PT")
    assert keeper.send("calendars/", week).json()["errors"][0]["code"] == "name_taken"
    assert "never opens" in keeper.send("calendars/", week | {"name": "Never", "week": {}}, 422).json()["detail"]
    assert put(reader, "routing/rules/", {"note": "x", "rules": []}, **{"If-Match": '"v0"'}).status_code == 403
    assert put(keeper, "routing/rules/", {"note": "None", "rules": []}, **{"If-Match": '"v0"'}).status_code == 200

    start, rep = timezone.now() + timedelta(days=5), house.people["rep"]
    span = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(days=2)).isoformat()}
    assert keeper.send("absences/", span).json()["errors"][0]["code"] == "unknown_user"  # a machine is never away
    away = keeper.send("absences/", span | {"user_id": encode("user", rep.pk)}, 201).json()
    path = f"absences/{away['id']}/"
    assert reader.get(f"/api/v1/{path}").status_code == 403
    longer = {"ends_at": (start + timedelta(days=4)).isoformat(), "kind": "sick"}
    assert patch(keeper, path, longer, **{"If-Match": '"v9"'}).status_code == 412
    moved = patch(keeper, path, longer)
    assert moved.status_code == 200, moved.content
    assert (moved.json()["kind"], Absence.objects.get().ends_at) == ("sick", start + timedelta(days=4))
    backwards = patch(keeper, path, {"ends_at": (start - timedelta(days=1)).isoformat()})
    assert backwards.json()["errors"][0]["code"] == "not_possible"
    assert keeper.delete(f"/api/v1/{path}").status_code == 204
    kinds = set(LedgerEntry.objects.filter(actor=house.people["integration"]).values_list("action", flat=True))
    assert kinds >= {"calendar.added", "absence.added", "absence.moved", "absence.removed"}


def test_a_rep_moves_their_own_absence_and_nobody_elses(house: Any, as_: Any) -> None:
    rep, other = as_("rep"), as_("other_rep")
    start = timezone.now() + timedelta(days=5)
    span = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(days=2)).isoformat()}
    made = rep.send("absences/", span, 201).json()
    body = {"ends_at": (start + timedelta(days=1)).isoformat()}
    assert patch(other, f"absences/{made['id']}/", body).status_code == 404
    assert patch(rep, f"absences/{made['id']}/", body).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"numbers": [{"code": "attempts", "number": "99"}]}, "out_of_range"),
        ({"review_on": "2020-01-01"}, "out_of_range"),
        ({"calendar_id": "calendar_00000000000000000000000000"}, "unknown_calendar"),
        ({"numbers": [{"code": one.code, "number": None} for one in PATTERNS if one.side == "sales"]}, "one_sided"),
    ],
)  # fmt: skip
def test_a_draft_that_makes_no_sense_is_refused(house: Any, as_: Any, body: Any, code: str) -> None:
    answer = as_("admin").send("agreements/", body)
    assert answer.status_code == 422, answer.content
    assert answer.json()["errors"][0]["code"] == code


def test_rules_are_written_with_if_match_and_decide(house: Any, as_: Any, machine: Any) -> None:
    rep = house.people["rep"]
    manager = as_("sales_manager")
    rule = {"key": "de", "name": "Germany", "when": {"country": ["DE"], "employees": {"at_least": 10}},
            "user_ids": [encode("user", rep.pk)]}  # fmt: skip
    body = {"note": "Spring", "rules": [rule]}
    assert put(manager, "routing/rules/", body).status_code == 428
    assert put(manager, "routing/rules/", body, **{"If-Match": '"v7"'}).status_code == 412
    written = put(manager, "routing/rules/", body, **{"If-Match": '"v0"'})
    assert written.status_code == 200, written.content
    shown = machine.get_json("routing/rules/")
    assert shown["rules"][0]["sentence"].startswith("Leads from Germany, with at least 10 employees go to")
    assert shown["rules"][0]["when"] == {"country": ["DE"], "employees": {"at_least": 10}}
    again = put(manager, "routing/rules/", {"note": "Again", "rules": shown["rules"]}, **{"If-Match": '"v1"'})
    assert again.status_code == 422  # a sentence is read, not written
    nobody = {"note": "x", "rules": [{"key": "x", "name": "X"}]}
    refused = put(manager, "routing/rules/", nobody, **{"If-Match": '"v1"'})
    assert "sends leads to nobody" in refused.json()["detail"]
    machine.send("submissions/", READY, 201)
    assert HandOff.objects.get().owner == rep
    assert RoutingRules.objects.count() == 1


def test_a_dry_run_assigns_nothing_and_waiting_leads_are_routed(house: Any, as_: Any, machine: Any) -> None:
    RepProfile.objects.update(is_routable=False)
    lead_id = machine.send("submissions/", READY, 201).json()["lead_id"]
    (waiting,) = machine.get_json("routing/unrouted/")["data"]
    assert (waiting["lead_id"], waiting["reason"]) == (lead_id, "Nobody could take it: 2 not in routing")
    RepProfile.objects.update(is_routable=True)
    before = Assignment.objects.count()
    run = machine.send("routing/dry_run/", {"lead_ids": [lead_id]}, 200).json()
    assert run["routes"][0]["user_id"] is not None
    assert run["nobody"] == 0
    assert sum(share["balance_after"] for share in run["split"]) == 0
    assert machine.send("routing/dry_run/", {}, 200).json()["routes"][0]["lead_id"] == lead_id
    assert Assignment.objects.count() == before
    unknown = machine.send("routing/dry_run/", {"lead_ids": ["lead_00000000000000000000000000"]})
    assert unknown.json()["errors"][0]["code"] == "unknown_lead"
    manager = as_("sales_manager")
    assert manager.send("routing/unrouted/route/", {}, 200).json()["routed"] == [waiting["handoff_id"]]
    assert machine.get_json("routing/unrouted/")["data"] == []
    assert sum(row["balance"] for row in machine.get_json("routing/balances/")["balances"]) == 0


def test_a_calendar_is_read_and_gets_its_next_version(house: Any, as_: Any, machine: Any) -> None:
    first = machine.get_json("calendars/")["data"][0]
    path = f"calendars/{first['id']}/"
    body = {"zone": "Europe/Berlin", "week": {"mon": [["09:00", "12:00"]]}, "country": "DE",
            "own_days": [{"on": "2026-12-24", "name": "Eve", "windows": []}]}  # fmt: skip
    admin = as_("admin")
    assert put(admin, path, body).status_code == 428
    changed = put(admin, path, body, **{"If-Match": f'"v{first["version"]}"'})
    assert changed.status_code == 200, changed.content
    assert changed.json()["version"] == first["version"] + 1
    assert CalendarVersion.objects.latest("pk").spec["own"] == {"2026-12-24": {"name": "Eve", "windows": []}}
    never = put(admin, path, body | {"week": {}}, **{"If-Match": changed["ETag"]})
    assert "never opens" in never.json()["detail"]


def test_people_plan_their_own_absences_and_managers_everybodys(house: Any, as_: Any) -> None:
    rep, other = as_("rep"), as_("other_rep")
    start = timezone.now() + timedelta(days=5)
    span = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(days=2)).isoformat()}
    made = rep.send("absences/", span, 201).json()
    assert made["user_id"] == encode("user", house.people["rep"].pk)
    assert rep.send("absences/", span).json()["errors"][0]["code"] == "not_possible"
    assert other.get(f"/api/v1/absences/{made['id']}/").status_code == 404
    assert other.send("absences/", span | {"user_id": made["user_id"]}).json()["errors"][0]["code"] == "unknown_user"
    manager = as_("sales_manager")
    assert manager.get_json("absences/", user=made["user_id"])["data"][0]["id"] == made["id"]
    later = {name: (start + timedelta(days=day)).isoformat() for name, day in (("starts_at", 9), ("ends_at", 10))}
    manager.send("absences/", later | {"user_id": made["user_id"]}, 201)
    assert manager.delete(f"/api/v1/absences/{made['id']}/").status_code == 204
    assert Absence.objects.count() == 1


def test_deactivating_forces_a_decision_on_open_leads(house: Any, as_: Any, machine: Any) -> None:
    machine.send("submissions/", READY, 201)
    leaver = HandOff.objects.get().owner
    assert leaver is not None
    path = f"users/{encode('user', leaver.pk)}/deactivate/"
    admin = as_("admin")
    assert as_("sales_manager").send(path, {"how": "route"}).status_code == 403
    assert admin.send(path, {}).json()["errors"][0]["code"] == "decision_needed"
    nobody = {"how": "heir", "heir_id": encode("user", new_id())}
    assert admin.send(path, nobody, 422).json()["errors"][0]["code"] == "unknown_user"
    assert admin.send(f"users/{nobody['heir_id']}/deactivate/", {"how": "route"}).status_code == 404
    shown = admin.send(path, {"how": "route", "preview": True}, 200).json()
    assert (shown["leads"], len(shown["next"])) == (1, 1)
    leaver.refresh_from_db()
    assert leaver.is_active
    assert admin.send(path, {"how": "route"}, 200).json()["leads"] == 1
    leaver.refresh_from_db()
    assert not leaver.is_active
    assert HandOff.objects.get().owner not in (leaver, None)


def test_the_ladder_is_read_and_its_next_version_written(house: Any, as_: Any, key_with: Any) -> None:
    keeper = key_with("sla:read", "sla:write")
    usual = keeper.get_json("ladder/")
    assert [step["action"] for step in usual["steps"]] == ["remind", "backup", "manager", "pool"]
    assert (usual["version"], usual["agreement_id"][:10]) == (0, "agreement_")
    body = {"steps": [{"action": "remind", "after": 40}, {"action": "manager", "after": 120}], "most_moves": 1}
    assert put(keeper, "ladder/", body).status_code == 428
    saved = put(keeper, "ladder/", body, **{"If-Match": '"v0"'})
    assert (saved.status_code, saved.json()["version"], saved.json()["steps"]) == (200, 1, body["steps"])
    assert LedgerEntry.objects.filter(action="ladder.saved").exists()
    assert put(keeper, "ladder/", body, **{"If-Match": '"v0"'}).status_code == 412
    upside_down = {**body, "steps": body["steps"][::-1]}
    refused = put(keeper, "ladder/", upside_down, **{"If-Match": '"v1"'}).json()
    assert (refused["errors"][0]["pointer"], refused["errors"][0]["code"]) == ("#/steps", "invalid_ladder")
    assert put(as_("rep"), "ladder/", body, **{"If-Match": '"v1"'}).status_code == 403
    assert as_("rep").get_json("ladder/")["version"] == 1


def test_steps_that_were_taken_are_read_with_the_lead(house: Any, as_: Any, machine: Any) -> None:
    lead = machine.send("submissions/", READY, 201).json()["lead_id"]
    assert machine.get_json(f"leads/{lead}/escalations/") == {"data": []}
    journey.escalate(now=timezone.now() + timedelta(days=9))
    steps = machine.get_json(f"leads/{lead}/escalations/")["data"]
    assert {"remind", "backup", "manager", "pool"} <= {step["action"] for step in steps}
    assert all(step["taken_at"] >= step["due_at"] and step["clause"] for step in steps)
    assert machine.get("/api/v1/leads/lead_00000000000000000000000000/escalations/").status_code == 404
