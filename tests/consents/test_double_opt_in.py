"""Double opt-in: a real mail, a link that only asks, a button that confirms once; and what happens if nobody does."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from leads.models import Confirmation, ConsentEvent, Lead, LeadForm, SignalKind, Submission, SubmissionOutcome
from leads.queries import conservation
from revops.foundation import outbox
from revops.foundation.models import OutboxMessage
from revops.portal import journey
from revops.portal.consents.confirming import MOST_SENDS, send_again
from revops.portal.lead_forms.guard import TRAP, stamp
from tests.foundation.receivers import mail_server
from tests.portal.desk import Office, open_office

pytestmark = pytest.mark.django_db

GOOD = {"email": "ada@acme-works.com", "name": "Ada Lovelace", "consent": "on"}


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def office(db: None) -> Office:
    return open_office()


@pytest.fixture
def lead_form(office: Office) -> LeadForm:
    return LeadForm.objects.create(
        slug="news", title="Our news", source=office.source, needs_confirmation=True, confirm_days=3,
        signal_kind=SignalKind.objects.get(code="demo_request"), consent_text="Send me news.", consent_purpose="news",
        fields=[{"name": "email", "required": True}, {"name": "name", "required": True}], created_at=timezone.now(),
    )  # fmt: skip


def post(client: Client | None = None, **data: Any) -> Any:
    opened = stamp("news", timezone.now() - timedelta(minutes=1))
    return (client or Client()).post("/f/news/", {**GOOD, "opened": opened, **data})


def link_in(message: Any) -> str:
    text = message.get_body(("plain",)).get_content()
    return "/c/" + re.search(r"/c/(\S+)", text).group(1)  # type: ignore[union-attr]


def mailed_link() -> str:
    text = OutboxMessage.objects.filter(kind="consent.confirmation_asked").latest("pk").payload["text"]
    return "/c/" + re.search(r"/c/(\S+)", text).group(1)  # type: ignore[union-attr]


def test_the_submission_waits_until_the_link_in_a_real_mail_is_used(lead_form: LeadForm, settings: Any) -> None:
    client = Client()
    answer = post(client)
    assert "Look into your mail" in client.get(answer.url).content.decode()
    assert not Lead.objects.exists()
    assert SubmissionOutcome.objects.get().rule == "unconfirmed"
    with mail_server(settings) as server:
        outbox.deliver_due(timezone.now())
        (mail,) = server.mails
    assert mail["To"] == "ada@acme-works.com"
    assert "Our news" in mail["Subject"]
    link = link_in(mail)
    stranger = Client()
    for _ in range(2):
        assert "Yes, this is my address" in stranger.get(link).content.decode()
    assert not Lead.objects.exists(), "programs that open links confirm nothing"
    assert "Your address is confirmed" in stranger.post(link).content.decode()
    lead = Lead.objects.get()
    event = ConsentEvent.objects.get()
    assert (event.person_id, event.kind, event.purpose) == (lead.person_id, "given", "news")
    assert event.occurred_at == Confirmation.objects.get().confirmed_at
    assert event.proof.network == "127.0.0.0/24"
    assert not stranger.cookies


def test_the_link_works_once(lead_form: LeadForm) -> None:
    post()
    link = mailed_link()
    Client().post(link)
    again = Client().post(link).content.decode()
    assert "You had confirmed it before" in again
    assert Lead.objects.count() == ConsentEvent.objects.count() == 1
    assert SubmissionOutcome.objects.count() == 2


def test_an_expired_link_confirms_nothing_and_offers_another(lead_form: LeadForm) -> None:
    post()
    link = mailed_link()
    Confirmation.objects.update(expires_at=timezone.now(), asked_at=timezone.now() - timedelta(days=4),
                                last_sent_at=timezone.now() - timedelta(days=4))  # fmt: skip
    page = Client().post(link).content.decode()
    assert "The link has expired" in page
    assert not Lead.objects.exists()
    path = re.search(r'action="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    assert "the link is on its way" in Client().post(path).content.decode()
    assert OutboxMessage.objects.filter(kind="consent.confirmation_asked").count() == 2
    Client().post(mailed_link())
    assert Lead.objects.count() == 1


def test_the_mail_is_sent_again_a_few_times_and_not_in_a_rush(lead_form: LeadForm) -> None:
    post()
    pk, now = Submission.objects.get().pk, timezone.now()
    assert not send_again(pk, now=now), "the first has hardly left"
    sent = [send_again(pk, now=now + timedelta(hours=n)) for n in range(1, MOST_SENDS + 3)]
    assert sent.count(True) == MOST_SENDS - 1
    LeadForm.objects.update(state="archived")
    assert not send_again(pk, now=now + timedelta(days=1))


def test_nobody_is_mailed_whom_the_gate_stops(lead_form: LeadForm) -> None:
    post(email="x@mailinator.com")
    post(**{TRAP: "http://spam.example"})
    assert set(SubmissionOutcome.objects.values_list("rule", flat=True)) == {"disposable", "honeypot"}
    assert not Confirmation.objects.exists()
    assert not OutboxMessage.objects.filter(kind="consent.confirmation_asked").exists()


def test_what_a_colleague_lets_in_is_not_mailed_before_it_is_confirmed(lead_form: LeadForm) -> None:
    from leads.consents import may_mail

    post()
    journey.release([Submission.objects.get().pk], now=timezone.now())
    lead = Lead.objects.select_related("person").get()
    assert ConsentEvent.objects.get().kind == "asked"
    assert not may_mail([lead.person], "news", now=timezone.now())[lead.person_id].is_allowed
    Client().post(mailed_link())
    assert list(ConsentEvent.objects.order_by("pk").values_list("kind", flat=True)) == ["asked", "given"]
    assert may_mail([lead.person], "news", now=timezone.now())[lead.person_id].is_allowed
    assert Lead.objects.count() == 1


def test_the_equation_balances_before_and_after(lead_form: LeadForm) -> None:
    post()
    post(email="bea@acme-works.com")
    link, today = mailed_link(), timezone.now().date()
    (before,) = conservation(today, today)
    Client().post(link)
    (after,) = conservation(today, today)
    assert (before.received, before.quarantined, before.new, before.missing) == (2, 2, 0, 0)
    assert (after.received, after.quarantined, after.new, after.missing) == (2, 1, 1, 0)


def test_what_was_pending_is_asked_to_confirm_when_the_sweep_finishes_it(
    lead_form: LeadForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    from revops.portal import journey as way

    def broken(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("away")

    with monkeypatch.context() as patched:
        patched.setattr(way, "settle_consents", broken)
        assert post().status_code == 302
    assert not Confirmation.objects.exists()
    assert journey.finish_pending(now=timezone.now() + timedelta(hours=1)) == 1
    assert Confirmation.objects.count() == 1
    Client().post(mailed_link())
    assert Lead.objects.count() == 1
