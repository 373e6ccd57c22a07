"""The gate on its pages: numbers, changes with their reason, the box to try it, and who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.html import escape

from feedback.dispositions import Answer
from leads.gate import rules_for
from leads.models import BouncedAddress, HygieneRule, Submission
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from revops.portal.gate.bounces import learn_bounces
from sla.models import HandOff
from tests.conftest import NOW
from tests.factories import item

pytestmark = pytest.mark.django_db


def rule(code: str) -> HygieneRule:
    return HygieneRule.objects.get(pk=code)


def change(client: Any, code: str, **data: Any) -> Any:
    known = rule(code)
    form = {"action": known.action, "is_active": "on", "terms": "\n".join(known.terms), "version": known.version,
            "allowed": "\n".join(known.allowed), "reason": "because"} | data  # fmt: skip
    return client.post(f"/gate/{code}/", form)


def test_the_list_shows_every_rule_with_what_it_hit(sign_in: Any, company: Any) -> None:

    now = timezone.now()
    receipts = journey.admit(
        [item(company["source"], "x@mailinator.com"), item(company["source"], "a@gmail.com")], now=now
    )
    journey.release([receipts[0].submission_id], now=now)
    answer = sign_in("marketer").get("/gate/")
    page = answer.content.decode()
    for one in HygieneRule.objects.all():
        assert escape(one.sentence) in page
    hits = {one.code: found for one, found in answer.context["rules"]}
    assert (hits["disposable"].week, hits["disposable"].released) == (1, 1)
    assert hits["free_mail"].month == 1


@pytest.mark.parametrize("submissions", [1, 3])
def test_the_list_asks_the_same_number_of_questions(
    sign_in: Any, company: Any, submissions: int, django_assert_num_queries: Any
) -> None:
    journey.admit([item(company["source"], f"x{n}@mailinator.com") for n in range(submissions)], now=NOW)
    client = sign_in("admin")
    with django_assert_num_queries(5):
        assert client.get("/gate/").status_code == 200


def test_trying_an_address_tells_why_and_stores_nothing(sign_in: Any, company: Any) -> None:
    page = sign_in("marketer").post("/gate/try/", {"email": "bob@mailinator.com"}).content.decode()
    assert "mailinator.com gives out throw-away addresses." in page
    assert "Quarantine" in page
    assert not Submission.objects.exists()
    assert not LedgerEntry.objects.exists()


def test_trying_a_whole_submission_names_every_rule_that_hits(sign_in: Any, company: Any) -> None:
    sent = {"email": "info@mailinator.com", "title": "Student", "need": "a casino", "phone": "12"}
    trial = sign_in("admin").post("/gate/try/", sent).context["trial"]
    assert [one.code for one in trial.hits] == ["disposable", "student", "spam", "role_account", "free_mail"]
    assert [one.decides for one in trial.hits] == [True, False, False, False, False]
    assert [name for name, _words in trial.problems] == ["phone"]


def test_a_good_address_is_let_in(sign_in: Any, company: Any) -> None:
    assert "No rule stops it." in sign_in("admin").post("/gate/try/", {"email": "ada@acme-works.com"}).content.decode()


def test_an_empty_trial_is_refused_in_words(sign_in: Any) -> None:
    answer = sign_in("admin").post("/gate/try/", {})
    assert answer.status_code == 422
    assert "Give at least an address." in answer.content.decode()


def test_htmx_gets_the_answer_alone(sign_in: Any, company: Any) -> None:
    answer = sign_in("admin").post("/gate/try/", {"email": "ada@gmail.com"}, headers={"HX-Request": "true"})
    assert "<html" not in answer.content.decode()
    assert "it is marked" in answer.content.decode()


def test_a_changed_rule_counts_and_its_page_says_who_changed_what(sign_in: Any, company: Any) -> None:
    client = sign_in("marketing_manager", name="Mara Head")
    answer = change(client, "competitor", terms="Rival.com\nrival", action="refuse", reason="they copy us")
    assert answer.status_code == 302
    assert (rule("competitor").terms, rule("competitor").action) == (["rival", "rival.com"], "refuse")
    page = client.get("/gate/competitor/").content.decode()
    for words in ("Mara Head", "they copy us", "+ rival, rival.com", "quarantine → refuse"):
        assert words in page
    client.post("/gate/competitor/undo/")
    assert rule("competitor").action == "quarantine"


def test_a_change_without_a_reason_is_refused_and_what_was_typed_is_kept(sign_in: Any, company: Any) -> None:
    answer = change(sign_in("admin"), "spam", terms="new phrase", reason="")
    assert answer.status_code == 422
    assert "Say why." in answer.content.decode()
    assert "new phrase" in answer.content.decode()
    assert rule("spam").version == 1


def test_two_people_see_each_other(sign_in: Any, company: Any) -> None:
    change(sign_in("admin"), "spam", terms="one")
    answer = change(sign_in("marketing_manager"), "spam", terms="two", version=1)
    assert answer.status_code == 422
    assert "Somebody changed this rule" in answer.content.decode()
    assert rule("spam").terms == ["one"]


def test_terms_go_out_as_a_file_and_come_in_from_one(sign_in: Any, company: Any) -> None:
    client = sign_in("admin")
    upload = SimpleUploadedFile("terms.csv", "﻿term,kind\nRival.com,term\nother.io;x\n\n".encode())
    answer = client.post("/gate/competitor/import/", {"file": upload, "reason": "list of the board"}, follow=True)
    assert "2 terms were added." in answer.content.decode()
    assert rule("competitor").terms == ["other.io", "rival.com"]
    sent = b"".join(client.get("/gate/competitor/terms.csv").streaming_content).decode("utf-8-sig")
    assert sent.splitlines() == ["term,kind", "other.io,term", "rival.com,term"]


@pytest.mark.parametrize(
    ("content", "words"), [(b"\xff\xfe\x00x", "not UTF-8"), (b"ada@x.com\n", "never a person"), (b"", "empty")]
)
def test_a_bad_file_of_terms_is_refused_in_words(sign_in: Any, company: Any, content: bytes, words: str) -> None:
    upload = SimpleUploadedFile("terms.csv", content)
    answer = sign_in("admin").post("/gate/competitor/import/", {"file": upload, "reason": "x"})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert rule("competitor").version == 1


def test_bounced_addresses_are_reported_and_taken_back_by_page(sign_in: Any, company: Any) -> None:
    client = sign_in("marketer")
    answer = client.post("/gate/bounced/report/", {"addresses": "a@x-firm.com\nb@x-firm.com\n"}, follow=True)
    assert "2 addresses are new on the list." in answer.content.decode()
    client.post("/gate/bounced/report/", {"addresses": "a@x-firm.com", "then": "forget"})
    assert BouncedAddress.objects.count() == 1
    assert client.post("/gate/bounced/report/", {"addresses": ""}).status_code == 422


def test_a_lead_that_sales_rejects_for_its_address_closes_the_gate_to_it(company: Any) -> None:
    ready = {"title": "VP Sales", "company": "Acme Works", "country": "DE", "employees": 300, "industry": "Software",
             "act": "demo_request", "timeline_on": "2026-04-15", "need": "routing", "first_name": "Ada",
             "signals": [{"kind": "demo_request"}, {"kind": "pricing_page_visit"}]}  # fmt: skip
    journey.admit([item(company["source"], **ready)], now=NOW)
    handoff = HandOff.objects.get()
    rep = handoff.owner or company["reps"][0]
    answer = Answer(handoff.lead_id, rep.pk, "rejected", NOW, reason="wrong_email", evidence="550 no such user")
    [answered] = journey.decide([answer], now=NOW)
    assert answered.disposition is not None
    assert learn_bounces(now=NOW + timedelta(minutes=5)) == 0
    assert learn_bounces(now=NOW + timedelta(minutes=11)) == 1
    assert learn_bounces(now=NOW + timedelta(minutes=20)) == 0
    assert [one.terms != frozenset() for one in rules_for(["ada@acme-works.com"]) if one.code == "bounced"] == [True]


def test_the_rule_that_asks_who_it_is_stays(sign_in: Any, company: Any) -> None:
    client = sign_in("admin")
    assert "This rule stays as it is" in client.get("/gate/unidentified/").content.decode()
    assert client.post("/gate/unidentified/", {"reason": "x"}).status_code == 403


@pytest.mark.parametrize("role", ["rep", "executive"])
def test_who_may_not_see_the_gate_is_told_so(sign_in: Any, role: str) -> None:
    assert sign_in(role).get("/gate/").status_code == 403


def test_a_marketer_reads_a_rule_and_cannot_change_it(sign_in: Any, company: Any) -> None:
    client = sign_in("marketer")
    page = client.get("/gate/spam/").content.decode()
    assert "casino" in page
    assert "Change the rule" not in page
    assert change(client, "spam", terms="").status_code == 403
    assert client.post("/gate/spam/undo/").status_code == 403
    assert client.post("/gate/spam/import/").status_code == 403
    assert rule("spam").version == 1


def test_strangers_sign_in_first_and_an_unknown_rule_is_not_found(client: Any, sign_in: Any) -> None:
    assert client.get("/gate/").status_code == 302
    assert client.post("/gate/try/", {"email": "a@b.com"}).status_code == 302
    assert sign_in("admin").get("/gate/nonsense/").status_code == 404
