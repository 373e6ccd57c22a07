"""The proof: a person is planted through every way in, erased, and then found in no table, no file, no cache.

The search knows no table by name: it asks the database for all of them, so a table that is made tomorrow cannot
forget the erased.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from feedback.models import Contest, ContestVerdict, Disposition, GapAnswer, Outcome, ReasonCode, ReviewDecision
from leads.account_changes import describe_inside
from leads.gate import Bounce, remember_bounces
from leads.intake import Item
from leads.models import Attempt, Lead, LeadForm, Person, PrivacyRequest, Signal, SignalKind, Submission
from revops.foundation import jobs, outbox
from revops.foundation.models import LedgerEntry, Notice, OutboxMessage
from revops.portal import journey
from revops.portal.auditor import audit
from revops.portal.back_office import note
from revops.portal.consents.recording import record_consent
from revops.portal.hooks.taking import take_deliveries
from revops.portal.imports.uploads import begin_import, store_upload
from revops.portal.lead_forms.guard import stamp
from revops.portal.mailbox.directory import read_directory
from revops.portal.merges.acting import merge
from revops.portal.privacy.requests import open_request, start_erasing
from revops.portal.vetting.working import start_vetting
from scoring.backtest import pack_everything
from scoring.models import ScoreDecision, TierOverride
from scoring.replay import prove_replay
from sla.models import Clock
from tests.api.conftest import key_for
from tests.factories import UserFactory, item
from tests.hooks.test_receiving import make
from tests.hooks.test_receiving import post as post_hook
from tests.portal.desk import Office, open_office

pytestmark = pytest.mark.django_db

FIRST, LAST, WORD = "Zyxana", "Markeroid", "Zyxwort"
NAME = f"{FIRST} {LAST}"
EMAIL, ALIAS = "zyxana@acme-works.com", "z.markeroid@acme-works.io"
PHONE = "+493076543210"
TOKENS = ("zyxana", "zyxwort", "markeroid", "76543210")


@pytest.fixture(autouse=True)
def places(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path / "var"
    settings.EMAIL_FILE_PATH = tmp_path / "var" / "mail"
    settings.MAILBOX_DIR = str(tmp_path / "var" / "mailbox")
    Path(settings.MAILBOX_DIR).mkdir(parents=True)
    settings.EMAIL_FILE_PATH.mkdir()
    return Path(tmp_path / "var")


@pytest.fixture
def office(db: None) -> Office:
    return open_office()


def plant(office: Office, places: Path) -> Lead:
    """Lets one person in by every way, and lets colleagues write about them wherever they can."""
    now = timezone.now()
    facts = {"first_name": FIRST, "last_name": LAST, "phone": PHONE, "title": f"VP Sales {WORD}", "company": "Acme",
             "country": "DE", "employees": 300, "city": WORD, "need": f"{WORD} and routing", "act": "demo_request",
             "attributes": {"use_case": WORD, "plan": NAME}}  # fmt: skip
    by_api(office, facts)
    lead = Lead.objects.select_related("person", "account").get(person__email=EMAIL)
    pack_everything(now=timezone.now())
    by_form(office)
    by_hook(office)
    by_mail(office, places)
    by_files(office, places)
    journey.admit(
        [
            item(office.source, EMAIL, hold={"rule": "odd", "detail": f"{EMAIL} looks odd, says {NAME}"}, **facts),
            Item(source_id=office.source.pk, channel="api", payload=None, raw=f"<{EMAIL} {WORD}>",
                 refusal=f"{EMAIL} cannot be read"),
            item(office.source, ALIAS, first_name=FIRST, last_name=LAST, phone=PHONE, need=WORD, act="demo_request",
                 employees=f"ask {NAME}", country=WORD),  # unreadable: they stay as they were sent
        ],
        now=now,
    )  # fmt: skip
    other = Person.objects.get(email=ALIAS)
    merge(lead.person_id, other.pk, ["phone"], office.admin, now=timezone.now())
    by_colleagues(office, Lead.objects.select_related("person", "account").get(pk=lead.pk))
    pack_everything(now=timezone.now())
    outbox.deliver_due(timezone.now())
    return lead


def by_api(office: Office, facts: dict[str, Any]) -> None:
    machine = UserFactory.create(role="integration")
    client = Client(headers={"Authorization": f"Bearer {key_for(machine)}"})
    body = {"source": "website", "email": EMAIL, "external_id": f"crm-{EMAIL}", **facts,
            "utm": {"utm_content": EMAIL, "utm_source": "mail"}, "consent": {"text": "You may write to me."},
            "signals": [{"kind": "pricing_page_visit", "topic": EMAIL,
                         "url": f"https://acme.com/?mail={EMAIL}"}]}  # fmt: skip
    for attempt in ("once", "again"):
        answer = client.post("/api/v1/submissions/", json.dumps(body), "application/json",
                             headers={"Idempotency-Key": f"{EMAIL}-{attempt}"})  # fmt: skip
        assert answer.status_code == 201, answer.content
    signal = {"source": "website", "email": EMAIL, "kind": "case_study_view", "event_id": f"e-{EMAIL}",
              "url": f"https://acme.com/study?who={WORD}"}  # fmt: skip
    assert client.post("/api/v1/signals/", json.dumps(signal), "application/json").status_code == 201


def by_form(office: Office) -> None:
    LeadForm.objects.create(
        slug="demo", title="See a demo", source=office.source, consent_text="You may.", created_at=timezone.now(),
        signal_kind=SignalKind.objects.get(code="demo_request"),
        fields=[{"name": name, "required": False} for name in ("email", "name", "phone", "need")],
    )  # fmt: skip
    sent = {"email": EMAIL, "name": NAME, "phone": PHONE, "need": WORD, "consent": "on", "page": f"https://a.b/{WORD}",
            "opened": stamp("demo", timezone.now() - timedelta(minutes=1)), "utm_term": EMAIL}  # fmt: skip
    answer = Client().post("/f/demo/", sent, headers={"User-Agent": f"Browser of {WORD}"})
    assert answer.status_code == 302, answer.content


def by_hook(office: Office) -> None:
    hook, secret = make({"source": office.source, "admin": office.admin})
    good = {"event": {"id": EMAIL}, "lead": {"email": EMAIL, "name": NAME}, "plan": WORD}
    assert post_hook(hook, secret, good).status_code == 202
    assert post_hook(hook, secret, {"event": {"id": "2"}, "leads": f"{EMAIL} {PHONE}"}).status_code == 202
    take_deliveries(now=timezone.now())


def by_mail(office: Office, places: Path) -> None:
    mail = (f"From: {NAME} <{EMAIL}>\r\nTo: us@portal.example\r\nSubject: {WORD}\r\nMessage-ID: <{WORD}@acme>\r\n"
            f"Date: Wed, 4 Mar 2026 10:00:00 +0000\r\n\r\nCall me, {NAME}, {PHONE}. {WORD}\r\n")  # fmt: skip
    (places / "mailbox" / f"{FIRST}.eml").write_bytes(mail.encode())
    assert sum(read_directory(places / "mailbox", office.source, now=timezone.now()).values()) == 1
    (places / "mail" / "out.log").write_text(f"To: {EMAIL}\n\nConfirm your address")


def by_files(office: Office, places: Path) -> None:
    rows = (f"Email,Name,Phone,Notes\n{EMAIL},{NAME},{PHONE},{WORD}\nbob@beta.com,Bob May,,keeps his row\n"
            f"not-an-address,{NAME},,x\n")  # fmt: skip
    path = places / "leads.csv"
    path.write_text(rows)
    call_command("import_leads", str(path), source="website", legal_basis="consent", stdout=open("/dev/null", "w"))  # noqa: SIM115
    path.unlink()
    store_and_leave = store_upload([rows.encode("utf-16")], "list.csv", office.admin, timezone.now())
    begin_import(store_and_leave, office.admin, timezone.now())
    vetted = store_upload([rows.encode()], "vet.csv", office.admin, timezone.now())
    jobs.run(start_vetting(vetted, office.admin, timezone.now()).pk, timezone.now)


def by_colleagues(office: Office, lead: Lead) -> None:
    """Notes, answers, contests, exceptions; and texts about others that name the person in full."""
    now, rep = timezone.now(), office.rep
    again = {"lead": lead, "user": rep, "channel": "call", "occurred_at": now, "recorded_at": now}
    Attempt.objects.create(**again, result="conversation", note=f"{WORD} has a dog", event_id=f"mail-{EMAIL}")
    reason = ReasonCode.objects.order_by("pk").first()
    answer = Disposition.objects.create(
        lead=lead, kind="rejected", reason=reason, evidence=f"{WORD} said so", note=WORD, second_look=WORD, user=rep,
        decided_at=now, recorded_at=now,
    )  # fmt: skip
    GapAnswer.objects.create(disposition=answer, kind="known", words=WORD, answered_by=office.marketer, answered_at=now)
    Outcome.objects.create(
        lead=lead, kind="lost", occurred_at=now, recorded_at=now, reason=f"{WORD} left", external_id=f"deal-{WORD}",
        attributes={"contact": NAME},
    )  # fmt: skip
    contest = Contest.objects.create(
        about="score", subject_id="1", lead=lead, wrong="wrong_fact", words=WORD, side="sales", contested_by=rep,
        judge=office.marketer, judge_reason="marketing", contested_at=now, due_at=now + timedelta(days=1),
    )  # fmt: skip
    ContestVerdict.objects.create(contest=contest, is_upheld=True, words=WORD, judge=office.marketer, decided_at=now)
    TierOverride.objects.create(
        lead=lead, tier=1, reason=WORD, author=office.admin, created_at=now, expires_at=now + timedelta(days=1)
    )
    Clock.objects.open().filter(lead=lead).update(late_reason=f"{WORD} was away")
    Clock.objects.open().filter(lead=lead).update(cancelled_at=now + timedelta(days=9))
    record_consent(lead.person, "news", f"As {NAME} said", WORD, office.admin, now, at=now, expires_at=None)
    remember_bounces([Bounce(EMAIL, now)], "page", office.admin)
    note(office.admin, "lead.tier_overridden", lead, now, cause=f"{WORD} asked at the fair", after={"who": NAME})
    note(office.admin, "leads.exported", office.source, now, after={"filters": {"q": EMAIL}})
    describe_inside(
        lead.account, must_agree=f"{NAME}, CFO", blocker="none", next_on=None, next_what="", by=office.admin, now=now
    )
    other = office.lead(7)
    Attempt.objects.create(**{**again, "lead": other}, result="contact", note=f"Knows {LAST}, {FIRST} ({PHONE}).")
    ReviewDecision.objects.create(
        week_on="2026-03-02", text=f"Ask {NAME} why", owner=rep, due_on="2026-03-09", metric="x", direction="up",
        created_by=rep, created_at=now,
    )  # fmt: skip
    outbox.enqueue([
        OutboxMessage(kind="lead.replied", subject_kind="lead", subject_id=lead.pk, channel="in_app",
                      recipient=str(rep.pk), created_at=now, payload={"text": f"{WORD} wrote back", "url": "/"}),
        OutboxMessage(kind="digest", subject_kind="user", subject_id=rep.pk, channel="in_app",
                      recipient=str(rep.pk), created_at=now, payload={"text": f"Call {NAME}", "url": "/"}),
        OutboxMessage(kind="consent.confirmation_asked", subject_kind="submission", channel="email", recipient=EMAIL,
                      created_at=now, available_at=now + timedelta(days=1), payload={"text": "Confirm"}),
    ])  # fmt: skip
    session = SessionStore()
    session["_messages"] = f"Saved: {NAME}"
    session["kept"] = "yes"
    session.save()


def found_in_the_database() -> dict[str, str]:
    """Every table with rows that hold a token, in any column of any type, and what stands around it in one of them."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                       " WHERE c.relkind IN ('r', 'm') AND n.nspname = current_schema() ORDER BY 1")  # fmt: skip
        tables = [name for (name,) in cursor.fetchall()]
        assert len(tables) > 90, "the search asks for all of them"
        for table in tables:
            cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass"
                           " AND atttypid = 'bytea'::regtype AND NOT attisdropped", [table])  # fmt: skip
            raw = "".join(f" || coalesce(encode(one.{name}, 'escape'), '')" for (name,) in cursor.fetchall())
            cursor.execute(
                f"SELECT substring(lower(one::text{raw}) FROM %s) FROM {table} one"
                f" WHERE lower(one::text{raw}) LIKE ANY(%s) LIMIT 1",
                [f".{{0,60}}(?:{'|'.join(TOKENS)}).{{0,40}}", [f"%{token}%" for token in TOKENS]],
            )
            if row := cursor.fetchone():
                found[table] = row[0]
    return found


def found_in_files(places: Path) -> Iterator[str]:
    for path in places.rglob("*"):
        if any(token in path.name.lower() for token in TOKENS):
            yield path.name
        if path.is_file():
            raw = path.read_bytes().lower()
            if any(token.encode(code) in raw for token in TOKENS for code in ("utf-8", "utf-16-le")):
                yield str(path)


def found_in_valkey(valkey: Any) -> list[bytes]:
    held = [(key, valkey.dump(key) or b"") for key in valkey.scan_iter()]
    return [key for key, value in held if any(token.encode() in (key + value).lower() for token in TOKENS)]


def test_an_erased_person_is_found_nowhere(office: Office, places: Path, valkey: Any) -> None:
    lead = plant(office, places)
    everywhere = found_in_the_database()
    missing = PLANTED - everywhere.keys()
    assert not missing, f"the planting reaches these no longer: {missing}"
    assert len(list(found_in_files(places))) >= 5
    request = open_request(
        "erase", office.admin, timezone.now(), asked_on=timezone.localdate(), person=lead.person, words=f"{NAME} wrote"
    )
    facts = counted(lead)
    job = start_erasing(request, office.admin, timezone.now())
    jobs.run(job.pk, timezone.now)
    request.refresh_from_db()
    job.refresh_from_db()
    assert (request.state, job.state) == ("done", "done"), job.error
    assert "A last look through every table found nothing more." in request.answer
    assert found_in_the_database() == {}
    assert list(found_in_files(places)) == []
    assert found_in_valkey(valkey) == []
    assert [session.get_decoded() for session in Session.objects.all() if "kept" in session.get_decoded()] == [
        {"kept": "yes"}
    ]
    assert counted(lead) == facts, "what was decided stays"
    assert prove_replay(100, now=timezone.now()).differences == 0
    problems = [(one.code, one.examples) for one in audit(timezone.now()).findings if not one.ok]
    assert [code for code, _examples in problems if code not in DIRECT] == []


PLANTED = {
    "foundation_idempotencykey", "foundation_ledgerentry", "foundation_notice", "foundation_outboxmessage",
    "feedback_contest", "feedback_contestverdict", "feedback_disposition", "feedback_gapanswer", "feedback_outcome",
    "feedback_reviewdecision", "leads_accountdynamics", "leads_attempt", "leads_consentproof", "leads_consentwording",
    "leads_hookdelivery", "leads_importfile", "leads_importrowerror", "leads_lead", "leads_person",
    "leads_personidentity", "leads_signal", "leads_submission", "leads_submissionbody", "leads_submissionoutcome",
    "leads_touch", "scoring_casecolumn", "scoring_tieroverride", "sla_clock",
}  # fmt: skip
"""Tables into which the planting puts the person; if one is missing, the proof proves less than it says."""
DIRECT = {"lifecycle_chain", "handed_off"}
"""Questions of the auditor about rows that the planting writes by hand."""


def counted(lead: Lead) -> dict[str, int]:
    """How much was decided about a lead and happened to it."""
    models: tuple[Any, ...] = (ScoreDecision, Signal, Attempt, Disposition, Outcome, Contest)
    return {
        **{model.__name__: model.objects.filter(lead=lead).count() for model in models},
        "submissions": Submission.objects.count(),
        "ledger": LedgerEntry.objects.exclude(action__startswith="privacy_").exclude(action="person.erased").count(),
        "notices": Notice.objects.count(),
        "requests": PrivacyRequest.objects.count(),
    }
