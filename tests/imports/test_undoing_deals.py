"""A file of deals is taken back as a whole, unless somebody built on it since; what was undone can come again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from feedback.corrections import Correction
from feedback.models import Outcome
from feedback.outcomes import Result
from leads.models import ImportRun, Lead
from revops.foundation import doorbell, jobs
from revops.foundation.models import Job, LedgerEntry
from revops.portal import journey
from revops.portal.auditor import audit
from revops.portal.imports import running, wizard
from revops.portal.imports.at_once import Wish, import_at_once
from revops.portal.imports.wizard import NotReady, start_undo

pytestmark = pytest.mark.django_db

LEADS = "lead_id,Name\nA1,Ann\nB2,Bob\nC3,Cid\n"
DEALS = (
    "lead,Stage,Amount,Closed,Deal\nA1,Opportunity,1000,2025-04-30,D1\nA1,Closed Won,1200,2025-05-31,D1\n"
    "B2,Closed Lost,,2025-06-30,D2\n"
)


@pytest.fixture
def deals(company, written):
    """The file of deals, imported after its leads."""
    import_at_once(Wish(written(LEADS), "crm", is_history=True))
    return written(DEALS, "deals.csv")


def imported(path):
    return import_at_once(Wish(path, "crm", kind="outcomes", key_column="lead", is_history=True))


def undone(run, by=None):
    with doorbell.muffled():
        job = start_undo(run, by, timezone.now())
    jobs.run(job.pk, timezone.now)
    return Job.objects.get(pk=job.pk)


def stages():
    return dict(Lead.objects.values_list("person__first_name", "stage"))


def test_every_outcome_is_withdrawn_and_the_leads_stand_where_they_stood(deals, company):
    before = stages()
    run = imported(deals).run
    assert stages() != before
    job = undone(run, company["admin"])
    assert (job.state, job.result["withdrawn"]) == ("done", 3)
    assert stages() == before
    assert not Outcome.objects.standing().exists()
    assert Outcome.objects.count() == 6
    run.refresh_from_db()
    assert run.undone_at is not None
    assert LedgerEntry.objects.filter(action="import.undo_started", actor=company["admin"]).exists()
    assert [one.as_json() for one in audit(timezone.now()).findings if not one.ok] == []


def test_what_was_undone_can_be_imported_again_and_then_changes_nothing(deals):
    undone(imported(deals).run)
    again = imported(deals)
    assert (again.counts["recorded"], again.counts["unchanged"]) == (3, 0)
    assert stages()["Ann"] == "won"
    third = imported(deals)
    assert (third.counts["recorded"], third.counts["unchanged"]) == (0, 3)
    assert undone(again.run).state == "done"
    assert not Outcome.objects.standing().exists()


def test_a_correction_since_stops_the_undo_with_its_reason(deals, company):
    run = imported(deals).run
    won = Outcome.objects.get(kind="won")
    correction = Correction(won.pk, company["admin"].pk, won.occurred_at, 1500, "EUR", "typo")
    (corrected,) = journey.correct([correction], now=timezone.now())
    assert corrected.outcome is not None
    with pytest.raises(NotReady, match="1 leads of this file were corrected or moved on since, first lead_"):
        start_undo(run, company["admin"], timezone.now())
    assert Outcome.objects.standing().count() == 3


def test_a_lead_that_moved_on_stops_the_undo(company, written):
    import_at_once(Wish(written("lead_id,Name\nA1,Ann\n"), "crm", is_history=True))
    text = "lead,Stage,Amount,Closed\nA1,Opportunity,1000,2025-04-30\n"
    run = imported(written(text, "deals.csv")).run
    lead = Lead.objects.get()
    result = Result(lead.pk, "won", timezone.now() - timedelta(days=1), user_id=company["admin"].pk, is_history=True)
    journey.conclude([result], now=timezone.now())
    with pytest.raises(NotReady, match="moved on"):
        start_undo(run, None, timezone.now())


class Killed(BaseException):
    """Stands for kill -9: nothing may catch it and tidy up."""


def test_a_killed_undo_goes_on_with_what_still_stands(deals, monkeypatch):
    run = imported(deals).run
    monkeypatch.setattr(running, "CHUNK", 1)
    with doorbell.muffled():
        job = start_undo(run, None, timezone.now())
    take_back, calls = journey.take_outcomes_back, []

    def killed_at_the_second(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        return take_back(*args, **kwargs)

    monkeypatch.setattr(journey, "take_outcomes_back", killed_at_the_second)
    with pytest.raises(Killed):
        jobs.run(job.pk, timezone.now)
    assert Outcome.objects.standing().count() == 2
    jobs.run(job.pk, lambda: timezone.now() + jobs.LEASE * 2)
    job.refresh_from_db()
    assert (job.state, job.result["withdrawn"]) == ("done", 3)
    assert not Outcome.objects.standing().exists()


def test_the_report_lists_the_deals_and_says_what_was_withdrawn(deals, company, client):
    run = ImportRun.objects.get(pk=imported(deals).run.pk)
    client.force_login(company["admin"])
    page = client.get(f"/imports/{run.public_id}/").content.decode()
    assert page.count("Open the lead") == 3
    assert "Undo this import" in page
    undone(run)
    page = client.get(f"/imports/{run.public_id}/").content.decode()
    assert "Its outcomes are withdrawn" in page
    assert page.count("withdrawn</td>") == 3
    assert not wizard.can_undo(ImportRun.objects.get(pk=run.pk), timezone.now())
