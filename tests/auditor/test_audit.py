"""The auditor finds nothing in a portal that works, and finds each kind of damage that somebody could do to tables."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from leads.models import Lead, Person, Submission
from revops.foundation import jobs, outbox
from revops.foundation.ids import encode, new_id
from revops.foundation.models import Job
from revops.portal import journey
from revops.portal.auditor import audit
from revops.portal.auditor.questions import QUESTIONS
from revops.portal.auditor.working import start_audit
from revops.portal.merges.acting import merge, undo
from tests.conftest import NOW
from tests.factories import item

pytestmark = pytest.mark.django_db

READY = {"title": "VP Sales", "company": "Acme Works", "country": "DE", "employees": 300, "industry": "Software",
         "act": "demo_request", "timeline_on": "2026-04-15", "need": "routing", "first_name": "Ada",
         "signals": [{"kind": "demo_request"}, {"kind": "pricing_page_visit"}]}  # fmt: skip


@pytest.fixture
def busy(company: Any) -> dict[str, Any]:
    """A lead with sales, one with marketing, one repeat, one quarantined and released, one refused; one merge that
    stands, on top of another, and one that was undone."""
    source = company["source"]
    journey.admit(
        [item(source, **READY), item(source, "bob@beta.com"), item(source, "bob@beta.com", need="x")], now=NOW
    )
    held = journey.admit(
        [item(source, "x@mailinator.com"), item(source, "y@mailinator.com"), item(source, "")], now=NOW
    )
    journey.release([held[0].submission_id], now=NOW)
    names = ("ada@acme-works.io", "a.l@acme-works.io", "bob@beta.io")
    journey.admit([item(source, name, first_name="Ada", act="demo_request") for name in names], now=NOW)
    who = {person.email: person.pk for person in Person.objects.all()}
    by = company["sales_head"]
    merge(who["ada@acme-works.io"], who["a.l@acme-works.io"], [], by, now=NOW)
    merge(who["ada@acme-works.com"], who["ada@acme-works.io"], ["phone"], by, now=NOW)
    undo(merge(who["bob@beta.com"], who["bob@beta.io"], [], by, now=NOW).pk, by, now=NOW)
    outbox.deliver_due(NOW)
    return company


DAMAGE = {
    "equation": "DELETE FROM leads_submissionoutcome WHERE kind = 'attached'",
    "outcome_or_pending": "DELETE FROM leads_submissionoutcome WHERE kind = 'refused'",
    "outcome_chain": "UPDATE leads_submissionoutcome SET replaces = 'refused' WHERE replaces = 'quarantined'",
    "bodies": "DELETE FROM leads_submissionbody WHERE submission_id = (SELECT id FROM leads_submission LIMIT 1)",
    "acknowledged": """
        INSERT INTO foundation_idempotencykey
            (principal_id, method, route, key, fingerprint, state, status, headers, body, created_at)
        VALUES (gen_random_uuid(), 'POST', '/api/v1/submissions/', 'k', '\\x00', 'done', 201, '{}',
            convert_to('{"receipt": "sub_00000000000000000000000001"}', 'UTF8'), now())""",
    "half_written_keys": """
        INSERT INTO foundation_idempotencykey
            (principal_id, method, route, key, fingerprint, state, headers, locked_until, created_at)
        VALUES (gen_random_uuid(), 'POST', '/x/', 'k', '\\x00', 'running', '{}', '2026-01-01', '2026-01-01')""",
    "import_counts": """
        INSERT INTO leads_importfile (id, name, sha256, size, path, shape, uploaded_at)
            VALUES ('00000000-0000-7000-8000-000000000001', 'x', 'x', 1, 'x', '{}', now());
        INSERT INTO leads_importrun (id, kind, file_id, source_id, campaign, mapping, key_column, is_history,
            legal_basis, dry_counts, job_id, counts, hold, release_reason, created_at)
        SELECT gen_random_uuid(), 'leads', '00000000-0000-7000-8000-000000000001', id, '', '{"a": 1}', '', false,
            'consent', '{}', gen_random_uuid(), '{"new": 3}', '{}', '', now() FROM leads_source LIMIT 1""",
    "lead_without_submission": "DELETE FROM leads_submissionoutcome WHERE kind = 'new'",
    "one_open_lead": """
        DROP INDEX a_person_has_one_open_lead;
        UPDATE leads_lead SET person_id = (SELECT person_id FROM leads_lead ORDER BY id LIMIT 1)""",
    "lifecycle_chain": "UPDATE leads_lead SET stage = 'rejected' WHERE stage = 'handed_off'",
    "one_owner": "UPDATE sla_handoff SET owner_id = (SELECT id FROM foundation_user WHERE role = 'admin' LIMIT 1)",
    "one_open_clock": """
        DROP INDEX one_open_clock_per_lead_clause_and_handoff;
        UPDATE sla_clock SET clause_id = (SELECT min(clause_id) FROM sla_clock), met_at = NULL, met_by_kind = '',
            cancelled_at = NULL, handoff_id = NULL""",
    "handed_off": "UPDATE sla_handoff SET state = 'returned', answered_at = handed_off_at",
    "turns_sum_to_zero": "UPDATE sla_turnentry SET deltas[1] = deltas[1] + 1",
    "scores_are_their_decisions": "UPDATE scoring_leadscore SET fit = fit + 1",
    "scores_are_their_explanations": "UPDATE scoring_scoredecision SET fit = fit + 1",
    "merged_leads": "UPDATE leads_lead SET merged_into_id = NULL WHERE merged_into_id IS NOT NULL",
    "merged_people": "UPDATE leads_person SET also = '{}' WHERE also <> '{}'",
    "undone_merges": """
        UPDATE leads_personmerge SET moved_leads = ARRAY(SELECT id FROM leads_lead WHERE person_id = survivor_id)
        WHERE undone_at IS NOT NULL""",
    "notices_once": "DELETE FROM foundation_notice",
    "erased_people": "UPDATE leads_person SET erased_at = now() WHERE merged_into_id IS NULL",
}


def test_a_portal_that_works_is_found_in_order(busy: Any) -> None:
    report = audit(NOW)
    assert [finding.code for finding in report.findings if not finding.ok] == []
    assert len(report.findings) == len(QUESTIONS)


def test_every_question_has_its_damage() -> None:
    assert sorted(DAMAGE) == sorted(question.code for question in QUESTIONS)


@pytest.mark.parametrize("code", sorted(DAMAGE))
def test_each_kind_of_damage_is_found(busy: Any, code: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # the tables themselves would refuse
        for statement in DAMAGE[code].split(";"):
            cursor.execute(statement)
    finding = next(finding for finding in audit(NOW).findings if finding.code == code)
    assert not finding.ok
    assert finding.n >= 1
    subject, detail = finding.examples[0]
    assert subject
    assert detail


WRONG_MERGES = {
    "merged_leads": {
        "still shown": """SET CONSTRAINTS ALL IMMEDIATE;
            ALTER TABLE leads_lead DROP CONSTRAINT a_merged_lead_is_not_shown;
            UPDATE leads_lead SET withdrawn_at = NULL WHERE merged_into_id IS NOT NULL AND stage = 'nurture'""",
        "standing merges": "DELETE FROM leads_personmerge WHERE undone_at IS NULL",
        "an open hand-off": """UPDATE sla_handoff SET lead_id =
            (SELECT id FROM leads_lead WHERE merged_into_id IS NOT NULL LIMIT 1) WHERE state = 'open'""",
        "a running clock": """UPDATE sla_clock SET lead_id =
            (SELECT id FROM leads_lead WHERE merged_into_id IS NOT NULL LIMIT 1)
            WHERE met_at IS NULL AND cancelled_at IS NULL""",
    },
    "merged_people": {
        "goes on alone": "UPDATE leads_person SET merged_into_id = NULL",
        "into itself": """UPDATE leads_person SET merged_into_id =
            (SELECT id FROM leads_person WHERE merged_into_id IS NOT NULL ORDER BY id LIMIT 1)
            WHERE id = (SELECT merged_into_id FROM leads_person WHERE merged_into_id IS NOT NULL
            ORDER BY id LIMIT 1)""",
        "who was not merged into it": """UPDATE leads_person SET also =
            ARRAY(SELECT id FROM leads_person WHERE email = 'bob@beta.io') WHERE email = 'bob@beta.com'""",
    },
}


@pytest.mark.parametrize(("code", "said"), [(code, said) for code, ways in WRONG_MERGES.items() for said in ways])
def test_each_way_a_merge_can_be_wrong_is_told(busy: Any, code: str, said: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in WRONG_MERGES[code][said].split(";"):
            cursor.execute(statement)
    finding = next(finding for finding in audit(NOW).findings if finding.code == code)
    assert any(said in detail for _subject, detail in finding.examples)


def command(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("audit_integrity", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_so_and_ends_well(busy: Any) -> None:
    code, words = command()
    assert (code, words.endswith("Everything is accounted for.\n")) == (0, True)
    code, text = command("--json")
    assert (code, json.loads(text)["ok"]) == (0, True)


def test_the_command_ends_badly_and_names_what_is_wrong(busy: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica; DELETE FROM leads_submissionbody")
    code, text = command("--json")
    bad = [check for check in json.loads(text)["checks"] if not check["ok"]]
    assert (code, [check["check"] for check in bad]) == (1, ["bodies"])
    assert bad[0]["violations"] == Submission.objects.count()
    assert "NOT What was sent is kept" in command()[1]


def test_receipts_that_senders_hold_are_looked_up(busy: Any, tmp_path: Path) -> None:
    held = tmp_path / "receipts.txt"
    receipts = [encode("sub", pk) for pk in Submission.objects.values_list("pk", flat=True)]
    held.write_text("\n".join(receipts))
    assert command("--receipts", str(held))[0] == 0
    lost = encode("sub", new_id())
    held.write_text("\n".join([*receipts, lost, "nonsense"]))
    code, words = command("--receipts", str(held))
    assert code == 1
    assert lost in words
    assert "nonsense" in words
    with pytest.raises(CommandError, match="cannot be read"):
        command("--receipts", str(tmp_path / "none.txt"))


def test_more_than_can_be_shown_is_counted(company: Any) -> None:
    journey.admit([item(company["source"], f"p{n}@firm{n}.com") for n in range(30)], now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica; DELETE FROM leads_submissionbody")
    finding = next(finding for finding in audit(NOW).findings if finding.code == "bodies")
    assert (finding.n, len(finding.examples)) == (30, 20)


def test_the_health_page_shows_the_last_answer_and_starts_another(sign_in: Any, busy: Any) -> None:
    client = sign_in("admin")
    assert "It has not looked yet." in client.get("/health/").content.decode()
    client.post("/health/audit/")
    client.post("/health/audit/")
    [job] = Job.objects.filter(kind="audit_integrity")
    assert jobs.run(job.pk, timezone.now) == "done"
    assert "everything is accounted for" in client.get("/health/").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica; DELETE FROM leads_submissionbody")
    assert jobs.run(start_audit(None).pk, timezone.now) == "done"
    page = client.get("/health/").content.decode()
    assert "something is not as it must be" in page
    assert "no body" in page
    manager = sign_in("marketing_manager")
    assert "Audit now" not in manager.get("/health/").content.decode()
    assert manager.post("/health/audit/").status_code == 403


def test_the_audit_writes_nothing(busy: Any) -> None:
    before = list(Lead.objects.values()), Submission.objects.count()
    audit(NOW)
    assert (list(Lead.objects.values()), Submission.objects.count()) == before
