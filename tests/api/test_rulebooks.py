"""Rulebooks over the API: drafts by machines, signatures by people only, backtests at once or as an operation."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from revops.foundation import jobs
from revops.foundation.models import Job
from scoring.backtest import pack_everything
from scoring.models import ReasonMark, Rulebook
from scoring.publishing import create_draft, sign_rulebook
from tests.api.conftest import READY

JSON = {"format": "json"}


def less_for_webinars() -> dict[str, Any]:
    definition = Rulebook.objects.get(state="live").definition
    rules = [{**rule, "points": 1000} if rule["key"] == "webinar" else rule for rule in definition["rules"]]
    return {part: value for part, value in {**definition, "rules": rules}.items() if part != "kinds"}


def test_a_machine_drafts_edits_and_puts_a_change_before_people(machine: Any) -> None:
    made = machine.send("rulebooks/", {"name": "Less for webinars", "definition": less_for_webinars()}, 201)
    draft = made.json()
    assert (draft["state"], draft["revision"], made["ETag"]) == ("draft", 1, '"v1"')
    address = f"/api/v1/rulebooks/{draft['id']}/"
    assert machine.patch(address, {"name": "x"}, **JSON).status_code == 428
    tag = {"headers": {"If-Match": '"v1"'}}
    changed = machine.patch(address, {"summary": "Webinars say little."}, **JSON, **tag)
    assert (changed.status_code, changed.json()["revision"]) == (200, 2)
    assert machine.patch(address, {"name": "x"}, **JSON, **tag).status_code == 412
    (difference,) = machine.get_json(f"rulebooks/{draft['id']}/differences/")["differences"]
    assert (difference["key"], difference["kind"]) == ("webinar", "changed")
    assert "+8 → +1 intent" in difference["words"]
    asked = machine.send(f"rulebooks/{draft['id']}/request_review/", {}, 200).json()
    assert asked["state"] == "review"
    assert machine.send(f"rulebooks/{draft['id']}/request_review/", {}, 409).json()["code"] == "conflict"


def test_no_key_signs_or_publishes(machine: Any, house: Any) -> None:
    draft = machine.send("rulebooks/", {"definition": less_for_webinars(), "summary": "Less."}, 201).json()
    for step in ("sign", "publish", "decline", "signatures"):
        assert machine.post(f"/api/v1/rulebooks/{draft['id']}/{step}/", {}, **JSON).status_code in (404, 405)
    book = Rulebook.objects.get(version=draft["version"])
    sign_rulebook(book, house.people["sales_manager"], "sales", timezone.now())
    (signature,) = machine.get_json(f"rulebooks/{draft['id']}/signatures/")["signatures"]
    assert (signature["side"], signature["counts"]) == ("sales", True)


def test_drafts_begin_at_the_live_rules_or_a_preset_and_are_discarded(machine: Any) -> None:
    live = machine.send("rulebooks/", {}, 201).json()
    assert live["content_hash"] == machine.get_json("rulebooks/live/")["content_hash"]
    few = machine.send("rulebooks/", {"preset": "enquiries_only"}, 201).json()
    assert len(few["rules"]) == 4
    assert machine.send(f"rulebooks/{few['id']}/discard/", {"reason": "A try"}, 200).json()["state"] == "discarded"
    assert machine.send(f"rulebooks/{few['id']}/discard/", {}, 409).json()["code"] == "conflict"
    assert machine.send("rulebooks/", {"preset": "none"}, 422).status_code == 422


def test_a_wrong_definition_is_refused_by_its_places(machine: Any) -> None:
    wrong = less_for_webinars()
    wrong["rules"][0]["points"] = "many"
    problem = machine.send("rulebooks/", {"definition": wrong}, 422).json()
    assert problem["errors"][0]["pointer"] == "#/definition/rules/0/points"
    told = machine.send("rulebooks/lint/", {"definition": wrong}, 200).json()
    assert (told["may_be_saved"], told["remarks"][0]["pointer"]) == (False, "/rules/0/points")
    assert machine.send("rulebooks/lint/", {"definition": less_for_webinars()}, 200).json()["may_be_saved"]
    assert Rulebook.objects.count() == 1


def test_a_backtest_answers_at_once_or_as_an_operation(machine: Any) -> None:
    told = machine.send("backtests/", {"definition": less_for_webinars()}, 200).json()
    assert (told["cases"], told["is_exact"], told["flipped"]) == (0, True, 0)
    assert machine.send("backtests/", {"rulebook_id": "live", "mode": "exact"}, 200).json()["flipped"] == 0
    answer = machine.send("backtests/", {"rulebook_id": "live", "mode": "operation"}, 202)
    job = Job.objects.get(kind="backtest")
    assert jobs.run(job.pk, timezone.now) == "done"
    done = machine.get_json(answer["Location"].removeprefix("/api/v1/"))
    assert done["result"]["is_exact"] is True
    assert machine.send("backtests/", {}, 422).json()["errors"][0]["pointer"] == "#/definition"
    assert machine.send("backtests/", {"definition": {}}, 422).status_code == 422


def test_every_lead_that_would_flip_is_read_page_by_page(machine: Any) -> None:
    for number in range(3):
        machine.send("submissions/", {**READY, "email": f"ada@flip-{number}.com"}, 201)
    pack_everything(now=timezone.now())
    stricter = less_for_webinars()
    stricter["tiers"]["1"]["minimum"] = {"intent": 60_000}
    pages = [
        machine.send("backtests/flips/", {"definition": stricter, "offset": start, "limit": 2}, 200).json()
        for start in (0, 2)
    ]
    assert [(page["flipped"], len(page["data"])) for page in pages] == [(3, 2), (3, 1)]
    flips = [flip for page in pages for flip in page["data"]]
    assert len({flip["lead_id"] for flip in flips}) == 3
    assert {(flip["tier_before"], flip["tier_after"]) for flip in flips} <= {(1, 2), (1, 3)}
    assert machine.send("backtests/flips/", {"rulebook_id": "live"}, 200).json() == {"flipped": 0, "data": []}
    assert machine.send("backtests/flips/", {"rulebook_id": "live", "limit": 201}, 422).status_code == 422


@pytest.mark.parametrize(("role", "status"), [("rep", 403), ("executive", 403), ("marketer", 201), ("admin", 201)])
def test_who_may_draft(as_: Any, role: str, status: int) -> None:
    assert as_(role).post("/api/v1/rulebooks/", {}, **JSON).status_code == status


def test_a_strange_draft_does_not_exist(machine: Any, house: Any) -> None:
    assert machine.get("/api/v1/rulebooks/rulebook_00000000000000000000000000/effects/").status_code == 404
    book = create_draft(less_for_webinars(), house.people["admin"], "x", "", timezone.now())
    assert machine.get_json(f"rulebooks/{book.public_id}/effects/")["effects"] == []


def test_a_reason_is_marked_for_the_owner(machine: Any) -> None:
    lead = machine.send("submissions/", READY, 201).json()["lead_id"]
    path = f"leads/{lead}/reason_marks/"
    told = machine.send(path, {"rule": "decision_maker", "is_helpful": False}, 200).json()
    assert (told["rule"], told["is_helpful"]) == ("decision_maker", False)
    assert ReasonMark.objects.get().is_helpful is False
    assert machine.send(path, {"rule": "nothing", "is_helpful": True}, 422).json()["errors"][0]["pointer"] == "#/rule"


def test_a_shadow_run_is_started_read_and_ended(machine: Any) -> None:
    draft = machine.send("rulebooks/", {"definition": less_for_webinars()}, 201).json()
    run = machine.send("shadow_runs/", {"rulebook_id": draft["id"], "days": 3}, 201).json()
    assert machine.send("shadow_runs/", {"rulebook_id": draft["id"]}, 409).json()["code"] == "conflict"
    assert machine.send("shadow_runs/", {"rulebook_id": "live"}, 409).json()["code"] == "conflict"
    told = machine.get_json(f"shadow_runs/{run['id']}/")
    assert (told["decisions"], told["end"], told["by_rep"]) == (0, "", [])
    ended = machine.send(f"shadow_runs/{run['id']}/end/", {"end": "dropped", "note": "Enough"}, 200).json()
    assert (ended["end"], ended["note"]) == ("dropped", "Enough")
    assert machine.send(f"shadow_runs/{run['id']}/end/", {"end": "dropped"}, 409).json()["code"] == "conflict"
    assert [row["id"] for row in machine.get_json("shadow_runs/")["data"]] == [run["id"]]
