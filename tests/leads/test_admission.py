"""Admission on the database: every submission gets one outcome, every person one open lead."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from leads.admission import Admission, admit_people
from leads.intake import Item, journal_submissions
from leads.models import (
    Account,
    Campaign,
    Lead,
    LifecycleEvent,
    Person,
    PersonIdentity,
    Signal,
    Source,
    Submission,
    SubmissionOutcome,
)
from leads.transitions import Move, move_leads
from leads.withdrawal import withdraw_submissions
from revops.foundation.ids import new_id
from tests.conftest import NOW
from tests.factories import SourceFactory, UserFactory, item

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Source:
    return SourceFactory.create(key="website")


def admit(*items: Item) -> list[Admission]:
    return admit_people(journal_submissions(items, now=NOW), now=NOW)


def test_a_new_person_gets_a_lead_with_account_event_and_signal(source: Source) -> None:
    (admission,) = admit(item(source, name="Ada Lovelace", company="Acme Inc", title="VP Sales", utm_campaign="spring"))
    lead = Lead.objects.select_related("person__account", "campaign").get()
    assert admission.outcome == "new"
    assert (lead.stage, lead.person.name, lead.person.seniority) == ("new", "Ada Lovelace", "vp")
    assert (lead.person.account.name, lead.person.account.domain) == ("Acme Inc", "acme-works.com")
    assert (lead.campaign.key, lead.first_touch) == ("spring", {"utm_campaign": "spring"})
    assert LifecycleEvent.objects.get().to_stage == "new"
    assert Signal.objects.get().kind.code == "form_submission"


def test_a_repeat_enquiry_is_attached_and_counts_as_interest(source: Source) -> None:
    admit(item(source))
    (admission,) = admit(item(source, "ADA@acme-works.com", need="Call me"))
    assert admission.outcome == "attached"
    assert Lead.objects.get().need == "Call me"
    assert sorted(Signal.objects.values_list("kind__code", flat=True)) == [
        "form_submission", "form_submission", "repeat_enquiry",
    ]  # fmt: skip


def test_a_known_person_on_a_list_did_nothing_unless_the_row_names_an_act(source: Source) -> None:
    admit(item(source))
    (bare,) = admit(item(source, need="Call me", _channel="import"))
    assert (bare.outcome, bare.acts, Lead.objects.get().need) == ("attached", [], "Call me")
    (named,) = admit(item(source, act="webinar", _channel="import"))
    assert [act.kind for act in named.acts] == ["webinar", "repeat_enquiry"]


def test_the_same_person_twice_in_one_batch_is_one_lead(source: Source) -> None:
    outcomes = [
        admission.outcome for admission in admit(item(source), item(source), item(source, "bob@acme-works.com"))
    ]
    assert outcomes == ["new", "attached", "new"]
    assert (Person.objects.count(), Account.objects.count(), Lead.objects.count()) == (2, 1, 2)


def test_a_person_is_found_by_the_senders_id(source: Source) -> None:
    admit(item(source, "", _external_id="42", first_name="Ada"))
    (admission,) = admit(item(source, "ada@acme-works.com", _external_id="42"))
    assert admission.outcome == "attached"
    assert Person.objects.get().email == "ada@acme-works.com"
    assert PersonIdentity.objects.get().value == "42"


def test_the_same_id_of_another_source_is_another_person(source: Source) -> None:
    admit(item(source, "", _external_id="42"), item(SourceFactory.create(), "", _external_id="42"))
    assert Person.objects.count() == 2


def test_a_person_with_only_a_phone_is_found_again(source: Source) -> None:
    outcomes = [
        a.outcome for a in admit(item(source, "", phone="+49 30 1234567"), item(source, "", phone="+4930 1234567"))
    ]
    assert outcomes == ["new", "attached"]


def test_free_mail_makes_no_account(source: Source) -> None:
    admit(item(source, "ada@gmail.com"))
    assert not Account.objects.exists()
    assert Person.objects.get().flags == ["free_mail"]


def test_known_facts_are_filled_in_but_never_overwritten(source: Source) -> None:
    admit(item(source, title="VP Sales"))
    admit(item(source, title="Janitor", phone="+49 30 1234567"))
    person = Person.objects.get()
    assert (person.title, person.phone) == ("VP Sales", "+49301234567")


def test_rubbish_is_kept_with_its_reason_and_makes_no_lead(source: Source) -> None:
    admissions = admit(item(source, "x@mailinator.com"), item(source, "", company="Nobody"))
    assert [admission.outcome for admission in admissions] == ["quarantined", "refused"]
    assert not Lead.objects.exists()
    assert Submission.objects.count() == SubmissionOutcome.objects.exclude(detail="").count() == 2


def test_what_did_not_parse_is_journalled_and_refused(source: Source) -> None:
    entry = Item(source_id=source.pk, channel="api", payload=None, raw="{nope", refusal="This is not JSON.")
    (admission,) = admit(entry)
    assert (admission.outcome, admission.detail) == ("refused", "This is not JSON.")
    assert Submission.objects.get().body.raw == "{nope"


def test_a_purchased_list_is_held(source: Source) -> None:
    (admission,) = admit(item(SourceFactory.create(kind="purchased")))
    assert (admission.outcome, admission.rule) == ("quarantined", "purchased")


def test_released_quarantine_replaces_its_outcome(source: Source) -> None:
    entries = journal_submissions([item(source, "x@mailinator.com")], now=NOW)
    admit_people(entries, now=NOW)
    assert Submission.objects.quarantined().count() == 1
    (admission,) = admit_people(entries, now=NOW, released=True)
    assert admission.outcome == "new"
    assert not Submission.objects.quarantined().exists()
    assert list(SubmissionOutcome.objects.order_by("pk").values_list("kind", "replaces")) == [
        ("quarantined", ""), ("new", "quarantined"),
    ]  # fmt: skip


def test_a_thing_sent_twice_under_one_key_changes_nothing(source: Source) -> None:
    first, second = journal_submissions([item(source, _dedupe_key="row-1"), item(source, _dedupe_key="row-1")], now=NOW)
    assert (first.is_repeat, second.is_repeat) == (False, True)
    (again,) = journal_submissions([item(source, _dedupe_key="row-1")], now=NOW)
    assert again.submission.pk == first.submission.pk


def test_an_event_id_counts_once(source: Source) -> None:
    act = {"kind": "pricing_page_visit", "event_id": "e1"}
    admit(item(source, signals=[act, act]))
    admit(item(source, signals=[act]))
    assert Signal.objects.filter(kind__code="pricing_page_visit").count() == 1


def test_an_unknown_kind_of_act_is_kept_under_its_own_name(source: Source) -> None:
    admit(item(source, signals=[{"kind": "carrier_pigeon"}]))
    signal = Signal.objects.get()
    assert (signal.kind.code, signal.topic) == ("other_activity", "carrier_pigeon")


def test_undated_history_stays_undated(source: Source) -> None:
    admit(item(source, "", _external_id="7", _is_history=True, signals=[{"kind": "page_visit", "quantity": 5}]))
    lead = Lead.objects.get()
    assert (lead.is_history, lead.occurred_at) == (True, None)
    assert Signal.objects.get().occurred_at is None
    assert LifecycleEvent.objects.get().occurred_at is None


def test_a_live_enquiry_brings_a_historic_lead_to_life(source: Source) -> None:
    admit(item(source, _is_history=True))
    admit(item(source, _received_at=NOW + timedelta(days=1)))
    lead = Lead.objects.get()
    assert (lead.is_history, lead.received_at) == (False, NOW + timedelta(days=1))


def test_the_journal_cannot_be_changed(source: Source) -> None:
    admit(item(source))
    for change in (
        lambda: Submission.objects.update(channel="form"),
        lambda: SubmissionOutcome.objects.update(detail="x"),
        lambda: Signal.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


@pytest.mark.parametrize(("size", "queries"), [(1, 18), (5, 18), (10, 27), (60, 27)])
def test_queries_do_not_grow_with_submissions(source: Source, size: int, queries: int) -> None:
    items = [item(source, f"a{number}@one{number}.com", utm_campaign="x") for number in range(size)]
    with CaptureQueriesContext(connection) as captured:
        admit(*items)
    assert len(captured) == queries


def test_campaigns_are_created_once(source: Source) -> None:
    admit(item(source, "a@one.com", utm_campaign="x"), item(source, "b@two.com", utm_campaign="x"))
    assert Campaign.objects.count() == 1


def test_a_lead_moves_only_from_where_it_is_expected(source: Source) -> None:
    admit(item(source))
    lead = Lead.objects.get()
    move = Move(lead.pk, "new", "nurture", NOW, "score", "1")
    assert move_leads([move], now=NOW) == [lead.pk]
    assert move_leads([move], now=NOW) == []
    lead.refresh_from_db()
    assert (lead.stage, lead.version) == ("nurture", 2)
    assert list(LifecycleEvent.objects.order_by("pk").values_list("to_stage", flat=True)) == ["new", "nurture"]


def test_an_undone_import_hides_its_leads_and_keeps_its_rows(source: Source) -> None:
    job = new_id()
    admit(item(source, "a@one.com", _job_id=job), item(source, "b@two.com", _job_id=job))
    admit(item(source, "b@two.com"))
    withdrawn, hidden = withdraw_submissions(job, now=NOW, actor_id=UserFactory.create().pk)
    assert (withdrawn, len(hidden)) == (2, 1)
    assert withdraw_submissions(job, now=NOW) == (0, [])
    assert list(Lead.objects.shown().values_list("person__email", flat=True)) == ["b@two.com"]
    assert Submission.objects.count() == 3


def test_a_withdrawn_person_can_enquire_again(source: Source) -> None:
    job = new_id()
    admit(item(source, _job_id=job))
    withdraw_submissions(job, now=NOW)
    assert admit(item(source))[0].outcome == "new"
