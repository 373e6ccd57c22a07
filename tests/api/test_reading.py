"""What the API shows: leads, why, timelines, rules, clocks, numbers, people; masked where the key may not know."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.metrics import Week, organisation_zone
from leads.models import Lead
from tests.api.conftest import READY

pytestmark = pytest.mark.django_db


def test_a_lead_shows_person_account_score_and_owner(lead):
    assert (lead["tier"], lead["stage"], lead["source"]) == (1, "handed_off", "website")
    assert lead["person"]["email"] == "ada@acme-works.com"
    assert lead["account"]["domain"] == "acme-works.com"
    assert lead["score"]["intent"] > 0
    assert lead["owner"]["name"]


def test_persons_are_masked_without_the_scope(key_with, lead):
    client = key_with("leads:read")
    shown = client.get_json(f"leads/{lead['id']}/")
    assert shown["person"]["is_masked"] is True
    assert {shown["person"][name] for name in ("name", "email", "phone", "title", "city")} == {None}
    assert (shown["need"], shown["attributes"]) == (None, None)
    assert "Ada" not in str(client.get("/api/v1/leads/").content)
    assert all(event["text"] == "" for event in client.get_json(f"leads/{lead['id']}/timeline/")["data"])
    assert client.get("/api/v1/leads/?q=ada").json()["required_scopes"] == ["people:pii"]
    assert {user["email"] for user in client.get_json("users/")["data"]} == {None}


def test_the_etag_changes_with_what_is_shown(machine, lead):
    path = f"/api/v1/leads/{lead['id']}/"
    tag = machine.get(path)["ETag"]
    assert machine.get(path, headers={"If-None-Match": tag}).status_code == 304
    machine.send("submissions/", {**READY, "need": "Something new"})
    answer = machine.get(path, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer["ETag"] != tag


def test_why_adds_up(machine, lead):
    why = machine.get_json(f"leads/{lead['id']}/why/")
    assert why["tier"] == 1
    for axis in why["axes"].values():
        assert axis["total"] == pytest.approx(sum(reason["points"] for reason in axis["reasons"]))
    page = machine.get_json("leads/", expand="why")
    assert page["data"][0]["why"] == why["summary"]


def test_why_links_its_evidence_and_says_how_far_the_buyer_has_come(machine, lead):
    why = machine.get_json(f"leads/{lead['id']}/why/")
    refs = [ref for axis in why["axes"].values() for reason in axis["reasons"] for ref in reason["evidence_refs"]]
    assert {"fact", "signals"} == {ref["type"] for ref in refs}
    assert why["evaluation_stage"]["key"] == "ready"
    assert "equested a demo on" in why["evaluation_stage"]["evidence"]
    now = machine.get_json(f"leads/{lead['id']}/why/", at="now")
    assert (now["decision"], now["tier"], now["axes"]) == (None, why["tier"], why["axes"])
    machine.get_json(f"leads/{lead['id']}/why/", 422, at="then")


def test_a_timeline_is_walked_to_its_end(machine, lead):
    whole = machine.get_json(f"leads/{lead['id']}/timeline/")["data"]
    walked, url = [], f"leads/{lead['id']}/timeline/?limit=2"
    while url:
        page = machine.get(f"/api/v1/{url}" if url.startswith("leads") else url).json()
        walked += page["data"]
        url = page["next_url"]
    assert walked == whole
    machine.get_json(f"leads/{lead['id']}/timeline/", 400, cursor="x")
    machine.get_json(f"leads/{lead['id']}/timeline/", 422, kind="x")
    machine.get_json(f"leads/{lead['id']}/timeline/", 422, limit="0")


def test_the_list_filters_sorts_and_walks(machine, house):
    for number in range(5):
        machine.send("submissions/", {**READY, "email": f"p{number}@firm{number}.com", "company": f"Firm {number}"})
    for sort in ("received_at", "-received_at", "tier", "-priority", "id", "-stage_at"):
        walked, url = [], f"/api/v1/leads/?limit=2&sort={sort}"
        while url:
            page = machine.get(url).json()
            walked += [row["id"] for row in page["data"]]
            url = page["next_url"]
        assert len(walked) == len(set(walked)) == 5, sort
    assert len(machine.get_json("leads/", stage="handed_off", tier="1", source="website")["data"]) == 5
    assert machine.get_json("leads/", stage="won")["data"] == []
    assert len(machine.get_json("leads/", q="firm3")["data"]) == 1
    for wrong in ({"stge": "won"}, {"stage": "gone"}, {"sort": "email"}, {"expand": "all"}, {"source": "nowhere"}):
        machine.get_json("leads/", 422, **wrong)
    machine.get_json("leads/", 400, cursor="abc")


def test_queries_of_lists_do_not_grow_with_rows(machine):
    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            machine.get_json(path)
        return len(queries)

    paths = ["leads/", "leads/?expand=why", "submissions/", "signals/", "clocks/", "attempts/", "users/", "sources/"]
    machine.send("submissions/", READY)
    few = {path: count(path) for path in paths}
    for number in range(4):
        machine.send("submissions/", {**READY, "email": f"p{number}@firm{number}.com"})
    assert {path: count(path) for path in paths} == few
    assert few["leads/"] == 2
    assert few["leads/?expand=why"] == 4


def test_signals_find_their_lead_and_count_once(machine, lead):
    signal = {"source": "website", "email": READY["email"], "kind": "pricing_page_visit", "event_id": "e-1"}
    assert machine.send("signals/", signal, 201).json() == {"outcome": "recorded", "lead_id": lead["id"]}
    assert machine.send("signals/", signal, 200).json()["outcome"] == "repeat"
    assert (
        machine.send("signals/", {**signal, "email": "nobody@x.com"}, 422).json()["errors"][0]["code"] == "unknown_lead"
    )
    machine.send("signals/", {**signal, "source": "nowhere"}, 422)
    machine.send("signals/", {**signal, "lead_id": lead["id"]}, 422)
    batch = {"source": "website", "items": [
        {"lead_id": lead["id"], "kind": "demo_request", "client_ref": "1"},
        {"email": READY["email"], "kind": "email_open", "event_id": "e-1"},
        {"email": "nobody@x.com", "kind": "email_open"},
        {"kind": "email_open"}, 7, {"email": READY["email"], "kind": "x", "quantity": 0},
    ]}  # fmt: skip
    body = machine.send("signals/batch/", batch, 200).json()
    assert [row["outcome"] for row in body["results"]] == ["recorded", "repeat", *["refused"] * 4]
    assert body["results"][0]["client_ref"] == "1"
    assert next(row["kind"] for row in machine.get_json("signals/", lead=lead["id"])["data"]) == "demo_request"


def test_a_person_known_by_an_external_id_is_found(machine):
    machine.send("submissions/", {"source": "website", "external_id": "crm-7", "company": "Acme"}, 201)
    signal = {"source": "website", "external_id": "crm-7", "kind": "demo_request"}
    machine.send("signals/", signal, 201)


def test_a_rulebook_is_readable(machine):
    live = machine.get_json("rulebooks/live/")
    assert live["state"] == "live"
    assert all(len(rule["sentence"].split()) <= 25 for rule in live["rules"])
    assert machine.get_json(f"rulebooks/{live['id']}/")["tiers"][0]["hand_raise"]
    assert machine.get_json("rulebooks/")["data"][0]["id"] == live["id"]
    machine.get_json("rulebooks/nonsense/", 404)


def test_clocks_are_filtered_by_state(machine, lead):
    clocks = machine.get_json("clocks/", lead=lead["id"])["data"]
    assert {clock["clause"] for clock in clocks} == {"details_within", "first_contact", "decision"}
    for state in ("running", "due_soon", "met", "breached", "cancelled", "paused"):
        found = machine.get_json("clocks/", lead=lead["id"], state=state)["data"]
        assert [clock["id"] for clock in found] == [clock["id"] for clock in clocks if clock["state"] == state]
    machine.get_json(f"clocks/{clocks[0]['id']}/")


def test_every_metric_answers(machine, lead):
    week = Week.of(timezone.now(), organisation_zone()).name
    machine.send(f"leads/{lead['id']}/accept/", {}, 200)
    for metric in machine.get_json("metrics/")["data"]:
        body = machine.get_json(f"metrics/{metric['key']}/", week=week, weeks="4", source="website")
        assert len(body["series"]) == 4
        assert body["series"][-1]["week"] == week
    body = machine.get_json("metrics/acceptance_rate/", week=week)
    assert (body["value"], body["n"], body["too_few"]) == (1.0, 1, True)
    assert body["interval"]["low"] < 1
    assert machine.get_json("metrics/acceptance_rate/leads/", week=week)["data"] == [{"id": lead["id"]}]
    machine.get_json("metrics/acceptance_rate/", 422, week="2026-W60")
    machine.get_json("metrics/acceptance_rate/", 422, week="0001-W01")
    machine.get_json("metrics/acceptance_rate/", 422, source="nowhere")
    machine.get_json("metrics/acceptance_rate/", 422, weeks="9999")
    machine.get_json("metrics/mql_volume/", 404)


def test_reviews_answer_for_weeks_that_began(machine, lead):
    zone = organisation_zone()
    week = Week.of(timezone.now(), zone)
    body = machine.get_json(f"reviews/{week.name}/")
    assert body["is_frozen"] is False
    assert body["review"]["week"] == week.name
    machine.get_json(f"reviews/{week.plus(-1).name}/")
    for wrong in (week.plus(1).name, "2026-W99", "9999-W52", "0001-W01", "x"):
        machine.get_json(f"reviews/{wrong}/", 404)


def test_me_names_the_key_and_what_it_may_do(key_with, as_):
    body = key_with("leads:read").get_json("me/")
    assert body["api_key"]["scopes"] == ["leads:read"]
    assert body["permissions"] == [
        "leads.view", "accounts.view", "merges.view", "submissions.view", "gate.view", "sources.view", "consents.view"
    ]  # fmt: skip
    assert as_("rep").get_json("me/")["api_key"] is None


def test_health_names_checks_and_findings_only_for_who_may_see_them(machine, as_):
    assert {check["finding"] for check in machine.get_json("health/")["checks"]} == {""}
    assert any(check["finding"] for check in as_("admin").get_json("health/")["checks"])


def test_withdrawn_leads_are_not_there(machine, lead):
    Lead.objects.update(withdrawn_at=timezone.now())
    machine.get_json(f"leads/{lead['id']}/", 404)
    assert machine.get_json("leads/")["data"] == []
