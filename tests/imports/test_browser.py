"""The wizard in a real browser: on a desk and on a phone, by keyboard, with the progress bar loading itself."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from leads.models import ImportRun
from revops.foundation import jobs
from revops.foundation.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FILE = (
    "Mail,Full Name,Company,Job Title,Last Activity,Created,Tags\n"
    "ann@acme-corp.example.org,Ann Lee,Acme Corp,VP Sales,Requested a demo,31/01/2026,\n"
    "bob@beta-inc.example.org,Bob May,Beta Inc,Manager,Opened e-mail,28/02/2026,No budget\n"
    "not an address,Cem Oz,,,,soon,\n"
    "short,row\n"
)


@pytest.fixture
def look(tmp_path):
    """Finds no barrier for anybody on the page; keeps a picture where SCREENSHOTS says."""
    folder = os.environ.get("SCREENSHOTS")

    def looked_at(page, name):
        found = Axe().run(page).response["violations"]
        assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
        if folder:
            page.screenshot(path=f"{folder}/{name}.png", full_page=True)

    return looked_at


@pytest.mark.parametrize("width", [1280, 390])
def test_a_file_is_imported_and_undone(open_page, company, source, written, look, width):
    marketer = User.objects.create_user("mia@portal.example", None, name="Mia Marketer", role="marketer")
    page = open_page(marketer, width=width)
    page.goto("/imports/")
    look(page, f"{width}-0-list")
    page.get_by_role("link", name="Import a file").first.click()
    page.get_by_label("File").set_input_files(written(FILE))
    look(page, f"{width}-1-upload")
    page.get_by_role("button", name="Upload and look at it").click()
    look(page, f"{width}-2-shape")
    page.get_by_role("button", name="Yes, map the columns").press("Enter")
    look(page, f"{width}-3-columns")
    page.get_by_role("button", name="Use this mapping").press("Enter")
    look(page, f"{width}-4-values")
    page.get_by_role("button", name="Use these meanings").press("Enter")
    page.get_by_label("Source").select_option(label="Webinar")
    page.get_by_label("They gave their consent").check()
    look(page, f"{width}-5-rules")
    page.get_by_role("button", name="Go on to the dry run").press("Enter")
    page.get_by_role("button", name="Try it without writing").press("Enter")
    page.get_by_text("Waiting for a worker").wait_for()
    look(page, f"{width}-6-waiting")
    run = ImportRun.objects.get()
    assert jobs.run(run.dry_run_id, timezone.now) == "done"
    page.get_by_role("button", name="Import 4 rows").wait_for()
    look(page, f"{width}-7-dry")
    page.get_by_role("button", name="Import 4 rows").press("Enter")
    page.get_by_text("Waiting for a worker").wait_for()
    run.refresh_from_db()
    assert jobs.run(run.job_id, timezone.now) == "done"
    page.get_by_role("button", name="Undo this import").wait_for()
    look(page, f"{width}-8-report")
    page.get_by_role("button", name="Undo this import").press("Enter")
    page.get_by_text("Undoing").wait_for()
    run.refresh_from_db()
    assert jobs.run(run.undo_job_id, timezone.now) == "done"
    page.get_by_text("This import was undone.").wait_for()
    page.goto("/imports/")
    look(page, f"{width}-9-list")
