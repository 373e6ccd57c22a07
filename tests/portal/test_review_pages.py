"""The page of the weekly review: agenda, links that open what they count, decisions, freezing, closing, files."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.metrics import METRICS, Period, Week, drill_count, measure
from feedback.models import Review, ReviewDecision
from feedback.reviews import freeze_review, record_decision, review_of
from revops.foundation.models import Role, User
from revops.portal.reviews.agenda import sections_of
from tests.factories import UserFactory
from tests.feedback.company import Company, found_company
from tests.portal.learning import browser_of, in_last_week, last_week, links_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return found_company(in_last_week())


@pytest.fixture
def week() -> Week:
    return last_week()


@pytest.fixture
def manager(company: Company) -> Client:
    return browser_of(company.sales_head)


def work(company: Company, size: int = 1, sources: int = 1) -> None:
    for source in range(sources):
        leads = company.hand_off(3 * size, source=source)
        for lead in leads[:size]:
            company.accept(lead)
        for lead in leads[size : 2 * size]:
            company.reject(lead, "no_need", "Bought ours already")


def decision(company: Company, week: Week, **more: object) -> ReviewDecision:
    given = {
        "text": "Ask for the role", "owner": company.marketing_head, "due_on": week.plus(1).monday,
        "metric_key": "acceptance_rate", "direction": "up", "author": company.sales_head, "now": timezone.now(),
    }  # fmt: skip
    return record_decision(week, **{**given, **more})  # type: ignore[arg-type]


def page(client: Client, week: Week) -> str:
    answer = client.get(f"/review/{week.name}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_review_opens_on_the_running_week(manager: Client, week: Week) -> None:
    answer = manager.get("/review/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/review/{week.plus(1).name}/")


def test_the_agenda_is_always_the_same(manager: Client, company: Company, week: Week) -> None:
    for shown in (week, week.plus(1), week.plus(-40)):
        headings = re.findall(r"<h2[^>]*>(\d · [^<]+)</h2>", page(manager, shown))
        assert [heading[0] for heading in headings] == list("01234567")


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.INTEGRATION])
def test_everybody_may_read_and_only_those_who_decide_may_write(company: Company, week: Week, role: str) -> None:
    client = browser_of(UserFactory.create(role=role))
    html = page(client, week)
    may_decide = role not in (Role.REP, Role.MARKETER)
    assert ("Record decision" in html) is may_decide
    for action in ("decisions", "freeze", "close"):
        status = client.post(f"/review/{week.name}/{action}/").status_code
        assert (status == 403) is not may_decide


def test_a_stranger_has_to_sign_in(week: Week) -> None:
    for address in ("/review/", f"/review/{week.name}/", f"/review/{week.name}/review.json"):
        assert Client().get(address).status_code == 302


@pytest.mark.parametrize("text", ["2026-W99", "yesterday", "2999-W01"])
def test_a_week_that_is_none_is_not_found(manager: Client, text: str) -> None:
    assert manager.get(f"/review/{text}/").status_code == 404


def test_every_number_opens_exactly_its_leads(manager: Client, company: Company, week: Week) -> None:
    work(company, 2, sources=2)
    links = links_in(page(manager, week), "/leads/?")
    assert len(links) > 10
    for link in links:
        asked = {key: values[0] for key, values in parse_qs(urlsplit(link).query).items()}
        period = Week.parse(asked["period"], week.zone).period
        one = METRICS[asked["metric"]]
        if "source" not in asked:
            rows, leads = drill_count(one, period, part=asked["part"])
            found = measure(one, period)
            assert rows == (found.hits if asked["part"] == "hits" else found.n)
        answer = manager.get(link)
        assert answer.status_code == 200
        if "source" not in asked:
            assert f"{leads} of {leads} lead" in text_of(answer.content.decode()), link


def test_the_running_week_says_that_it_is_running(manager: Client, week: Week) -> None:
    text = text_of(page(manager, week.plus(1)))
    assert "Live the week is running" in text
    assert "Freeze this week" not in text


def test_a_week_that_is_over_can_be_frozen_and_then_stays(manager: Client, company: Company, week: Week) -> None:
    lead, later = company.hand_off(2)
    company.accept(lead)
    assert "Not frozen yet" in page(manager, week)
    answer = manager.post(f"/review/{week.name}/freeze/", follow=True)
    assert f"The numbers of {week.name} are frozen." in text_of(answer.content.decode())
    company.accept(later)
    (line,) = [
        line
        for section in manager.get(f"/review/{week.name}/review.json").json()["review"]["sections"]
        for line in section["lines"]
        if line["key"] == "accepted_leads"
    ]
    assert line["value"] == 1


def test_the_running_week_cannot_be_frozen_or_closed(manager: Client, week: Week) -> None:
    for action in ("freeze", "close"):
        answer = manager.post(f"/review/{week.plus(1).name}/{action}/", follow=True)
        assert "is not over yet" in text_of(answer.content.decode())
    assert not Review.objects.exists()


def test_a_decision_is_recorded_and_asked_about(manager: Client, company: Company, week: Week) -> None:
    form = {"text": "Ask for the role", "owner": company.marketing_head.pk, "due_on": week.plus(1).monday,
            "metric": "acceptance_rate", "direction": "up"}  # fmt: skip
    answer = manager.post(f"/review/{week.name}/decisions/", form)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/review/{week.name}/#decisions")
    assert "Ask for the role" in page(manager, week)
    asked = page(manager, week.plus(1))
    assert "Ask for the role" in asked
    assert "Answer before closing" in asked


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"text": ""}, "Decision: This field is required"),
        ({"owner": ""}, "Owner: This field is required"),
        ({"due_on": "2001-01-01"}, "Choose a date in or after the week of the review"),
        ({"metric": "mql_volume"}, "Number that should move: Select a valid choice"),
        ({"direction": ""}, "It should go: This field is required"),
    ],
)
def test_a_decision_that_says_too_little_comes_back_with_what_was_typed(
    manager: Client, company: Company, week: Week, wrong: dict[str, str], words: str
) -> None:
    form = {"text": "Ask for the role", "owner": company.marketing_head.pk, "due_on": week.plus(1).monday,
            "metric": "acceptance_rate", "direction": "up", **wrong}  # fmt: skip
    answer = manager.post(f"/review/{week.name}/decisions/", form)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert words in text_of(html)
    assert "<title>Error:" in html
    assert not ReviewDecision.objects.exists()
    if "text" not in wrong:
        assert 'value="Ask for the role"' in html


def test_a_review_closes_only_when_what_is_due_is_answered(manager: Client, company: Company, week: Week) -> None:
    open_one = decision(company, week.plus(-1), due_on=week.monday)
    refused = manager.post(f"/review/{week.name}/close/", follow=True)
    assert "Answer the decision of an earlier week first." in text_of(refused.content.decode())
    answered = manager.post(
        f"/review/decisions/{open_one.pk}/answer/", {"answer": "done", "note": "Live", "week": week.name}, follow=True
    )
    text = text_of(answered.content.decode())
    assert "Answered: Ask for the role" in text
    assert "“Live”" in text
    closed = text_of(manager.post(f"/review/{week.name}/close/", follow=True).content.decode())
    assert f"The review of {week.name} is closed." in closed
    assert f"Closed by {company.sales_head.name}" in closed
    assert "Record decision" not in closed
    late = {"text": "Too late", "owner": company.marketing_head.pk, "due_on": week.plus(1).monday,
            "metric": "acceptance_rate", "direction": "up"}  # fmt: skip
    answer = manager.post(f"/review/{week.name}/decisions/", late)
    assert (answer.status_code, ReviewDecision.objects.count()) == (422, 1)


def test_the_owner_may_answer_and_a_colleague_may_not(company: Company, week: Week) -> None:
    owner, colleague = UserFactory.create(role="marketer"), UserFactory.create(role="marketer")
    one = decision(company, week.plus(-1), owner=owner)
    address, given = f"/review/decisions/{one.pk}/answer/", {"answer": "not_done", "week": week.name}
    assert browser_of(colleague).post(address, given).status_code == 403
    assert address not in page(browser_of(colleague), week)
    assert address in page(browser_of(owner), week)
    browser_of(owner).post(address, given)
    one.refresh_from_db()
    assert (one.answer, one.answered_by) == ("not_done", owner)


def test_the_first_answer_stands(manager: Client, company: Company, week: Week) -> None:
    one = decision(company, week.plus(-1))
    for given in ("done", "dropped"):
        answer = manager.post(f"/review/decisions/{one.pk}/answer/", {"answer": given, "week": week.name}, follow=True)
    assert "their answer stands" in text_of(answer.content.decode())
    one.refresh_from_db()
    assert one.answer == "done"


def test_an_answer_that_is_none_is_refused(manager: Client, company: Company, week: Week) -> None:
    one = decision(company, week.plus(-1))
    answer = manager.post(f"/review/decisions/{one.pk}/answer/", {"answer": "", "week": week.name}, follow=True)
    assert "Choose whether it was done." in text_of(answer.content.decode())


def test_the_files_say_what_the_page_says(manager: Client, company: Company, week: Week) -> None:
    work(company, 2)
    decision(company, week, text="=HYPERLINK(1)")
    data = json.loads(manager.get(f"/review/{week.name}/review.json").content)
    assert (data["is_frozen"], data["decisions"][0]["text"]) == (False, "=HYPERLINK(1)")
    answer = manager.get(f"/review/{week.name}/review.csv")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="review-{week.name}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    by_key = {row["key"]: row for row in rows if row["item"] in ("outcomes", "quality", "early")}
    for section in data["review"]["sections"]:
        for line in section["lines"]:
            written = by_key[line["key"]]["value"]
            assert written == ("" if line["value"] is None else str(line["value"]))
    assert rows[-1]["name"] == "'=HYPERLINK(1)"


def test_three_leads_are_told_beside_each_other(manager: Client, company: Company, week: Week) -> None:
    work(company)
    assert "The problem is already solved: Bought ours already" in text_of(page(manager, week))


def test_nothing_that_a_person_typed_becomes_markup(manager: Client, company: Company, week: Week) -> None:
    lead = company.hand_off(1)[0]
    company.reject(lead, "no_need", "<script>alert(1)</script>")
    decision(company, week, text="<b>bold</b>")
    html = page(manager, week)
    assert "<script>alert" not in html
    assert "<b>bold" not in html


@pytest.mark.parametrize(("size", "sources", "decisions"), [(1, 1, 1), (3, 3, 3)])
def test_queries_of_the_page_do_not_grow(company: Company, week: Week, size: int, sources: int, decisions: int) -> None:
    work(company, size, sources)
    for _ in range(decisions):
        decision(company, week.plus(-1))
        decision(company, week)
    client = browser_of(company.sales_head)
    page(client, week)
    with CaptureQueriesContext(connection) as live:
        page(client, week)
    freeze_review(week, now=timezone.now())
    with CaptureQueriesContext(connection) as frozen:
        page(client, week)
    assert (len(live), len(frozen)) == (34, 9)  # no number is asked for again; two of them for the exceptions granted


def test_numbers_are_of_the_organisations_week(company: Company, week: Week, settings: object) -> None:
    settings.ORGANISATION_TIME_ZONE = "Pacific/Auckland"  # type: ignore[attr-defined]
    at = week.end - timedelta(hours=2)
    lead = company.hand_off(1, at=at)[0]
    company.accept(lead, at=at)
    html = page(browser_of(User.objects.get(pk=company.sales_head.pk)), week.plus(1))
    assert week.plus(1).name in html
    assert measure(METRICS["accepted_leads"], Period(week.start, week.end)).n == 1


def test_changes_name_the_weeks_they_compare(manager: Client, company: Company, week: Week) -> None:
    work(company)
    now, own, before, fourth = (week.plus(ago).name[5:] for ago in (1, 0, -1, -4))
    text = text_of(page(manager, week.plus(1)))
    assert f"{now}, so far Newest full week" in text
    assert f"{own} vs {before}" in text
    assert "This week" not in text
    assert f"{own}, so far" not in text_of(page(manager, week))
    rows = sections_of(review_of(week.plus(1), now=timezone.now())[0])["quality"]
    assert rows[0].versus_4 == f"vs mean of {fourth}–{before}"


def test_a_number_that_stayed_the_same_did_not_move_the_other_way(
    manager: Client, company: Company, week: Week
) -> None:
    for ago in (-1, 0):
        at = company.at + timedelta(weeks=ago)
        leads = company.hand_off(2, at=at)
        company.accept(leads[0], at=at)
        company.reject(leads[1], "no_need", "Bought ours already", at=at)
    decision(company, week.plus(-1))
    text = text_of(page(manager, week.plus(1)))
    assert "50 % → 50 % in" in text.replace("\u202f", " ")
    assert "(stayed the same)" in text
    assert "the other way" not in text


def test_a_decision_waits_for_a_full_week_before_it_is_judged(manager: Client, company: Company, week: Week) -> None:
    work(company)
    decision(company, week)
    text = text_of(page(manager, week.plus(1)))
    assert "(too early to say)" in text
    assert "→ –" not in text
