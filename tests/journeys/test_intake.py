"""Intake in a real browser: a file mended in place, imported and undone; what the gate held, looked at and let in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from leads.models import HygieneRule, ImportRun, Lead
from revops.foundation import jobs
from revops.portal import journey
from tests.factories import UserFactory, item

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SLOW = 30_000
"""Milliseconds; a machine that does other work, too, is no reason to fail."""

FILE = (
    "Mail,Full Name,Company,Country\n"
    "ann@acme-corp.com,Ann Lee,Acme Corp,Germny\n"
    "bob@beta-inc.com,Bob May,Beta Inc,Germny\n"
    "not an address,Cem Oz,Gamma,France\n"
)


def done(run: ImportRun, name: str) -> None:
    """What a worker does when the bell rings."""
    run.refresh_from_db()
    assert jobs.run(getattr(run, name), timezone.now) == "done"


def tried(page: Page, path: Path) -> ImportRun:
    """The run of FILE up to the end of its dry run, on its page."""
    path.write_text(FILE)
    page.set_default_timeout(SLOW)
    page.goto("/imports/new/")
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Upload and look at it").click()
    page.get_by_role("button", name="Yes, map the columns").click()
    page.get_by_role("button", name="Use this mapping").click()
    page.locator("select[name=source]").select_option(index=1)
    page.get_by_label("They gave their consent").check()
    page.get_by_role("button", name="Go on to the dry run").click()
    page.get_by_role("button", name="Try it without writing").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible(timeout=SLOW)
    run = ImportRun.objects.get()
    done(run, "dry_run_id")
    return run


def test_a_file_is_mended_in_place_imported_and_undone(
    open_page: Any, company: Any, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    path = tmp_path / "leads.csv"
    page = open_page(UserFactory.create(role="marketer", name="Mia Marketer"))
    run = tried(page, path)
    page.get_by_role("link", name="Mend them here").click()
    cell = page.locator("#cell-4-0")
    cell.fill("cem@gamma-oz.com")
    cell.press("Tab")
    expect(page.locator("#row-4")).to_contain_text("mended", timeout=SLOW)
    page.get_by_label("Instead of “Germny” in Country").fill("DE")
    page.get_by_role("button", name="Apply to 2 rows").click()
    expect(page.get_by_text("2 cells were corrected.")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Check the rows again").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible(timeout=SLOW)
    done(run, "dry_run_id")
    page.get_by_role("button", name="Import 3 rows").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible(timeout=SLOW)
    done(run, "job_id")
    page.get_by_role("button", name="Undo this import").wait_for()
    assert set(Lead.objects.values_list("person__country", flat=True)) == {"DE", "FR"}
    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_text("Undoing")).to_be_visible(timeout=SLOW)
    done(run, "undo_job_id")
    expect(page.get_by_text("This import was undone.")).to_be_visible(timeout=SLOW)
    assert not Lead.objects.shown().exists()
    assert path.read_text() == FILE


def test_what_was_typed_before_the_scripts_came_is_mended_too(
    open_page: Any, company: Any, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    page = open_page(UserFactory.create(role="marketer"))
    tried(page, tmp_path / "leads.csv")
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/*.js", hold)
    page.get_by_role("link", name="Mend them here").click()
    cell = page.locator("#cell-4-0")
    cell.fill("cem@gamma-oz.com")
    cell.press("Tab")
    assert waiting, "the scripts were to come late"
    for route in waiting:
        route.continue_()
    expect(page.locator("#row-4")).to_contain_text("mended", timeout=SLOW)
    expect(page.locator("#row-4 input")).to_have_value("cem@gamma-oz.com")


def test_what_the_gate_held_is_looked_at_let_in_and_not_held_again(open_page: Any, company: Any) -> None:
    HygieneRule.objects.filter(pk="competitor").update(terms=["rival"])
    sent = item(company["source"], "ada@rival-bakery.com", name="Ada Baker", company="Rival Bakery")
    journey.admit([sent, item(company["source"], "x@mailinator.com", name="Xaver")], now=timezone.now())
    page = open_page(company["admin"])
    page.set_default_timeout(SLOW)
    page.goto("/submissions/")
    page.get_by_role("link", name="Quarantine", exact=True).click()
    row = page.get_by_role("row").filter(has_text="Ada Baker")
    expect(row).to_contain_text("“Rival Bakery” is a competitor.", timeout=SLOW)
    row.get_by_role("link").first.click()
    page.get_by_label("Why it is let in").fill("a bakery, not a competitor")
    page.get_by_role("button", name="Release, and never hold “rival bakery” again").click()
    expect(page.get_by_text("From now on the gate lets pass: rival bakery.")).to_be_visible(timeout=SLOW)
    assert Lead.objects.get().person.email == "ada@rival-bakery.com"
    page.goto("/gate/competitor/")
    expect(page.get_by_text("a bakery, not a competitor")).to_be_visible(timeout=SLOW)
    page.goto("/gate/")
    page.get_by_label("E-mail", exact=True).fill("ben@rival-bakery.com")
    page.get_by_label("Company", exact=True).fill("Rival Bakery")
    page.get_by_role("button", name="Ask the gate").click()
    expect(page.locator("#trial")).to_contain_text("let pass", timeout=SLOW)
