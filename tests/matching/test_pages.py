"""The queue of duplicates, two of them side by side, the answers, and a merged lead under its old id."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from feedback.dispositions import Answer
from leads.matching.proposing import name_duplicate
from leads.matching.sweeping import sweep_all
from leads.models import AccountMerge, AccountProposal, Lead, Person, PersonMerge, PersonProposal
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from sla.models import HandOff
from tests.accounts.test_pages import lead_at
from tests.portal.desk import Office, open_office, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None) -> Office:
    return open_office()


def ada_twice(office: Office) -> tuple[Lead, Lead]:
    """One person under two addresses of one company."""
    first = lead_at(office, "ada@acme-works.com", company="Acme Works")
    second = lead_at(office, "ada.lovelace@acme-works.com", company="Acme Works", title="CFO", act="content_download",
                     signals=[], need="")  # fmt: skip
    return first, second


def asked(office: Office) -> PersonProposal:
    ada_twice(office)
    sweep_all(now=timezone.now())
    return PersonProposal.objects.select_related("first", "second").get()


def test_the_sweep_asks_and_the_queue_shows_why(office: Office) -> None:
    proposal = asked(office)
    page = signed_in(office.marketer).get("/merges/").content.decode()
    assert "ada@acme-works.com" in page
    assert "The same name, the same company." in page
    assert f"/merges/people/{proposal.public_id}/" in page
    assert "To decide (1)" in page


def test_the_queue_costs_the_same_for_one_question_and_for_three(
    office: Office, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    asked(office)
    client = signed_in(office.marketer)
    client.get("/merges/")
    with django_assert_num_queries(7):
        client.get("/merges/")
    others = [lead_at(office, f"x{number}@else.com", first_name=f"X{number}") for number in range(3)]
    for one in others[1:]:
        name_duplicate(others[0].person_id, one.person_id, now=timezone.now())
    with django_assert_num_queries(7):
        client.get("/merges/")


@pytest.mark.parametrize(
    ("query", "is_shown"),
    [("", True), ("sure=yes", False), ("origin=matching", True), ("origin=sales", False), ("state=refused", False),
     ("of=accounts", False)],
)  # fmt: skip
def test_the_queue_is_filtered(office: Office, query: str, is_shown: bool) -> None:
    asked(office)
    assert ("ada@acme-works.com" in signed_in(office.admin).get(f"/merges/?{query}").content.decode()) is is_shown


def test_an_empty_queue_says_what_comes_here(office: Office) -> None:
    assert "No question is open" in signed_in(office.admin).get("/merges/").content.decode()


def test_two_are_compared_in_words_not_in_codes(office: Office) -> None:
    proposal = asked(office)
    Person.objects.update(country="DE", city="Köln")
    page = signed_in(office.marketer).get(f"/merges/people/{proposal.public_id}/").content.decode()
    assert "Germany · Köln" in page


def test_two_are_shown_side_by_side_and_merged_as_chosen(office: Office) -> None:
    proposal = asked(office)
    client, path = signed_in(office.marketer), f"/merges/people/{proposal.public_id}/"
    page = client.get(path).content.decode()
    assert "What happens" in page
    assert 'name="fact_title"' in page
    keep = "first" if 'name="keep" value="first"' in page else "second"
    answer = client.post(f"{path}merge/", {"keep": keep, "fact_title": "theirs", "fact_email": "mine"})
    done = PersonMerge.objects.select_related("survivor", "kept_lead", "merged_lead").get()
    assert answer.status_code == 302
    assert done.kept_lead is not None
    assert done.merged_lead is not None
    assert answer["Location"] == f"/leads/{done.kept_lead.public_id}/"
    assert done.taken == ["title"]
    assert client.post(f"{path}merge/", {"keep": keep}).status_code == 409, "the first answer counts"
    old = client.get(f"/leads/{done.merged_lead.public_id}/").content.decode()
    assert "This lead was merged into another one" in old
    assert f"/leads/{done.kept_lead.public_id}/" in old
    new = client.get(f"/leads/{done.kept_lead.public_id}/").content.decode()
    assert "is the same person" in new
    undone = client.post(f"/merges/people/{done.public_id}/undo/")
    assert undone["Location"] == path
    assert client.get(f"/leads/{done.merged_lead.public_id}/").status_code == 200
    assert PersonProposal.objects.get().state == "open"
    assert LedgerEntry.objects.filter(action="person.merge_undone").exists()


def test_not_the_same_is_remembered_and_never_asked_again(office: Office) -> None:
    proposal = asked(office)
    client, path = signed_in(office.sales_head), f"/merges/people/{proposal.public_id}/"
    assert client.post(f"{path}refuse/").status_code == 302
    Person.objects.update(updated_at=timezone.now())
    sweep_all(now=timezone.now())
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == ("refused", office.sales_head)
    assert name_duplicate(proposal.first_id, proposal.second_id, now=timezone.now()) is None
    assert client.post(f"{path}refuse/").status_code == 409
    assert "Nobody is asked again" in client.get(path).content.decode()
    client.post(f"{path}ask-again/")
    proposal.refresh_from_db()
    assert proposal.state == "open"


def test_a_question_that_no_longer_holds_is_dropped(office: Office) -> None:
    proposal = asked(office)
    Person.objects.filter(pk=proposal.second_id).update(
        first_name="Grace", last_name="Hopper", updated_at=timezone.now()
    )
    sweep_all(now=timezone.now())
    proposal.refresh_from_db()
    assert proposal.state == "moot"


def test_a_merge_that_cannot_be_says_why(office: Office) -> None:
    proposal = asked(office)
    Lead.objects.update(stage="opportunity")
    answer = signed_in(office.admin).post(f"/merges/people/{proposal.public_id}/merge/", {"keep": "first"})
    assert answer.status_code == 409
    assert "a deal is never hidden" in answer.content.decode()


@pytest.mark.parametrize("path", ["merge/", "refuse/", "ask-again/"])
def test_reps_and_executives_decide_nothing(office: Office, path: str) -> None:
    proposal = asked(office)
    assert signed_in(office.rep).post(f"/merges/people/{proposal.public_id}/{path}").status_code == 403
    assert signed_in(office.rep).get("/merges/").status_code == 403
    assert Client().get("/merges/").status_code == 302


@pytest.mark.parametrize("path", ["people/nothing", "robots/match_00000000000000000000000000", "people/match_0"])
def test_what_is_no_proposal_is_not_found(office: Office, path: str) -> None:
    assert signed_in(office.admin).get(f"/merges/{path}/").status_code == 404


def test_a_rejection_as_duplicate_opens_the_question(office: Office) -> None:
    first, second = ada_twice(office)
    Person.objects.filter(pk=second.person_id).update(last_name="Byron")
    handoff = HandOff.objects.get(lead=first)
    answer = Answer(
        first.pk, handoff.owner_id or office.rep.pk, "rejected", timezone.now(), reason="duplicate_of",
        evidence=f"See https://portal/leads/{second.public_id}/", second_look="Looked at both, same Ada",
    )  # fmt: skip
    (answered,) = journey.decide([answer], now=timezone.now())
    assert answered.refusal == ""
    proposal = PersonProposal.objects.get()
    assert {proposal.first_id, proposal.second_id} == {first.person_id, second.person_id}
    assert (proposal.origin, proposal.state) == ("sales", "open")
    sweep_all(now=timezone.now())
    proposal.refresh_from_db()
    assert proposal.state == "open", "matching does not drop what sales said"


def test_somebody_names_the_other_lead_by_its_address(office: Office) -> None:
    first, second = ada_twice(office)
    client = signed_in(office.marketer)
    answer = client.post(f"/leads/{first.public_id}/same-as/", {"other": "ada.lovelace@acme-works.com"})
    assert answer["Location"] == f"/merges/people/{PersonProposal.objects.get().public_id}/"
    wrong = client.post(f"/leads/{first.public_id}/same-as/", {"other": "whoever"}, follow=True)
    assert "It must be another person" in wrong.content.decode()
    assert second.pk


def test_accounts_are_merged_and_parted_the_same_way(office: Office) -> None:
    first = lead_at(office, "ada@acme-works.com", company="Acme Works")
    second = lead_at(office, "kim@acmeworks.io", company="Acme Works", first_name="Kim")
    sweep_all(now=timezone.now())
    proposal: Any = AccountProposal.objects.get()
    client, path = signed_in(office.admin), f"/merges/accounts/{proposal.public_id}/"
    page = client.get(path).content.decode()
    assert "acmeworks.io" in page
    keep = "first" if proposal.first_id == first.account_id else "second"
    assert client.post(f"{path}merge/", {"keep": keep, "fact_domain": "mine"}).status_code == 302
    second.refresh_from_db()
    assert second.account_id == first.account_id
    later = lead_at(office, "lee@acmeworks.io", first_name="Lee", company="")
    assert later.account_id == first.account_id, "its domain is still found"
    done = AccountMerge.objects.get()
    client.post(f"/merges/accounts/{done.public_id}/undo/")
    second.refresh_from_db()
    later.refresh_from_db()
    assert second.account_id == done.merged_id
    assert later.account_id == first.account_id, "who came since stays"
    assert AccountProposal.objects.get().state == "open"
