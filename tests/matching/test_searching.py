"""Text search: which words find what, and that the indexes answer, however many people there are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from leads.matching.sweeping import sweep_accounts, sweep_all, sweep_people
from leads.models import Account, Lead, Person, PersonSearch, Sweep
from leads.searching import accounts_named, leads_named
from revops.foundation.ids import encode
from revops.foundation.models import User
from revops.portal import journey
from revops.portal.accounts.visibility import accounts_for
from revops.portal.lead_pages.filters import LeadFilter
from revops.portal.lead_pages.visibility import leads_for
from revops.portal.merges.acting import merge
from tests.conftest import NOW
from tests.factories import SourceFactory, item

pytestmark = pytest.mark.django_db
MANY = 20_000


@pytest.fixture
def many(db: None) -> None:
    """Twenty thousand leads that the sweep has seen, written by the database itself."""
    source = SourceFactory.create(key="crowd")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO leads_account (id, name, normalised_name, domain, industry, country, territory, created_at,
                                       updated_at)
            SELECT uuidv7(), 'Firm ' || n, 'firm ' || n, 'firm-' || n || '.com', '', '', '', %(at)s, %(at)s
              FROM generate_series(1, %(n)s) n;
            INSERT INTO leads_person (id, account_id, email, first_name, last_name, title, seniority, function,
                                      purchasing_role, country, city, flags, do_not_contact, also, created_at,
                                      updated_at)
            SELECT uuidv7(), account.id, md5(account.name) || '@' || account.domain, 'Ada', md5(account.name), '', '',
                   '', '', '', '', '{}', false, '{}', %(at)s, %(at)s FROM leads_account account;
            INSERT INTO leads_lead (id, person_id, account_id, source_id, stage, stage_at, received_at, is_history,
                                    need, attributes, first_touch, last_touch, rejections, version)
            SELECT uuidv7(), id, account_id, %(source)s, 'nurture', %(at)s, %(at)s, false, '', '{}', '{}', '{}', 0, 1
              FROM leads_person;
            INSERT INTO leads_personsearch (person_id, text, keys, seen_at)
            SELECT id, lower(first_name || ' ' || last_name || ' ' || email::text), '{}', updated_at FROM leads_person;
            INSERT INTO leads_accountsearch (account_id, text, keys, seen_at)
            SELECT id, normalised_name || ' ' || domain::text, '{}', updated_at FROM leads_account;
            INSERT INTO leads_sweep (name, reached_at) VALUES ('people', %(at)s + interval '1 hour'),
                                                              ('accounts', %(at)s + interval '1 hour')
            """,
            {"n": MANY, "at": NOW - timedelta(days=2), "source": source.pk},
        )
        for table in ("account", "person", "lead", "personsearch", "accountsearch"):
            cursor.execute(f"ANALYZE leads_{table}")


def plan_of(rows: Any) -> str:
    return str(rows.explain())


def test_searching_leads_asks_the_indexes_of_words(many: None) -> None:
    person = Person.objects.order_by("pk").first()
    assert person is not None
    found = Lead.objects.shown().filter(leads_named(person.last_name[:12])).order_by("-received_at", "-pk")[:51]
    assert [lead.person_id for lead in found] == [person.pk]
    plan = plan_of(found)
    assert "person_search_text" in plan
    assert "account_search_text" in plan
    assert "Seq Scan on leads_lead" not in plan
    assert "Seq Scan on leads_person" not in plan


@pytest.fixture
def rep(company: dict[str, Any]) -> User:
    return company["reps"][0]


@pytest.fixture
def own(many: None, rep: User) -> list[Any]:
    """The three leads of a rep, far from each other among all."""
    chosen = list(Lead.objects.order_by("-pk").values_list("pk", flat=True)[:9_000:3_000])
    Lead.objects.filter(pk__in=chosen).update(owner=rep)
    return chosen


@pytest.mark.parametrize("words", ["ada", "firm", "com"])
def test_a_rep_finds_own_leads_by_a_word_that_everybody_shares(
    own: list[Any], rep: User, client: Any, words: str
) -> None:
    assert Lead.objects.shown().filter(leads_named(words)).filter(owner=rep).count() < len(own)
    found = LeadFilter({"q": words}, queryset=leads_for(rep), user=rep).qs
    assert set(found.values_list("pk", flat=True)) == set(own)
    client.force_login(rep)
    hits = client.get(reverse("search"), {"q": words}).content.decode()
    assert all(reverse("lead", args=[encode("lead", pk)]) in hits for pk in own)


def test_a_rep_finds_own_accounts_by_a_word_that_all_companies_share(own: list[Any], rep: User) -> None:
    seen = accounts_for(rep)
    names = set(seen.filter(accounts_named("firm", seen)).values_list("pk", flat=True))
    assert names == set(Lead.objects.filter(pk__in=own).values_list("account_id", flat=True))


def test_a_rep_finds_an_own_lead_by_the_name_somebody_merged_had(own: list[Any], rep: User) -> None:
    person = Lead.objects.get(pk=own[0]).person
    other = Person.objects.filter(leads__owner__isnull=True).order_by("pk")[0]
    Person.objects.filter(pk=other.pk).update(merged_into=person)
    seen = leads_for(rep)
    assert [lead.pk for lead in seen.filter(leads_named(other.last_name, seen))] == [own[0]]
    assert not seen.filter(leads_named(Person.objects.order_by("pk")[1].last_name, seen)).exists()


def test_searching_own_leads_reads_no_table_of_people_or_words_as_a_whole(own: list[Any], rep: User) -> None:
    seen = leads_for(rep)
    for words in ("ada", Lead.objects.get(pk=own[0]).person.last_name):
        plan = plan_of(seen.filter(leads_named(words, seen)).order_by("-received_at", "-pk")[:51])
        assert "Seq Scan on leads_person" not in plan, plan


def test_who_sees_nothing_finds_nothing(own: list[Any]) -> None:
    nothing = Lead.objects.none()
    assert not nothing.filter(leads_named("ada", nothing)).exists()


def test_searching_accounts_asks_the_indexes_of_words(many: None) -> None:
    found = Account.objects.standing().filter(accounts_named("firm-19999.com")).order_by("-pk")[:51]
    assert [account.name for account in found] == ["Firm 19999"]
    plan = plan_of(found)
    assert "account_search_text" in plan
    assert "Seq Scan on leads_account" not in plan


def test_what_came_after_the_sweep_is_found_at_once(many: None) -> None:
    source = SourceFactory.create()
    journey.admit([item(source, "quirin@new-comer.com", first_name="Quirin", company="New Comer Ltd")], now=NOW)
    for words in ("quirin", "QUIRIN@new", "comer", "New Comer Ltd", "new-comer.com", "qui new"):
        assert Lead.objects.filter(leads_named(words)).count() == 1, words
    assert Lead.objects.filter(leads_named("quirin nobody")).count() == 0


@pytest.mark.parametrize("words", ["%", "_", "\\", "'; --", "a%b", "\x01", "💡", "ẞ", ".", "@"])
def test_signs_that_mean_something_to_the_database_are_only_signs(words: str) -> None:
    source = SourceFactory.create()
    journey.admit([item(source, "ada@acme.com", first_name="Ada")], now=NOW)
    found = Lead.objects.filter(leads_named(words)).count()
    assert found == (1 if words in (".", "@") else 0)
    sweep_all(now=timezone.now())
    assert Lead.objects.filter(leads_named(words)).count() == found


def test_a_merged_address_finds_the_lead_that_goes_on(company: dict[str, Any]) -> None:
    receipts = journey.admit(
        [item(company["source"], email, first_name="Ada") for email in ("ada@acme.com", "ada@other.io")], now=NOW
    )
    first, second = (Lead.objects.get(pk=receipt.lead_id) for receipt in receipts if receipt.lead_id)
    sweep_all(now=NOW)
    merge(first.person_id, second.person_id, [], company["admin"], now=NOW + timedelta(hours=1))
    sweep_all(now=NOW + timedelta(hours=1))
    found = Lead.objects.shown().filter(leads_named("other.io"))
    assert list(found) == [first]


def test_an_erased_person_is_found_by_nothing(company: dict[str, Any]) -> None:
    journey.admit([item(company["source"], "ada@acme.com", first_name="Ada")], now=NOW)
    sweep_all(now=NOW)
    person = Person.objects.get()
    person.first_name, person.last_name, person.email = "", "", None
    person.erased_at = person.updated_at = NOW + timedelta(hours=1)
    person.save()
    sweep_people(now=NOW + timedelta(hours=1))
    assert (PersonSearch.objects.get().text, PersonSearch.objects.get().keys) == ("", [])


def test_a_sweep_looks_at_what_changed_and_nothing_else(many: None, django_assert_max_num_queries: Any) -> None:
    source = SourceFactory.create()
    journey.admit([item(source, "quirin@new-comer.com", first_name="Quirin")], now=NOW)
    with django_assert_max_num_queries(14):
        assert sweep_people(now=NOW) == 1
    assert sweep_people(now=NOW) == 0
    assert sweep_accounts(now=NOW) == 1


def test_once_all_is_swept_nothing_old_stays_fresh_and_who_commits_late_is_still_seen(company: dict[str, Any]) -> None:
    journey.admit([item(company["source"], "ada@acme.com", first_name="Ada")], now=NOW)
    later = NOW + timedelta(minutes=10)
    sweep_all(now=later)
    assert Sweep.objects.get(name="people").reached_at == later
    Person.objects.update(updated_at=later - timedelta(minutes=1), first_name="Augusta")
    assert sweep_people(now=later) == 1
    assert "augusta" in PersonSearch.objects.get().text
    sweep_all(now=NOW)  # a clock that went back does not take the mark with it
    assert Sweep.objects.get(name="people").reached_at == later


def found(words: str) -> list[str]:
    return sorted(Lead.objects.filter(leads_named(words)).values_list("person__email", flat=True))


def test_a_whole_address_finds_its_person_alone_and_a_part_of_it_everybody_who_has_it(company: dict[str, Any]) -> None:
    names = ("ada@acme-works.co", "ada@acme-works.com", "bo@acme-works.com")
    journey.admit([item(company["source"], name, company="Acme Works") for name in names], now=NOW)
    sweep_all(now=timezone.now())
    Person.objects.update(updated_at=NOW - timedelta(days=9))
    assert found("ADA@acme-works.com") == ["ada@acme-works.com"]
    assert found("ada@acme") == ["ada@acme-works.co", "ada@acme-works.com"]
    assert found("@acme-works.com") == ["ada@acme-works.com", "bo@acme-works.com"]
    assert found("nobody@acme-works.com") == []


def test_an_address_means_the_company_of_its_domain(company: dict[str, Any]) -> None:
    journey.admit([item(company["source"], "ada@acme-works.com", company="Acme Works")], now=NOW)
    sweep_all(now=timezone.now())
    names = Account.objects.filter(accounts_named("somebody@acme-works.com")).values_list("name", flat=True)
    assert list(names) == ["Acme Works"]
