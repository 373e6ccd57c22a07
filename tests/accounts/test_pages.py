"""The pages of accounts: the list, one company, its group, surges, and what may be changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from leads.acts import ActOnLead, read_act
from leads.matching.sweeping import sweep_all
from leads.models import Account, AccountTask, Lead, Person
from leads.surges import set_surge_rule
from revops.foundation.models import LedgerEntry, OutboxMessage
from revops.portal import journey
from revops.portal.accounts.surging import raise_surges
from sla.models import RepProfile
from tests.factories import item
from tests.portal.desk import READY, Office, open_office, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None) -> Office:
    return open_office()


def lead_at(office: Office, email: str, owner: Any = None, /, **facts: Any) -> Lead:
    """A sales-ready lead of this address, routed to `owner`, else to the rep."""
    now = timezone.now()
    RepProfile.objects.exclude(user=owner or office.rep).update(is_routable=False)
    (receipt,) = journey.admit(
        [item(office.source, email, **{**READY, "phone": "", **facts}, _received_at=now)], now=now
    )
    RepProfile.objects.update(is_routable=True)
    assert receipt.lead_id is not None
    return Lead.objects.select_related("person", "account").get(pk=receipt.lead_id)


def people_at(
    office: Office, names: tuple[str, ...], company: str = "Acme Works", owner: Any = None, **facts: Any
) -> list[Lead]:
    """A lead for each of these people of one company."""
    domain = f"{company.lower().replace(' ', '-')}.com"
    return [
        lead_at(office, f"{name.lower()}@{domain}", owner, first_name=name, company=company, **facts) for name in names
    ]


def act(office: Office, lead: Lead, kind: str = "pricing_page_visit", topic: str = "pricing", **more: Any) -> None:
    now = more.get("at", timezone.now())
    one = read_act({"kind": kind, "topic": topic}, default_at=now)
    journey.record_signals([ActOnLead(one, lead.pk, lead.person_id, office.source.pk, now)], now=now)


def test_the_list_shows_each_account_with_its_numbers(office: Office) -> None:
    people_at(office, ("Ada", "Bea"))
    page = signed_in(office.marketer).get("/accounts/").content.decode()
    assert "Acme Works" in page
    assert "acme-works.com" in page


def test_the_list_costs_the_same_for_one_account_and_for_three(
    office: Office, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people_at(office, ("Ada",))
    client = signed_in(office.marketer)
    client.get("/accounts/")
    with django_assert_num_queries(9):
        client.get("/accounts/")
    for company in ("Bolt Ltd", "Crane Ltd"):
        people_at(office, ("Eva",), company)
    with django_assert_num_queries(9):
        client.get("/accounts/")


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("q=acme", True), ("q=Acme Works GmbH", True), ("q=acme-works.com", True), ("q=nobody", False),
        ("q=%25", False), ("country=de", True), ("country=fr", False), ("owner=nobody", True), ("owner=me", False),
        ("state=working", True), ("state=customer", False), ("state=surging", False), ("territory=north", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_swept", [True, False], ids=["swept", "fresh"])
def test_the_list_is_filtered(office: Office, query: str, is_found: bool, is_swept: bool) -> None:
    people_at(office, ("Ada",))
    if is_swept:
        Account.objects.update(updated_at=timezone.now() - timedelta(hours=1))
        Person.objects.update(updated_at=timezone.now() - timedelta(hours=1))
        sweep_all(now=timezone.now())
    page = signed_in(office.marketer).get(f"/accounts/?{query}").content.decode()
    assert ("Acme Works" in page) is is_found
    assert is_found or "No account matches" in page


def test_an_empty_list_says_how_accounts_come_about(office: Office) -> None:
    assert "No account yet" in signed_in(office.marketer).get("/accounts/").content.decode()


def test_a_rep_sees_accounts_they_own_or_have_a_lead_of(office: Office) -> None:
    (mine,) = people_at(office, ("Ada",))
    (other,) = people_at(office, ("Eva",), "Bolt Ltd", owner=office.colleague)
    client = signed_in(office.rep)
    page = client.get("/accounts/").content.decode()
    assert "Acme Works" in page
    assert "Bolt" not in page
    assert other.account is not None
    assert client.get(f"/accounts/{other.account.public_id}/").status_code == 404
    Account.objects.filter(pk=other.account.pk).update(owner=office.rep)
    assert client.get(f"/accounts/{other.account.public_id}/").status_code == 200
    assert mine.account is not None


def test_a_stranger_is_asked_to_sign_in() -> None:
    for path in ("/accounts/", "/accounts/surges/", "/accounts/export.csv", "/merges/"):
        assert Client().get(path).status_code == 302


@pytest.mark.parametrize(
    "path", ["nothing", "account_0", "account_00000000000000000000000000", "lead_00000000000000000000000000"]
)
def test_an_account_that_does_not_exist_is_not_found(office: Office, path: str) -> None:
    assert signed_in(office.admin).get(f"/accounts/{path}/").status_code == 404


def test_signing_in_and_out_keep_their_addresses() -> None:
    assert Client().get("/accounts/login/").status_code == 200
    assert Client().get("/accounts/logout/").status_code in (200, 302)


def test_the_page_shows_everybody_their_roles_and_one_timeline(office: Office) -> None:
    ada, bea = people_at(office, ("Ada", "Bea"))
    act(office, bea)
    assert ada.account is not None
    page = signed_in(office.marketer).get(f"/accounts/{ada.account.public_id}/").content.decode()
    assert "Ada Lovelace" in page
    assert "Bea Lovelace" in page
    assert "Visited" in page or "pricing" in page
    assert "Too few won deals" in page


def test_the_page_costs_the_same_for_one_person_and_for_three(
    office: Office, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    (ada,) = people_at(office, ("Ada",))
    assert ada.account is not None
    client, path = signed_in(office.marketer), f"/accounts/{ada.account.public_id}/"
    client.get(path)
    with django_assert_num_queries(22):
        client.get(path)
    people_at(office, ("Bea", "Cleo"))
    with django_assert_num_queries(22):
        client.get(path)


def test_facts_are_changed_and_written_down(office: Office) -> None:
    (ada,) = people_at(office, ("Ada",))
    account = ada.account
    assert account is not None
    path = f"/accounts/{account.public_id}/edit/"
    sent = {
        "name": "Acme Holding", "domain": "acme-works.com", "industry": "Energy", "employees": "12",
        "country": "Germany", "owner": str(office.rep.pk), "territory": "North", "parent": "",
    }  # fmt: skip
    assert signed_in(office.marketer).post(path, sent).status_code == 302
    account.refresh_from_db()
    assert (account.name, account.country, account.owner, account.territory) == (
        "Acme Holding",
        "DE",
        office.rep,
        "North",
    )
    entry = LedgerEntry.objects.get(action="account.changed", subject_id=account.pk)
    assert entry.after is not None
    assert "Acme Holding" not in str(entry.after)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("domain", "gmail.com", "Mail providers do not count"),
        ("country", "Atlantis", "Write a country we know"),
        ("employees", "0", "greater than or equal to 1"),
        ("name", "", "required"),
        ("parent", "nowhere", "No account you may see"),
        ("domain", "bolt-ltd.com", "belongs to"),
    ],
)
def test_facts_that_cannot_be_are_refused_and_kept_on_the_form(
    office: Office, field: str, value: str, words: str
) -> None:
    (ada,) = people_at(office, ("Ada",))
    people_at(office, ("Eva",), "Bolt Ltd")
    assert ada.account is not None
    sent = {"name": "Acme", "domain": "acme-works.com", field: value}
    answer = signed_in(office.admin).post(f"/accounts/{ada.account.public_id}/edit/", sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_parent_is_set_and_a_circle_is_refused(office: Office) -> None:
    (ada,), (eva,) = people_at(office, ("Ada",)), people_at(office, ("Eva",), "Bolt Ltd")
    acme, bolt = ada.account, eva.account
    assert acme is not None
    assert bolt is not None
    client = signed_in(office.admin)
    edit = {"name": "Bolt Ltd", "domain": "bolt-ltd.com", "parent": "acme-works.com"}
    assert client.post(f"/accounts/{bolt.public_id}/edit/", edit).status_code == 302
    assert "Bolt Ltd" in client.get(f"/accounts/{acme.public_id}/").content.decode()
    circle = {"name": "Acme Works", "domain": "acme-works.com", "parent": f"http://x/accounts/{bolt.public_id}/"}
    answer = client.post(f"/accounts/{acme.public_id}/edit/", circle)
    assert answer.status_code == 422
    assert "cannot own it" in answer.content.decode()


def test_what_goes_on_inside_stands_on_the_card_of_every_lead(office: Office) -> None:
    (ada,) = people_at(office, ("Ada",))
    assert ada.account is not None
    client = signed_in(office.rep)
    sent = {"must_agree": "Works council", "blocker": "Data protection", "next_on": "2030-05-01", "next_what": "Board"}
    assert client.post(f"/accounts/{ada.account.public_id}/inside/", sent).status_code == 302
    page = client.get(f"/leads/{ada.public_id}/").content.decode()
    assert "Works council" in page
    assert "Data protection" in page
    assert "Board" in page
    answer = client.post(f"/accounts/{ada.account.public_id}/inside/", {"next_what": "Board"})
    assert answer.status_code == 422
    assert "Say on which day" in answer.content.decode()


def test_roles_are_named_one_by_one(office: Office) -> None:
    ada, bea = people_at(office, ("Ada", "Bea"))
    assert ada.account is not None
    sent = {f"role_{ada.person.public_id}": "champion", f"role_{bea.person.public_id}": "emperor"}
    signed_in(office.rep).post(f"/accounts/{ada.account.public_id}/roles/", sent)
    assert Person.objects.get(pk=ada.person_id).purchasing_role == "champion"
    assert Person.objects.get(pk=bea.person_id).purchasing_role == ""
    assert LedgerEntry.objects.filter(action="person.role_named", subject_id=ada.person_id).count() == 1


def test_a_further_domain_brings_its_people_to_the_account(office: Office) -> None:
    (ada,) = people_at(office, ("Ada",))
    assert ada.account is not None
    client = signed_in(office.admin)
    path = f"/accounts/{ada.account.public_id}/domains/"
    assert client.post(path, {"domain": "https://www.acme.io/about"}).status_code == 302
    new = lead_at(office, "kim@acme.io", first_name="Kim", company="")
    assert new.account_id == ada.account_id
    assert "acme.io" in client.get(f"/accounts/{ada.account.public_id}/").content.decode()
    answer = client.post(path, {"domain": "acme.io"})
    assert answer.status_code == 422
    assert "belongs to this account already" in answer.content.decode()


def test_a_surge_makes_one_task_for_the_owner_and_tells_them(office: Office) -> None:
    leads = people_at(office, ("Ada", "Bea", "Cleo"))
    assert leads[0].account is not None
    Account.objects.filter(pk=leads[0].account.pk).update(owner=office.rep)
    for lead in leads:
        act(office, lead)
    now = timezone.now()
    assert raise_surges(now=now) == 1
    task = AccountTask.objects.get()
    assert task.owner == office.rep
    assert set(task.people) == {lead.person_id for lead in leads}
    assert "pricing" in task.topics
    notice = OutboxMessage.objects.get(kind="account.surge")
    assert notice.recipient == str(office.rep.pk)
    assert "3 people" in notice.payload["text"]
    act(office, leads[0])
    assert raise_surges(now=now + timedelta(minutes=5)) == 0, "once in a window"
    page = signed_in(office.rep).get("/accounts/surges/").content.decode()
    for words in ("Acme Works", "Ada Lovelace", "Cleo Lovelace", "pricing"):
        assert words in page


def test_two_people_or_weak_acts_are_no_surge(office: Office) -> None:
    for lead in people_at(office, ("Ada", "Bea")):
        act(office, lead)
    for lead in people_at(office, ("Eva", "Fay", "Gus"), "Bolt Ltd", act="email_opened", signals=[]):
        act(office, lead, "email_opened")
    assert raise_surges(now=timezone.now()) == 0


def test_the_rule_of_surges_is_set_by_a_manager_and_counts_at_once(office: Office) -> None:
    client = signed_in(office.sales_head)
    answer = client.post("/accounts/surges/rule/", {"people": "2", "signals": "2", "days": "7"})
    assert answer.status_code == 302
    assert LedgerEntry.objects.filter(action="surge_rule.set").exists()
    for lead in people_at(office, ("Ada", "Bea")):
        act(office, lead)
    assert raise_surges(now=timezone.now()) == 1
    assert client.post("/accounts/surges/rule/", {"people": "1", "signals": "2", "days": "7"}).status_code == 302
    assert "At least 2 people of one company" in client.get("/accounts/surges/").content.decode()
    assert signed_in(office.rep).post("/accounts/surges/rule/", {}).status_code == 403


def test_a_surge_is_closed_once_and_dismissed_only_with_a_reason(office: Office) -> None:
    set_surge_rule(2, 2, 14, office.admin, now=timezone.now())
    for lead in people_at(office, ("Ada", "Bea")):
        act(office, lead)
    raise_surges(now=timezone.now())
    task = AccountTask.objects.get()
    client, path = signed_in(office.rep), f"/accounts/surges/{task.public_id}/close/"
    client.post(path, {"how": "dismiss"})
    assert AccountTask.objects.get().state == "open"
    client.post(path, {"how": "done", "note": "Called all of them"})
    client.post(path, {"how": "dismiss", "note": "Too late"})
    task.refresh_from_db()
    assert (task.state, task.note, task.closed_by) == ("done", "Called all of them", office.rep)


def test_the_export_is_the_list_and_is_written_down(office: Office) -> None:
    people_at(office, ("Ada", "Bea"))
    answer = signed_in(office.marketer).get("/accounts/export.csv?q=acme")
    lines = b"".join(answer).decode().splitlines()
    assert len(lines) == 2
    assert "acme-works.com" in lines[1]
    assert LedgerEntry.objects.get(action="accounts.exported").after == {"count": 1, "filters": {}}
    assert signed_in(office.rep).get("/accounts/export.csv").status_code == 403
