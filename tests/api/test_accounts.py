"""Accounts, possible duplicates and merged leads over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from leads.matching.sweeping import sweep_all
from leads.models import Account, AccountTask, Lead, PersonMerge, PersonProposal
from leads.surges import set_surge_rule
from revops.foundation.ids import encode
from revops.portal.accounts.surging import raise_surges
from revops.portal.api.account_facts import AccountDetailSerializer, AccountTaskSerializer
from tests.api.conftest import READY, key_for
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
SECOND = {
    "source": "website",
    "email": "ada.lovelace@acme-works.com",
    "name": "Ada Lovelace",
    "act": "content_download",
}


def account_of(lead):
    return machine_id("account", Lead.objects.get(pk__isnull=False, person__email="ada@acme-works.com").account_id)


def machine_id(kind, pk):
    return encode(kind, pk)


def test_accounts_are_listed_filtered_and_read(lead, machine):
    (row,) = machine.get_json("accounts/", q="acme", state="working")["data"]
    assert (row["name"], row["domain"], row["people"], row["open_leads"]) == ("Acme Works", "acme-works.com", 1, 1)
    assert machine.get_json("accounts/", q="nobody")["data"] == []
    one = machine.get_json(f"accounts/{row['id']}/")
    assert one["inside"] is None
    response = machine.get(f"/api/v1/accounts/{row['id']}/")
    again = machine.get(f"/api/v1/accounts/{row['id']}/", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304
    machine.get_json("accounts/account_00000000000000000000000000/", 404)


def test_an_account_is_changed_by_a_merge_patch(lead, machine, house):
    path = f"/api/v1/accounts/{account_of(lead)}/"
    rep = encode("user", house.people["rep"].pk)
    body = {
        "industry": "Energy",
        "country": "Germany",
        "employees": None,
        "owner_id": rep,
        "inside": {"blocker": "Law"},
    }
    before = machine.get(path)["ETag"]
    answer = machine.patch(path, body, format="json", headers={"If-Match": before})
    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert (shown["industry"], shown["country"], shown["employees"], shown["owner_id"]) == ("Energy", "DE", None, rep)
    assert shown["inside"]["blocker"] == "Law"
    assert machine.patch(path, {"name": "x"}, format="json", headers={"If-Match": before}).status_code == 412


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"domain": "gmail.com"}, "/domain"),
        ({"country": "Atlantis"}, "/country"),
        ({"owner_id": "user_00000000000000000000000000"}, "/owner_id"),
        ({"parent_id": "account_00000000000000000000000000"}, "/parent_id"),
        ({"inside": {"next_what": "Board"}}, "/inside/next_on"),
        ({"weather": "fine"}, "#/weather"),
    ],
)
def test_a_change_that_names_nothing_says_which_field(lead, machine, body, pointer):
    answer = machine.patch(f"/api/v1/accounts/{account_of(lead)}/", body, format="json")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].endswith(pointer)


def test_an_account_cannot_own_its_parent(lead, machine):
    machine.send("submissions/", {**READY, "email": "kim@bolt.com", "company": "Bolt"}, 201)
    acme = account_of(lead)
    bolt = machine.get_json("accounts/", q="bolt")["data"][0]["id"]
    assert machine.patch(f"/api/v1/accounts/{bolt}/", {"parent_id": acme}, format="json").status_code == 200
    problem = machine.patch(f"/api/v1/accounts/{acme}/", {"parent_id": bolt}, format="json")
    assert (problem.status_code, problem.json()["code"]) == (409, "conflict")


def test_the_timeline_and_the_group_of_an_account(lead, machine, key_with):
    account = account_of(lead)
    page = machine.get_json(f"accounts/{account}/timeline/", kind="signal")
    assert {row["at"] for row in page["data"]}
    assert any("Ada Lovelace" in row["by"] for row in page["data"])
    machine.get_json(f"accounts/{account}/timeline/", 422, kind="weather")
    machine.get_json(f"accounts/{account}/timeline/", 400, cursor="forged")
    group = machine.get_json(f"accounts/{account}/group/")
    assert group["is_too_few"] is True
    assert group["members"][0]["name"] == "Ada Lovelace"
    masked = key_with("leads:read")
    assert masked.get_json(f"accounts/{account}/group/")["members"][0]["name"] is None
    assert all(row["by"] == "" for row in masked.get_json(f"accounts/{account}/timeline/")["data"])


def test_surges_are_listed_and_closed_once(lead, machine):
    machine.send("submissions/", {**READY, "email": "kim@acme-works.com", "first_name": "Kim"}, 201)
    set_surge_rule(2, 2, 14, None, now=timezone.now())
    raise_surges(now=timezone.now() + timedelta(seconds=1))
    (task,) = machine.get_json("account_tasks/", state="open")["data"]
    assert len(task["people_ids"]) == 2
    path = f"account_tasks/{task['id']}/close/"
    assert machine.send(path, {"state": "dismissed"}, 422).json()["errors"][0]["code"] == "required"
    assert machine.send(path, {"state": "done"}, 200).json()["state"] == "done"
    machine.send(path, {"state": "done"}, 409)
    assert AccountTask.objects.get().closed_by is not None


def merged_by(machine, admin):
    machine.send("submissions/", SECOND, 201)
    sweep_all(now=timezone.now())
    (match,) = machine.get_json("matches/people/", state="open", score_gte=50)["data"]
    ready = Lead.objects.get(person__email="ada@acme-works.com")
    keep = "first" if match["first_id"] == encode("person", ready.person_id) else "second"
    assert "The same name" in match["sentence"] or "the same name" in match["sentence"]
    return match, admin.send(f"matches/people/{match['id']}/merge/", {"keep": keep, "take": ["email"]}, 201).json()


def test_a_person_merges_a_key_only_reads(lead, machine, as_):
    match, merge = merged_by(machine, as_("admin"))
    assert merge["kept_lead_id"] == lead["id"]
    machine.send(f"matches/people/{match['id']}/merge/", {"keep": "first"}, 403)
    old = machine.get_json(f"leads/{merge['merged_lead_id']}/")
    assert old["merged_into"] == lead["id"]
    assert machine.get_json(f"leads/{merge['merged_lead_id']}/timeline/")["data"]
    assert machine.get_json(f"leads/{lead['id']}/")["merged_into"] is None
    assert [row["id"] for row in machine.get_json("leads/")["data"]] == [lead["id"]]
    as_("admin").send(f"matches/people/{match['id']}/refuse/", {}, 409)
    undone = as_("admin").send(f"merges/people/{merge['id']}/undo/", {}, 200).json()
    assert undone["undone_at"] is not None
    assert machine.get_json(f"leads/{merge['merged_lead_id']}/")["merged_into"] is None
    as_("admin").send(f"merges/people/{merge['id']}/undo/", {}, 409)
    assert PersonMerge.objects.get().undone_at is not None


@pytest.mark.parametrize("name", ["email", "swapped", "lead_id"])
def test_whoever_names_the_merged_one_means_the_lead_that_goes_on(lead, machine, as_, name):
    _match, merge = merged_by(machine, as_("admin"))
    named = {
        "email": {"email": "ada@acme-works.com"},
        "swapped": {"email": "ada.lovelace@acme-works.com"},
        "lead_id": {"lead_id": merge["merged_lead_id"]},
    }
    answer = machine.send("signals/", {"source": "website", "kind": "pricing_page_visit", **named[name]}, 201).json()
    assert answer["lead_id"] == lead["id"]


def test_a_repeat_enquiry_raises_the_intent_and_is_seen_on_the_timeline_at_once(lead, machine):
    before = machine.get_json(f"leads/{lead['id']}/")["score"]["intent"]
    started = timezone.now()
    body = {"source": "website", "email": "ADA@acme-works.com", "act": "roi_calculator"}
    receipt = machine.send("submissions/", body, 201).json()
    assert (receipt["outcome"], receipt["lead_id"]) == ("attached", lead["id"])
    after = machine.get_json(f"leads/{lead['id']}/")
    assert after["score"]["intent"] > before
    events = machine.get_json(f"leads/{lead['id']}/timeline/", kind="signal")["data"]
    fresh = [row for row in events if row["at"] >= started.isoformat()[:19]]
    assert len(fresh) >= 2, "the act itself, and that they came back"
    assert Lead.objects.count() == 1
    assert Account.objects.count() == 1


def test_a_rep_reads_only_their_accounts(lead, machine, as_, house):
    owner = Lead.objects.get().owner
    other = next(name for name in ("rep", "other_rep") if house.people[name] != owner)
    as_(other).get_json(f"accounts/{account_of(lead)}/", 404)
    assert as_(other).get_json("accounts/")["data"] == []


def test_what_is_no_kind_of_match_is_not_found(machine, house):
    machine.get_json("matches/robots/", 404)
    machine.get_json("matches/people/match_00000000000000000000000000/", 404)
    assert key_for(house.people["integration"])
    assert not PersonProposal.objects.exists()


def test_a_list_of_accounts_asks_as_often_for_one_as_for_three(machine, lead, django_assert_num_queries):
    def rows(path):
        with django_assert_num_queries(QUERIES[path]):
            return machine.get_json(path)["data"]

    account = Account.objects.get(domain="acme-works.com")
    AccountTask.objects.create(account=account, people=[], signals=1, window_from=NOW, opened_at=NOW)
    assert [len(rows(path)) for path in QUERIES] == [1, 1]
    for number in range(2):
        machine.send("submissions/", {**READY, "email": f"ada@other-{number}.com", "company": f"Other {number}"}, 201)
    for account in Account.objects.exclude(domain="acme-works.com"):
        AccountTask.objects.create(account=account, people=[], signals=1, window_from=NOW, opened_at=NOW)
    assert [len(rows(path)) for path in QUERIES] == [3, 3]


QUERIES = {"accounts/": 5, "account_tasks/": 2}
"""One for the key; accounts: the rows, their people, leads and surges."""


def test_a_row_of_the_list_says_what_the_account_says_alone(machine, lead):
    Account.objects.filter(domain="acme-works.com").update(employees=7, territory="North")
    (row,) = machine.get_json("accounts/")["data"]
    alone = machine.get_json(f"accounts/{row['id']}/")
    assert alone.pop("inside") is None
    assert row == alone
    assert set(row) | {"inside"} == set(AccountDetailSerializer().fields)
    account = Account.objects.get(domain="acme-works.com")
    task = AccountTask.objects.create(account=account, people=[], signals=1, window_from=NOW, opened_at=NOW)
    (listed,) = machine.get_json("account_tasks/")["data"]
    assert listed.keys() == AccountTaskSerializer().fields.keys()
    assert (listed["id"], listed["account_id"], listed["owner_id"]) == (encode("task", task.pk), row["id"], None)
    done = machine.send(f"account_tasks/{listed['id']}/close/", {"state": "done"}, 200).json()
    assert {name for name in listed if listed[name] != done[name]} == {"state", "closed_at"}
