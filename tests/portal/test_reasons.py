"""The catalogue of reasons: who may change it, what is vague, keys that never move, and the history of each change."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feedback.models import EvidenceKind, NurtureTrack, ReasonCode, ReasonFamily
from feedback.reason_lint import lint_reason, vague_words
from feedback.reasons import free_digits
from revops.foundation.models import LedgerEntry

pytestmark = pytest.mark.django_db

NEW = {
    "code": "no_loading_ramp", "label": "Has no loading ramp", "family": "fit", "digit": "7", "evidence_kind": "text",
    "evidence_question": "How do they load today?", "root_cause": "targeting", "mended_by": "marketing",
    "consequence": "Marketing reviews the audience", "criterion": "lead.use_case", "way_back": "act", "days": "",
    "is_creditable": "on",
}  # fmt: skip


def as_form(reason: ReasonCode, **changes: Any) -> dict[str, Any]:
    """What the editor's form of a reason sends."""
    way = "before" if reason.wakes_days_before is not None else "after" if reason.wakes_after_days else "act"
    sent = {name: getattr(reason, name) for name in ("label", "digit", "evidence_kind", "evidence_question",
            "root_cause", "mended_by", "consequence", "criterion", "version")}  # fmt: skip
    days = reason.wakes_days_before if reason.wakes_days_before is not None else reason.wakes_after_days
    sent |= {"family": reason.family_id, "way_back": way, "days": "" if days is None else days}
    return {**sent, **({"is_creditable": "on"} if reason.is_creditable else {}), **changes}


# --- the lint --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "label",
    [
        "Bad data", "Not interested", "No interest", "Bad lead", "Poor fit", "Not a fit", "Unqualified", "Other",
        "Misc", "N/A", "Bad timing", "Timing", "Later", "No response", "Unresponsive", "No budget", "Wrong person",
        "Spam", "Not qualified", "Incomplete information", "Other reason", "Junk", "Dead lead", "Not ready", "Price",
    ],
)  # fmt: skip
def test_vague_labels_are_refused_with_words_to_write_instead(label: str) -> None:
    instead = vague_words(label)
    assert len(instead.split()) > 4
    (remark, *_more) = lint_reason(ReasonCode(code="x", label=label, evidence_kind="text", criterion="x"))
    assert remark.is_error
    assert instead in remark.words


def test_no_reason_that_ships_is_vague() -> None:
    rows = list(ReasonCode.objects.all())
    assert rows
    for row in rows:
        others = [other for other in rows if other.pk != row.pk]
        assert [remark for remark in lint_reason(row, others) if remark.is_error] == [], row.code


@pytest.mark.parametrize(
    ("facts", "field", "is_error"),
    [
        ({"label": "Fleet"}, "label", True),
        ({"label": "Has a fleet that is far too small for any of the packages we sell today"}, "label", False),
        ({"evidence_question": "Why?"}, "evidence_question", True),
        ({"evidence_kind": EvidenceKind.DATE, "evidence_question": "How many?"}, "evidence_question", False),
        ({"wakes_days_before": 30}, "wakes_days_before", True),
        ({"wakes_after_days": 5000}, "wakes_after_days", True),
        ({"criterion": ""}, "criterion", False),
    ],
)
def test_what_else_is_said_about_a_reason(facts: dict[str, Any], field: str, is_error: bool) -> None:
    usual = {"code": "x", "label": "Has no loading ramp", "family_id": "fit", "evidence_kind": "text",
             "evidence_question": "How do they load?", "criterion": "lead.use_case"}  # fmt: skip
    remarks = lint_reason(ReasonCode(**{**usual, **facts}))
    assert [(remark.field, remark.is_error) for remark in remarks] == [(field, is_error)]


def test_two_reasons_cannot_say_the_same() -> None:
    reason = ReasonCode(code="x", label="company is TOO small!", evidence_kind="text", criterion="x",
                        evidence_question="How many?")  # fmt: skip
    (remark,) = lint_reason(reason, ReasonCode.objects.all())
    assert "too_small" in remark.words


# --- pages -----------------------------------------------------------------------------------------------------------
def test_a_stranger_is_sent_to_the_sign_in_page() -> None:
    for address in ("/reasons/", "/reasons/too_small/", "/reasons/gaps/", "/reasons/bought-later/", "/reasons/tracks/",
                    "/talk-tracks/", "/queue/practice/"):  # fmt: skip
        assert Client().get(address)["Location"].startswith("/accounts/login/"), address


@pytest.mark.parametrize("role", ["rep", "marketer", "executive"])
def test_others_read_reasons_but_cannot_change_them(sign_in: Any, role: str) -> None:
    client = sign_in(role)
    page = client.get("/reasons/").content.decode()
    assert "Company is too small" in page
    assert "Add a reason" not in page
    page = client.get("/reasons/too_small/").content.decode()
    assert "How many employees do they have?" in page
    assert "Save reason" not in page
    assert client.get("/reasons/new/").status_code == 403
    assert client.post("/reasons/too_small/retire/").status_code == 403
    assert client.post("/reasons/preview/", NEW).status_code == 403
    assert client.get("/reasons/families/fit/").status_code == 403
    assert client.get("/reasons/tracks/new/").status_code == 403
    assert ReasonCode.objects.get(pk="too_small").is_active


def test_the_catalogue_shows_keys_what_follows_and_gaps(sign_in: Any) -> None:
    page = sign_in("marketing_manager").get("/reasons/").content.decode()
    assert "Nurture until 90 days before that date." in page
    assert "Back to sales only with a new strong act." in page
    assert "Criteria gap" in page
    assert '<span title="account.employees">Number of employees</span>' in page
    lines = sign_in("executive").get("/reasons/?format=csv").getvalue().decode()
    assert "too_small,fit,Company is too small,1," in lines


def test_the_catalogue_costs_the_same_for_few_and_for_many_reasons(sign_in: Any) -> None:
    client = sign_in("admin")
    client.get("/reasons/")
    with CaptureQueriesContext(connection) as few:
        client.get("/reasons/")
    client.post("/reasons/new/", NEW)
    client.post("/reasons/new/", {**NEW, "code": "no_crane", "label": "Has no crane", "digit": "8"})
    client.get("/reasons/")
    with CaptureQueriesContext(connection) as many:
        client.get("/reasons/")
    assert len(few) == len(many) == 5


def test_a_manager_adds_a_reason_and_it_is_on_the_sheet(sign_in: Any) -> None:
    client = sign_in("sales_manager")
    assert client.post("/reasons/new/", NEW).url == "/reasons/no_loading_ramp/"
    reason = ReasonCode.objects.get(pk="no_loading_ramp")
    assert (reason.digit, reason.family_id, reason.is_active, reason.version) == (7, "fit", True, 1)
    entry = LedgerEntry.objects.get(action="reason.added")
    assert (entry.actor, entry.cause, entry.after["label"]) == (client.person, "no_loading_ramp", "Has no loading ramp")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": "Bad data"}, "“Bad data” is vague. Name the field"),
        ({"digit": "1"}, "This key is taken by “Company is too small”"),
        ({"code": "too_small"}, "This code is taken"),
        ({"way_back": "before", "days": "30"}, "Only a reason whose evidence is a date"),
        ({"way_back": "after"}, "Say how many days."),
        ({"label": "Company is too small"}, "Another reason says the same"),
        ({"criterion": "no.such"}, "Select a valid choice"),
    ],
)
def test_what_is_vague_or_impossible_is_refused_and_what_was_typed_stays(
    sign_in: Any, changes: dict[str, str], words: str
) -> None:
    answer = sign_in("admin").post("/reasons/new/", {**NEW, **changes})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There is a problem" in page
    assert words in page
    assert "How do they load today?" in page
    assert not ReasonCode.objects.filter(pk="no_loading_ramp").exists()


def test_a_change_is_in_the_history_with_both_values(sign_in: Any) -> None:
    client = sign_in("marketing_manager")
    reason = ReasonCode.objects.get(pk="too_small")
    changes = {"label": "Company is far too small", "way_back": "after", "days": "180"}
    assert client.post("/reasons/too_small/", as_form(reason, **changes)).status_code == 302
    reason.refresh_from_db()
    assert (reason.label, reason.wakes_after_days, reason.version) == ("Company is far too small", 180, 2)
    entry = LedgerEntry.objects.get(action="reason.changed")
    assert entry.before == {"label": "Company is too small", "wakes_after_days": None}
    page = client.get("/reasons/too_small/").content.decode()
    assert "Company is too small</s> → Company is far too small" in page
    assert "Nurture for 180 days" in page


def test_two_editors_at_once_and_the_second_loses_nothing(sign_in: Any) -> None:
    client = sign_in("marketing_manager")
    reason = ReasonCode.objects.get(pk="too_small")
    client.post("/reasons/too_small/", as_form(reason, label="Company is far too small"))
    answer = client.post("/reasons/too_small/", as_form(reason, label="Company is much too small"))
    assert answer.status_code == 409
    assert "Somebody changed this reason" in answer.content.decode()
    assert "Company is much too small" in answer.content.decode()
    assert 'name="version" value="2"' in answer.content.decode()
    reason.refresh_from_db()
    assert reason.label == "Company is far too small"


def test_a_retired_reason_frees_its_key_stays_readable_and_can_come_back(sign_in: Any) -> None:
    client = sign_in("admin")
    client.post("/reasons/too_small/retire/")
    assert not ReasonCode.objects.get(pk="too_small").is_active
    assert 1 in free_digits("fit")
    client.get("/reasons/")  # it tells once what was done
    assert "Company is too small" not in client.get("/reasons/").content.decode()
    assert "Company is too small" in client.get("/reasons/?show=retired").content.decode()
    assert "Nobody can give it any more" in client.get("/reasons/too_small/").content.decode()
    client.post("/reasons/new/", {**NEW, "digit": "1"})
    answer = client.post("/reasons/too_small/restore/", follow=True)
    assert "This key is taken by “Has no loading ramp”" in answer.content.decode()
    client.post("/reasons/no_loading_ramp/retire/")
    client.post("/reasons/too_small/restore/")
    assert ReasonCode.objects.get(pk="too_small").is_active
    acts = set(LedgerEntry.objects.filter(cause="too_small").values_list("action", flat=True))
    assert acts == {"reason.retired", "reason.restored"}


def test_the_preview_speaks_while_one_types(sign_in: Any) -> None:
    client = sign_in("admin")
    page = client.post("/reasons/preview/", {**NEW, "label": "Not interested", "known": ""}).content.decode()
    assert "<html" not in page
    assert "Stops saving" in page
    assert "The problem is already solved" in page
    page = client.post("/reasons/preview/", {**NEW, "known": ""}).content.decode()
    assert "Specific enough" in page
    assert not ReasonCode.objects.filter(pk="no_loading_ramp").exists()


def test_a_family_is_renamed_and_keeps_its_key(sign_in: Any) -> None:
    client = sign_in("admin")
    assert client.post("/reasons/families/fit/", {"label": "Not for us"}).status_code == 302
    family = ReasonFamily.objects.get(pk="fit")
    assert (family.label, family.digit) == ("Not for us", 1)
    assert LedgerEntry.objects.get(action="reason_family.renamed").after == {"label": "Not for us"}
    assert client.post("/reasons/families/fit/", {"label": ""}).status_code == 422
    assert client.get("/reasons/families/nothing/").status_code == 404
    assert client.get("/reasons/nothing/").status_code == 404


# --- tracks ----------------------------------------------------------------------------------------------------------
TRACK = {"name": "Fair visitors", "code": "fair", "description": "Met us at a fair", "digit": "5", "is_active": "on"}


def test_a_track_is_added_and_becomes_the_usual_one(sign_in: Any) -> None:
    client = sign_in("marketing_manager")
    assert client.post("/reasons/tracks/new/", {**TRACK, "is_default": "on"}).status_code == 302
    assert NurtureTrack.objects.get(is_default=True).code == "fair"
    assert LedgerEntry.objects.filter(action="track.added").count() == 1
    assert "Fair visitors" in client.get("/reasons/tracks/").content.decode()


@pytest.mark.parametrize(
    ("code", "changes", "words"),
    [
        ("", {"digit": "1"}, "This key is taken by “Not now”"),
        ("", {"digit": "12"}, "Choose a key from 1 to 9."),
        ("", {"code": "learn"}, "already exists"),
        ("", {"is_default": "on", "is_active": ""}, "has to be in use"),
        ("not_now", {"digit": "1", "is_default": ""}, "choose another one first"),
    ],
)
def test_what_a_track_cannot_be(sign_in: Any, code: str, changes: dict[str, str], words: str) -> None:
    sent = {name: value for name, value in {**TRACK, **changes}.items() if value}
    answer = sign_in("admin").post(f"/reasons/tracks/{code or 'new'}/", sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_track_out_of_use_is_not_offered_and_stays_in_the_register(sign_in: Any) -> None:
    client = sign_in("admin")
    sent = {"name": "Still learning", "description": "x", "digit": "2"}
    assert client.post("/reasons/tracks/learn/", sent).status_code == 302
    assert not NurtureTrack.objects.get(code="learn").is_active
    assert "Out of use" in client.get("/reasons/tracks/").content.decode()
