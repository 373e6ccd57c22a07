"""The rejection review: its numbers, its cells that open what they count, its states, and who may see whom."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feedback.metrics import Week
from feedback.models import Contest
from feedback.rejections import By
from leads.models import Lead, Person, Spend
from revops.foundation.ids import encode
from revops.foundation.models import Role
from revops.portal.rejections.asked import Asked
from tests.factories import UserFactory
from tests.feedback.company import Company, found_company
from tests.portal.learning import browser_of, in_last_week, last_week, links_in, text_of

pytestmark = pytest.mark.django_db
NO_NEED, NO_BUDGET = ("no_need", "Bought ours already"), ("no_budget", "3000 EUR")


@pytest.fixture
def company() -> Company:
    return found_company(in_last_week())


@pytest.fixture
def week() -> Week:
    return last_week()


@pytest.fixture
def marketer(company: Company) -> Client:
    return browser_of(UserFactory.create(role="marketer"))


@pytest.fixture
def refused(company: Company) -> Company:
    """Thirty answers from three sources, twelve of them rejections."""
    for source in range(3):
        leads = company.hand_off(10, source=source)
        for number, lead in enumerate(leads):
            if number < 2 + 2 * source:
                company.reject(lead, *(NO_NEED if number % 2 else NO_BUDGET))
            else:
                company.accept(lead)
    return company


def html_of(client: Client, address: str = "/rejections/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_how_many_of_how_many_and_how_sure(marketer: Client, refused: Company) -> None:
    text = text_of(html_of(marketer))
    assert "Rejection rate 40 %" in text.replace("\u202f", " ")
    assert "of 30 answers" in text
    assert "is the most frequent reason: 6 of 12 rejections" in text


@pytest.mark.parametrize("by", By)
def test_every_cell_opens_exactly_what_it_counts(refused: Company, by: str) -> None:
    client = browser_of(refused.marketing_head)
    html = html_of(client, f"/rejections/?by={by}")
    cells = re.findall(r'<a href="(/rejections/leads/[^"]+)"><span>(\d+)', html)
    assert sum(int(n) for _, n in cells) == 12
    for address, n in cells:
        listed = text_of(html_of(client, address.replace("&amp;", "&")))
        assert re.search(rf"\b{n} rejections?\b", listed)
        assert f"1–{n} of {n}" in listed


def test_a_cell_tells_what_the_reps_wrote(marketer: Client, refused: Company) -> None:
    html = html_of(marketer, "/rejections/leads/?reason=no_need&by=source&value=website")
    text = text_of(html)
    assert "Bought ours already" in text
    assert "3000 EUR" not in text
    assert "Source: Website" in text
    lead = Lead.objects.filter(dispositions__reason="no_need", source__key="website").get()
    assert f"/leads/{lead.public_id}/" in html


def test_a_cell_opens_as_a_list_of_leads_too(marketer: Client, refused: Company) -> None:
    html = html_of(marketer, "/rejections/leads/?reason=no_budget&by=source&value=fair")
    (address,) = [link for link in links_in(html, "/leads/?") if "reason=no_budget" in link]
    text = text_of(html_of(marketer, address))
    assert "3 rejections" in text
    assert "3 of 3 leads" in text


def test_the_state_of_the_page_is_its_address(marketer: Client, refused: Company, week: Week) -> None:
    html = html_of(marketer, f"/rejections/?weeks=13&until={week.name}&by=country")
    current = re.findall(r'<a href="/rejections/[^"]*" aria-current="[a-z]+">([^<]+)<', html)
    assert current == ["13 weeks", "Country"]
    links = links_in(html, "/rejections/")
    assert any("weeks=13" in link and "by=week" in link and week.name in link for link in links)


def test_countries_are_named_in_the_head_of_the_table_and_over_its_lists(marketer: Client, refused: Company) -> None:
    Person.objects.update(country="DE")
    assert "Germany" in text_of(html_of(marketer, "/rejections/?by=country"))
    assert "Country: Germany" in text_of(html_of(marketer, "/rejections/leads/?by=country&value=DE"))
    assert "Country: France" in text_of(html_of(marketer, "/rejections/leads/?by=country&value=FR")), "also without any"


@pytest.mark.parametrize("query", ["weeks=7", "until=soon", "until=2999-W01", "by=horoscope", "weeks=-1&by=&until="])
def test_nonsense_in_the_address_shows_the_usual(marketer: Client, refused: Company, query: str) -> None:
    assert text_of(html_of(marketer, f"/rejections/?{query}")) == text_of(html_of(marketer))


def test_no_rejections_is_said_with_its_denominator(marketer: Client, company: Company) -> None:
    for lead in company.hand_off(3):
        company.accept(lead)
    text = text_of(html_of(marketer))
    assert "No rejections Sales rejected nothing in these weeks (n=0 of 3 answers)." in text


def test_too_few_to_judge_shows_each_rejection_instead_of_rates(marketer: Client, company: Company) -> None:
    company.reject(company.hand_off(1)[0], *NO_NEED)
    text = text_of(html_of(marketer))
    assert "too few to judge" in text
    assert "so here is each rejection" in text
    assert "Bought ours already" in text
    assert "The few reasons behind most rejections" not in text


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.INTEGRATION])
def test_only_managers_split_by_rep(refused: Company, role: str) -> None:
    client = browser_of(UserFactory.create(role=role))
    html, rep = html_of(client, "/rejections/?by=rep"), refused.reps[0].name
    sees_people = role not in (Role.REP, Role.MARKETER)
    assert (f">{rep}<" in html) is sees_people
    assert any("by=rep" in link for link in links_in(html, "/rejections/")) is sees_people
    forced = text_of(html_of(client, f"/rejections/leads/?by=rep&value={encode('user', refused.reps[0].pk)}"))
    assert ("12 rejections" in forced) is not sees_people


def test_a_rep_reads_only_their_own_leads_behind_a_number(refused: Company) -> None:
    rep = refused.reps[0]
    mine = Lead.objects.filter(dispositions__kind="rejected", owner=rep).count()
    assert 0 < mine < 12
    text = text_of(html_of(browser_of(rep), "/rejections/leads/"))
    assert f"You see the {mine} that are yours" in text
    assert "12 rejections" in text


def test_a_rep_does_not_read_colleagues_on_the_overview(company: Company) -> None:
    leads = company.hand_off(2)
    for lead in leads:
        company.reject(lead, "no_need", f"Words about {lead.pk}")
    html = html_of(browser_of(company.reps[0]))
    seen = [lead for lead in leads if f"Words about {lead.pk}" in html]
    assert [company.owner_of(lead) for lead in seen] == [company.reps[0]]


def test_a_stranger_has_to_sign_in() -> None:
    for address in ("/rejections/", "/rejections/leads/", "/rejections/rejections.csv"):
        assert Client().get(address).status_code == 302


def test_what_rejections_cost_is_shown_where_spend_is_known(marketer: Client, refused: Company) -> None:
    assert "no spend known for these sources and months" in text_of(html_of(marketer))
    month = in_last_week().date().replace(day=1)
    Spend.objects.create(source=refused.sources[0], month_on=month, amount_minor=100_000, currency="EUR")
    text = text_of(html_of(marketer)).replace("\u202f", " ")
    assert "Spent on rejected leads € 200 spend known for 2 of 12" in text


def test_the_file_holds_the_whole_matrix(marketer: Client, refused: Company, week: Week) -> None:
    answer = marketer.get("/rejections/rejections.csv?by=source")
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert rows[0][:3] == ["Reason", "Root cause", "All"]
    assert set(rows[0][3:]) == {"Website", "Webinar", "Fair"}
    assert rows[-1][:3] == ["Answers", "", "30"]
    assert sum(int(row[2]) for row in rows[1:-1]) == 12


def test_a_formula_in_a_name_stays_text(marketer: Client, refused: Company) -> None:
    source = refused.sources[0]
    source.name = "=cmd()"
    source.save()
    assert "'=cmd()" in marketer.get("/rejections/rejections.csv").getvalue().decode()


def test_long_lists_come_in_pages(marketer: Client, company: Company) -> None:
    for lead in company.hand_off(51):
        company.reject(lead, *NO_NEED)
    first = html_of(marketer, "/rejections/leads/?reason=no_need")
    assert "1–50 of 51" in text_of(first)
    (address,) = [link for link in links_in(first, "/rejections/leads/") if "page=2" in link]
    assert "51–51 of 51" in text_of(html_of(marketer, address))


def test_marketing_contests_a_rejection_from_the_list_and_sees_where_it_stands(
    marketer: Client, company: Company
) -> None:
    (lead,) = company.hand_off(1)
    row = company.reject(lead, *NO_NEED)
    address = f"/contests/new/?about=rejection&lead={lead.public_id}&subject={row.pk}"
    listed = "/rejections/leads/?reason=no_need"
    assert address in links_in(html_of(marketer, listed), "/contests/")
    sent = {"about": "rejection", "lead": lead.public_id, "subject": str(row.pk), "wrong": "met_criteria"}
    assert marketer.post("/contests/new/", sent).status_code == 302
    (to,) = links_in(html_of(marketer, listed), "/contests/contest")
    assert to == f"/contests/{Contest.objects.get().public_id}/"
    for person in (company.sales_head, company.admin, company.owner_of(lead)):  # sales and admins contest none
        html = html_of(browser_of(person), listed)
        assert links_in(html, "/contests/new/") == links_in(html, "/contests/contest") == []


@pytest.mark.parametrize(("sources", "size"), [(1, 1), (3, 3)])
def test_queries_do_not_grow_with_rows_or_columns(marketer: Client, company: Company, sources: int, size: int) -> None:
    for source in range(sources):
        for lead in company.hand_off(size, source=source):
            company.reject(lead, *NO_NEED, at=company.at + timedelta(minutes=9))
    html_of(marketer)
    with CaptureQueriesContext(connection) as overview:
        html_of(marketer)
    with CaptureQueriesContext(connection) as listed:
        html_of(marketer, "/rejections/leads/?reason=no_need&by=source&value=website")
    assert (len(overview), len(listed)) == (11, 8)  # one asks which of the rejections marketing contested


def test_a_day_given_as_evidence_is_written_as_people_write_it(marketer: Client, company: Company) -> None:
    (lead,) = company.hand_off(1)
    company.reject(lead, "later_this_year", "2027-08-26")
    text = text_of(html_of(marketer))
    assert "26 Aug 2027" in text
    assert "2027-08-26" not in text


def test_only_the_rate_of_few_answers_is_too_few_to_judge(marketer: Client, company: Company) -> None:
    (lead,) = company.hand_off(1)
    company.reject(lead, *NO_NEED)
    figures = text_of(html_of(marketer).split('<div class="stats">')[1].split("Rejection rate by week")[0])
    assert figures.count("too few to judge") == 1
    assert "Rejections 1 that stand" in figures


def test_addresses_of_many_values_are_those_of_each() -> None:
    week = last_week()
    for asked in (Asked(week, week, reason="no_response"), Asked(week.plus(-1), week, weeks=52, by=By.REP)):
        values = ["none", "a b&c=d/é", "user_01"]
        urls = asked.urls_of(values, "rejections-list")
        assert urls == {value: replace(asked, value=value).url("rejections-list") for value in values}
