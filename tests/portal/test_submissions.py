"""The journal on its pages: outcomes, the equation of a day, quarantine and release."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from leads.gate import Bounce, remember_bounces
from leads.models import BouncedAddress, Lead, SubmissionOutcome
from revops.foundation.ids import encode
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from tests.conftest import NOW
from tests.factories import item

pytestmark = pytest.mark.django_db

DAY = "2026-03-04"


@pytest.fixture
def received(company: Any) -> list[str]:
    """One new, one attached, one quarantined and one refused; their receipts."""
    source = company["source"]
    receipts = journey.admit(
        [
            item(source),
            item(source, need="again"),
            item(source, "bob@mailinator.com", name="Bob <b>Bot</b>"),
            item(source, ""),
        ],
        now=NOW,
    )
    assert [receipt.outcome for receipt in receipts] == ["new", "attached", "quarantined", "refused"]
    return [encode("sub", receipt.submission_id) for receipt in receipts]


def test_each_submission_shows_its_outcome_and_why(sign_in: Any, received: list[str]) -> None:
    page = sign_in("marketer").get("/submissions/").content.decode()
    for words in ("New lead", "Attached to a lead", "Quarantined", "Refused", "mailinator.com gives out throw-away"):
        assert words in page
    assert "Bob &lt;b&gt;" in page


def test_the_equation_of_a_day_is_told_and_balances(sign_in: Any, received: list[str]) -> None:
    answer = sign_in().get("/submissions/", {"day": DAY})
    assert answer.context["sum"].received == 4
    assert answer.context["sum"].balances
    assert answer.context["page"].total == 4


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"outcome": "quarantined"}, 1), ({"outcome": "new"}, 1), ({"outcome": "pending"}, 0), ({"channel": "api"}, 4),
        ({"channel": "form"}, 0), ({"rule": "disposable"}, 1), ({"source": "website"}, 4), ({"source": "other"}, 0),
        ({"day": "2026-03-05"}, 0), ({"day": "someday"}, 4), ({"outcome": "nonsense"}, 4), ({"q": "nothing"}, 0),
    ],
)  # fmt: skip
def test_each_filter_finds_what_it_says(sign_in: Any, received: list[str], asked: dict[str, str], found: int) -> None:
    assert sign_in().get("/submissions/", asked).context["page"].total == found


def test_a_receipt_finds_its_submission(sign_in: Any, received: list[str]) -> None:
    assert sign_in().get("/submissions/", {"q": received[2]}).context["page"].total == 1


def test_release_lets_a_submission_in_and_the_ledger_knows_who(sign_in: Any, received: list[str]) -> None:
    client = sign_in("marketer")
    answer = client.post(
        "/submissions/release/", {"submission": received[2], "reason": "a real customer", "next": "/submissions/"},
        follow=True,
    )  # fmt: skip
    assert "Released: 1 new lead." in answer.content.decode()
    assert Lead.objects.count() == 2
    entry = LedgerEntry.objects.get(action="submission.released")
    assert (entry.actor, entry.cause, entry.after) == (client.person, "a real customer", {"outcome": "new"})
    assert client.get("/submissions/", {"outcome": "quarantined"}).context["page"].total == 0
    assert client.get("/submissions/", {"day": DAY}).context["sum"].balances


def test_a_second_release_of_the_same_changes_nothing_and_says_so(sign_in: Any, received: list[str]) -> None:
    client = sign_in()
    client.post("/submissions/release/", {"submission": received[2]})
    before = SubmissionOutcome.objects.count()
    answer = client.post("/submissions/release/", {"submission": received[2]}, follow=True)
    assert "left alone" in answer.content.decode()
    assert SubmissionOutcome.objects.count() == before


def test_release_of_nothing_says_what_to_do(sign_in: Any, received: list[str]) -> None:
    answer = sign_in().post("/submissions/release/", {"next": "https://evil.example/"}, follow=True)
    assert "Tick the submissions to release first." in answer.content.decode()
    assert answer.redirect_chain[-1][0] == "/submissions/"


def test_a_submission_page_shows_what_was_sent_word_for_word(sign_in: Any, received: list[str]) -> None:
    page = sign_in().get(f"/submissions/{received[2]}/").content.decode()
    assert "bob@mailinator.com" in page
    assert "Bob &lt;b&gt;Bot&lt;/b&gt;" in page
    assert received[2] in page


@pytest.mark.parametrize("receipt", ["nonsense", encode("sub", UUID(int=7 << 76)), encode("lead", UUID(int=7 << 76))])
def test_an_unknown_receipt_is_not_there(sign_in: Any, receipt: str) -> None:
    assert sign_in().get(f"/submissions/{receipt}/").status_code == 404


def test_a_rep_has_no_journal_and_an_executive_releases_nothing(sign_in: Any, received: list[str]) -> None:
    assert sign_in("rep").get("/submissions/").status_code == 403
    executive = sign_in("executive")
    assert "form-check-input" not in executive.get("/submissions/").content.decode()
    assert executive.post("/submissions/release/", {"submission": received[2]}).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_journal_costs_the_same_for_one_submission_and_for_three(
    sign_in: Any, company: Any, count: int, django_assert_num_queries: Any
) -> None:
    journey.admit([item(company["source"], f"ada{n}@mailinator.com") for n in range(count)], now=NOW)
    client = sign_in()
    with django_assert_num_queries(7):  # session, person, rules, rows, count, equation, sources
        assert client.get("/submissions/").content.decode().count('<th scope="row"') == count


def test_the_journal_is_downloaded_without_personal_data(sign_in: Any, received: list[str]) -> None:
    answer = sign_in().get("/submissions/", {"format": "csv"})
    text = b"".join(answer.streaming_content).decode()
    assert len(text.splitlines()) == 5
    assert "bob@" not in text


def test_a_held_submission_waits_in_quarantine_with_the_rule_of_its_way_in(company: Any) -> None:
    held = item(company["source"], hold={"rule": "honeypot", "detail": "A robot."})
    (receipt,) = journey.admit([held], now=NOW)
    outcome = SubmissionOutcome.objects.get()
    assert (receipt.outcome, outcome.rule, outcome.detail) == ("quarantined", "honeypot", "A robot.")
    (receipt,) = journey.release([receipt.submission_id], now=NOW)
    assert receipt.outcome == "new"


def test_a_hold_that_is_none_holds_nobody(company: Any) -> None:
    (receipt,) = journey.admit([item(company["source"], hold="yes")], now=NOW)
    assert receipt.outcome == "new"


@pytest.mark.parametrize(
    ("address", "found"), [("Ada@acme-works.com", 2), ("bob@mailinator.com", 1), ("nobody@x-firm.com", 0)]
)
def test_an_address_finds_what_its_person_sent_and_what_was_stopped(
    sign_in: Any, received: list[str], address: str, found: int
) -> None:
    assert sign_in().get("/submissions/", {"q": address}).context["page"].total == found


def test_a_flag_is_a_filter_too(sign_in: Any, company: Any, received: list[str]) -> None:
    journey.admit([item(company["source"], "eva@gmail.com")], now=NOW)
    assert sign_in().get("/submissions/", {"rule": "free_mail"}).context["page"].total == 1


def test_all_that_a_filter_shows_are_released_at_once(sign_in: Any, company: Any, received: list[str]) -> None:
    journey.admit([item(company["source"], f"p{n}@mailinator.com") for n in range(3)], now=NOW)
    journey.admit([item(company["source"], "sue@stanford.edu")], now=NOW)
    client = sign_in("marketer")
    asked = "outcome=quarantined&rule=disposable"
    page = client.get(f"/submissions/?{asked}").content.decode()
    assert "Release all 4" in page
    answer = client.post("/submissions/release/", {"all": "1", "filter": asked, "reason": "ours"}, follow=True)
    assert "Released: 4 new leads." in answer.content.decode()
    assert LedgerEntry.objects.filter(action="submission.released", cause="ours").count() == 4
    assert client.get("/submissions/", {"outcome": "quarantined"}).context["page"].total == 1


def test_released_and_never_again_the_rule_learns_it(sign_in: Any, company: Any, received: list[str]) -> None:
    client = sign_in("marketing_manager")
    page = client.get(f"/submissions/{received[2]}/").content.decode()
    assert "never hold “mailinator.com” again" in page
    data = {"submission": received[2], "never": "1", "reason": "a partner of ours"}
    answer = client.post("/submissions/release/", data, follow=True)
    assert "From now on the gate lets pass: mailinator.com." in answer.content.decode()
    entry = LedgerEntry.objects.get(action="hygiene_rule.changed")
    assert (entry.actor, entry.cause, entry.after["allowed"]) == (
        client.person,
        "a partner of ours",
        ["mailinator.com"],
    )
    [receipt] = journey.admit([item(company["source"], "sue@mailinator.com")], now=NOW)
    assert receipt.outcome == "new"


def test_an_address_that_bounced_leaves_its_list_when_it_is_released_so(sign_in: Any, company: Any) -> None:
    remember_bounces([Bounce("ada@acme-works.com", NOW)], "api", None)
    [receipt] = journey.admit([item(company["source"])], now=NOW)
    data = {"submission": encode("sub", receipt.submission_id), "never": "1"}
    sign_in("admin").post("/submissions/release/", data)
    assert not BouncedAddress.objects.exists()


def test_a_marketer_releases_and_does_not_teach_the_gate(sign_in: Any, received: list[str]) -> None:
    client = sign_in("marketer")
    assert "never hold" not in client.get(f"/submissions/{received[2]}/").content.decode()
    assert client.post("/submissions/release/", {"submission": received[2], "never": "1"}).status_code == 403
    assert Lead.objects.count() == 1
