"""The agreement on its pages: drafted from the template, changed, declined, signed by both heads, in versions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from revops.foundation.models import LedgerEntry, OutboxMessage
from revops.portal.agreement.notices import tend_agreements
from sla.agreement_words import PATTERNS
from sla.models import Agreement, Clause
from sla.starter import standard_calendar
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/sla/agreement/"


def answers(**changes: Any) -> dict[str, str]:
    """The wizard as somebody sends it who leaves the usual numbers."""
    data = {"review_on": str(timezone.localdate() + timedelta(days=100)), "takes_effect_on": "", "summary": ""}
    data["calendar"] = str(standard_calendar(timezone.now()).pk)
    for pattern in PATTERNS:
        data[f"keep_{pattern.code}"] = "on"
        data[f"number_{pattern.code}"] = str(pattern.usual)
    data |= {key: str(value) for key, value in changes.items()}
    return {key: value for key, value in data.items() if value != "None"}


@pytest.fixture
def heads(db: None) -> tuple[Any, Any]:
    return UserFactory.create(role="marketing_manager", name="Mia"), UserFactory.create(
        role="sales_manager", name="Sol", team=TeamFactory.create()
    )


def draft(client: Any, **changes: Any) -> Agreement:
    answer = client.post(f"{PAGE}new/", answers(**changes))
    assert answer.status_code == 302, answer.context["form"].errors
    return Agreement.objects.latest("version")


def sign(client: Any, agreement: Agreement) -> str:
    agreement.refresh_from_db()
    data = {"revision": str(agreement.revision)}
    return client.post(f"{PAGE}{agreement.version}/sign/", data, follow=True).content.decode()


def test_without_an_agreement_the_page_offers_the_template(sign_in: Any) -> None:
    assert "Draft it from the template" in sign_in("admin").get(PAGE).content.decode()
    assert "Draft it from the template" not in sign_in("rep").get(PAGE).content.decode()


def test_both_heads_draft_and_sign_in_minutes(sign_in: Any, heads: Any) -> None:
    marketing, sales = sign_in(user=heads[0]), sign_in(user=heads[1])
    page = marketing.get(f"{PAGE}new/").content.decode()
    assert "Try to reach every tier-1 lead within 4 business hours" in page
    made = draft(marketing, number_first_contact=2, keep_nurture_unresponsive=None, summary="Our first one")
    assert Clause.objects.get(code="first_contact").text == "Try to reach every tier-1 lead within 2 business hours"
    assert not Clause.objects.filter(code="nurture_unresponsive").exists()
    asked = OutboxMessage.objects.get(kind="agreement.to_sign")
    assert (asked.recipient, asked.payload["url"]) == (str(heads[1].pk), f"{PAGE}?version=1")
    assert "when the other side has signed too" in sign(marketing, made)
    assert "is in effect from now on" in sign(sales, made)
    made.refresh_from_db()
    assert made.state == "live"
    words = sales.get(PAGE).content.decode()
    assert "Our first one" in words
    assert words.count("Mia") >= 1
    actions = set(LedgerEntry.objects.values_list("action", flat=True))
    assert {"agreement.drafted", "agreement.signed", "agreement.published"} <= actions


def test_the_wizard_refuses_in_words_and_keeps_what_was_typed(sign_in: Any, heads: Any) -> None:
    client = sign_in(user=heads[0])
    wrong = {"number_attempts": "many", "number_volume": "", "review_on": str(timezone.localdate())}
    answer = client.post(f"{PAGE}new/", answers(**wrong))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Give the number, or leave the clause out." in page
    assert "Choose a day after it takes effect." in page
    assert 'value="many"' in page
    nothing = {f"keep_{pattern.code}": None for pattern in PATTERNS if pattern.side == "sales"}
    assert "Sales promises nothing" in client.post(f"{PAGE}new/", answers(**nothing)).content.decode()


def test_a_changed_draft_asks_for_both_signatures_again(sign_in: Any, heads: Any) -> None:
    marketing, sales = sign_in(user=heads[0]), sign_in(user=heads[1])
    made = draft(marketing)
    sign(marketing, made)
    made.refresh_from_db()
    seen = made.revision
    data = answers(number_attempts=8, revision=seen)
    assert marketing.post(f"{PAGE}{made.version}/edit/", data).status_code == 302
    again = marketing.post(f"{PAGE}{made.version}/edit/", data)
    assert "changed this draft in the meantime" in again.content.decode()
    stale = sales.post(f"{PAGE}{made.version}/sign/", {"revision": str(seen)}, follow=True)
    assert "was changed while you read it" in stale.content.decode()
    assert "when the other side has signed too" in sign(sales, made)
    assert Agreement.objects.get().state == "draft"


def test_a_head_declines_and_everybody_may_speak(sign_in: Any, heads: Any) -> None:
    made = draft(sign_in(user=heads[0]))
    sales = sign_in(user=heads[1])
    assert sales.post(f"{PAGE}{made.version}/remark/", {"text": ""}).status_code == 422
    sales.post(f"{PAGE}{made.version}/remark/", {"text": "Six attempts are too many", "decline": "1"})
    sign_in("rep").post(f"{PAGE}{made.version}/remark/", {"text": "I like it"})
    page = sales.get(f"{PAGE}?version=1").content.decode()
    assert "Six attempts are too many" in page
    assert "Declined" in page
    assert "I like it" in page
    rep = sign_in("rep").post(f"{PAGE}{made.version}/remark/", {"text": "No", "decline": "1"})
    assert "Only the head of a side declines" in rep.content.decode()


def test_the_next_version_says_what_changes_and_the_old_one_stays_readable(sign_in: Any, company: Any) -> None:
    marketing, sales = (sign_in(user=company[f"{side}_head"]) for side in ("marketing", "sales"))
    assert "Draft a new version" in marketing.get(PAGE).content.decode()
    made = draft(marketing, number_attempts=8)
    words = marketing.get(f"{PAGE}?version=2").content.decode()
    assert "What changes against version 1" in words
    assert "Changed: Try 8 times on at least 2 channels before “no response”." in words
    assert marketing.get(f"{PAGE}new/").url == f"{PAGE}?version=2"
    sign(marketing, made)
    sign(sales, made)
    old = sales.get(f"{PAGE}?version=1").content.decode()
    assert "An older version" in old
    assert "Try 6 times" in old


def test_a_draft_that_nobody_signed_is_discarded(sign_in: Any, heads: Any) -> None:
    client = sign_in(user=heads[0])
    made = draft(client)
    client.post(f"{PAGE}{made.version}/discard/")
    assert not Agreement.objects.exists()


def test_it_takes_effect_on_its_day_and_the_review_is_announced(sign_in: Any, heads: Any) -> None:
    marketing, sales = sign_in(user=heads[0]), sign_in(user=heads[1])
    day = timezone.localdate() + timedelta(days=3)
    made = draft(marketing, takes_effect_on=day)
    sign(marketing, made)
    assert "It takes effect on" in sign(sales, made)
    now = timezone.now()
    assert tend_agreements(now, day - timedelta(days=1)) == 0
    assert tend_agreements(now + timedelta(days=3), day) == 1
    made.refresh_from_db()
    assert made.state == "live"
    assert tend_agreements(now, made.review_on) == 1
    assert tend_agreements(now, made.review_on) == 0
    assert OutboxMessage.objects.filter(kind="agreement.review").count() == 2


@pytest.mark.parametrize(
    ("role", "drafts", "signs"),
    [
        ("rep", 403, 403),
        ("marketer", 403, 403),
        ("executive", 403, 403),
        ("admin", 200, 403),
        ("sales_manager", 200, 302),
    ],
)
def test_each_role_drafts_and_signs_as_far_as_it_may(
    sign_in: Any, heads: Any, role: str, drafts: int, signs: int
) -> None:
    client = sign_in(role)
    assert client.get(f"{PAGE}new/").status_code == drafts
    made = draft(sign_in(user=heads[0]))
    assert client.post(f"{PAGE}{made.version}/sign/", {"revision": "1"}).status_code == signs
    assert client.get(f"{PAGE}{made.version}/edit/").status_code == drafts


def test_strangers_see_nothing_and_what_is_not_there_is_not_there(client: Any, sign_in: Any, company: Any) -> None:
    assert client.get(PAGE).status_code == 302
    admin = sign_in("admin")
    assert admin.get(f"{PAGE}?version=99").status_code == 404
    assert admin.get(f"{PAGE}1/edit/").status_code == 404  # it took effect: no draft any more
    assert admin.post(f"{PAGE}1/discard/").status_code == 404
