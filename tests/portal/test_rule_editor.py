"""The rule editor without scripts: every line, blank and button, saved step by step, undone, and never lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from scoring.models import Rulebook
from tests.factories import UserFactory
from tests.portal.rule_desk import form_in, line_of, proposed, saved, started, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer(company: Any, sign_in: Any) -> Client:
    return sign_in("marketer")


def rule(book: Rulebook, key: str) -> dict[str, Any]:
    return next(one for one in book.definition["rules"] if one["key"] == key)


def test_a_draft_begins_at_the_live_rules_and_saving_it_untouched_changes_nothing(marketer: Client) -> None:
    book = started(marketer)
    live = Rulebook.objects.get(state="live")
    assert (book.based_on, book.content_hash, book.state) == (live, live.content_hash, "draft")
    page = marketer.post(f"/rules/versions/{book.version}/edit/", typed(marketer, book.version)).content.decode()
    assert "Nothing to save" in page
    book.refresh_from_db()
    assert book.revision == 1


def test_points_blanks_and_facts_of_a_line_are_changed_in_place(marketer: Client) -> None:
    book = saved(
        marketer, started(marketer),
        pricing_twice__points="18,5", pricing_twice__c__f__at_least="3", decision_maker__c__f__one_of="vp, ceo",
    )  # fmt: skip
    assert rule(book, "pricing_twice")["points"] == 18_500
    assert rule(book, "pricing_twice")["when"]["at_least"] == 3
    assert rule(book, "decision_maker")["when"] == {"fact": "person.seniority", "one_of": ["vp", "ceo"]}
    assert book.revision == 2


def test_a_rule_is_added_with_blanks_filled_in_later(marketer: Client) -> None:
    book = started(marketer)
    address = f"/rules/versions/{book.version}/edit/"
    fields = typed(marketer, book.version, "add:intent", **{"add.intent": "count"})
    answer = marketer.post(address, fields)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "Not finished" in page
    assert marketer.post(address, {**form_in(page), "act": ["save"]}).status_code == 422
    fields = form_in(page)
    line = line_of(fields, "intent_count_1")
    fields |= {f"{line}.c.f.signals": ["roi_calculator"], f"{line}.points": ["7"], "act": ["save"]}
    assert marketer.post(address, fields).status_code == 302
    book.refresh_from_db()
    assert rule(book, "intent_count_1") == {
        "key": "intent_count_1", "axis": "intent", "points": 7000,
        "when": {"signals": ["roi_calculator"], "within_days": 30},
    }  # fmt: skip


def test_conditions_are_joined_denied_and_taken_apart_again(marketer: Client) -> None:
    book = started(marketer)
    address = f"/rules/versions/{book.version}/edit/"
    fields = typed(marketer, book.version)
    line = line_of(fields, "manager")
    spot = line.removeprefix("r")
    fields |= {f"part.{spot}": ["known"], f"join.{spot}": ["all_of"], "act": [f"part:{spot}"]}
    assert marketer.post(address, fields).status_code == 302
    book.refresh_from_db()
    joined = rule(book, "manager")["when"]["all_of"]
    assert joined[0] == {"fact": "person.seniority", "equals": "manager"}
    assert joined[1]["known"] is True
    fields = typed(marketer, book.version)
    fields |= {f"{line}.c.1.not": ["1"], f"{line}.c": ["any_of"]}
    assert marketer.post(address, fields).status_code == 302
    book.refresh_from_db()
    assert rule(book, "manager")["when"]["any_of"][1] == {"not": joined[1]}
    fields = typed(marketer, book.version, f"drop:{spot}.1")
    assert marketer.post(address, fields).status_code == 302
    book.refresh_from_db()
    assert rule(book, "manager")["when"] == joined[0]


def test_another_way_of_asking_shows_its_own_blanks_and_saves_nothing(marketer: Client) -> None:
    book = started(marketer)
    fields = typed(marketer, book.version)
    line = line_of(fields, "pricing_twice")
    fields |= {f"{line}.c": ["distinct"], "act": [f"refresh:{line.removeprefix('r')}"]}
    answer = marketer.post(f"/rules/versions/{book.version}/edit/", fields)
    assert answer.status_code == 200
    assert f"{line}.c.f.distinct" in form_in(answer.content.decode())
    book.refresh_from_db()
    assert book.revision == 1


def test_another_fact_is_asked_in_a_way_that_fits(marketer: Client) -> None:
    book = started(marketer)
    fields = typed(marketer, book.version)
    line = line_of(fields, "right_size")
    fields |= {f"{line}.c.f.fact": ["account.industry"], "act": [f"refresh:{line.removeprefix('r')}"]}
    shown = form_in(marketer.post(f"/rules/versions/{book.version}/edit/", fields).content.decode())
    assert shown[f"{line}.c"] == ["equals"]
    assert shown[f"{line}.c.f.fact"] == ["account.industry"]


def test_a_rule_that_is_switched_off_waits_in_its_place(marketer: Client) -> None:
    book = saved(marketer, started(marketer), webinar__on=None)
    assert "webinar" not in {one["key"] for one in book.definition["rules"]}
    page = marketer.get(f"/rules/versions/{book.version}/edit/").content.decode()
    assert "Attended a webinar (at least 75 %) within 60 days: +8 intent" in page
    before = [value for name, value in form_in(page).items() if name.endswith(".key")]
    book = saved(marketer, book, webinar__on="1")
    page = marketer.get(f"/rules/versions/{book.version}/edit/").content.decode()
    assert [value for name, value in form_in(page).items() if name.endswith(".key")] == before
    assert book.definition == book.based_on.definition


def test_rules_move_and_are_removed_and_each_step_is_undone(marketer: Client) -> None:
    book = started(marketer)
    first = [one["key"] for one in book.definition["rules"]]
    line = line_of(typed(marketer, book.version), "manager").removeprefix("r")
    book = saved(marketer, book, act=f"up:{line}")
    assert [one["key"] for one in book.definition["rules"]][:2] == ["manager", "decision_maker"]
    book = saved(marketer, book, act="remove:0")
    assert "manager" not in {one["key"] for one in book.definition["rules"]}
    book = saved(marketer, book, act="undo")
    assert [one["key"] for one in book.definition["rules"]][:2] == ["manager", "decision_maker"]
    book = saved(marketer, book, act="undo")
    assert [one["key"] for one in book.definition["rules"]] == first
    answer = marketer.post(f"/rules/versions/{book.version}/edit/", typed(marketer, book.version, "undo"), follow=True)
    assert "nothing to undo" in answer.content.decode()


def test_thresholds_caps_floors_and_hand_raises_are_part_of_the_form(marketer: Client) -> None:
    book = saved(
        marketer, started(marketer),
        **{"cap.intent": "70", "tier.2.intent": "18", "family.buying": "22.5", "hand_raise": "45",
           "hand_raises": ["demo_request"], "required.1": ["account.is_known", "person.has_email"]},
    )  # fmt: skip
    said = book.definition
    assert said["caps"]["intent"] == 70_000
    assert said["tiers"]["2"]["minimum"]["intent"] == 18_000
    assert said["family_caps"]["buying"] == 22_500
    assert said["tiers"]["1"]["hand_raise"] == {"signals": ["demo_request"], "within_days": 45}
    assert said["tiers"]["1"]["required_facts"] == ["account.is_known", "person.has_email"]


def test_what_else_a_tier_asks_for_is_added_changed_and_removed(marketer: Client) -> None:
    book = started(marketer)
    address = f"/rules/versions/{book.version}/edit/"
    page = marketer.post(address, typed(marketer, book.version, "add:tier_2", **{"add.tier_2": "count"}))
    fields = form_in(page.content.decode())
    line = line_of(fields, "tier_2")
    fields |= {f"{line}.c.f.signals": ["pricing_page_visit"], f"{line}.c.f.at_least": ["2"]}
    assert marketer.post(address, {**fields, "act": ["save"]}).status_code == 302
    again = typed(marketer, book.version)
    marketer.post(address, {**again, "act": ["add:tier_2"]})
    assert typed(marketer, book.version)["lines"] == again["lines"], "one thing more, however it is joined"
    book.refresh_from_db()
    asked = {"signals": ["pricing_page_visit"], "at_least": 2, "within_days": 30}
    assert book.definition["tiers"]["2"]["when"] == asked
    assert "when" not in book.definition["tiers"]["1"]
    shown = marketer.get(address).content.decode()
    assert "And: visited the pricing page at least 2 times within 30 days." in shown
    page = marketer.post(address, typed(marketer, book.version)).content.decode()
    assert "Nothing to save" in page, "what the form shows is all there is"
    wrong = typed(marketer, book.version, tier_2__c__f__at_least="many")
    refused = marketer.post(address, wrong)
    assert refused.status_code == 422
    assert "has-problem" in refused.content.decode()
    panel = marketer.post(
        f"/rules/versions/{book.version}/backtest/", typed(marketer, book.version, tier_2__c__f__at_least="3")
    )
    assert "at least 3 times" in panel.content.decode()
    place = line_of(typed(marketer, book.version), "tier_2").removeprefix("r")
    book = saved(marketer, book, act=f"remove:{place}")
    assert "when" not in book.definition["tiers"]["2"]


def test_a_hard_no_is_added_and_removed(marketer: Client) -> None:
    book = started(marketer)
    address = f"/rules/versions/{book.version}/edit/"
    fields = typed(marketer, book.version, "add:no", **{"add.no": "is"})
    assert marketer.post(address, fields).status_code == 302
    book.refresh_from_db()
    assert book.definition["disqualifiers"][-1]["when"]["is"] is True
    line = line_of(typed(marketer, book.version), "no_is_1").removeprefix("r")
    book = saved(marketer, book, act=f"remove:{line}")
    assert len(book.definition["disqualifiers"]) == len(book.based_on.definition["disqualifiers"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cap.intent": "10"}, "Intent weighs more than fit"),
        ({"webinar__points": "much"}, "whole number"),
        ({"summary": "x" * 141}, "at most 140 characters"),
        ({"tier.2.fit": "", "tier.2.intent": ""}, "Tier 2 needs a minimum"),
        ({"webinar__half": "0"}, "Give a whole number from 1"),
        ({"hand_raises": None}, "There is a problem"),
    ],
)
def test_what_the_lint_refuses_is_worded_at_its_line_and_what_was_typed_stays(
    marketer: Client, changes: dict[str, Any], words: str
) -> None:
    book = started(marketer)
    fields = typed(marketer, book.version, **{"summary": "A summary to keep.", "name": "A name to keep", **changes})
    answer = marketer.post(f"/rules/versions/{book.version}/edit/", fields)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "A name to keep" in page
    book.refresh_from_db()
    assert book.revision == 1


def test_the_slower_of_two_editors_sees_both_changes_and_keeps_both(marketer: Client, sign_in: Any) -> None:
    book = started(marketer)
    address = f"/rules/versions/{book.version}/edit/"
    slow = typed(marketer, book.version, name="The slower one", trial__points="9")
    colleague = sign_in("marketing_manager", name="Ines Quick")
    saved(colleague, book, webinar__points="5")
    answer = marketer.post(address, slow)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Ines Quick" in page
    assert "+5 intent" in page
    assert "+9 intent" in page
    book.refresh_from_db()
    assert book.revision == 2
    kept = _forms_of(page)
    answer = marketer.post(f"/rules/versions/{book.version}/merge/", {**kept, "act": "both"}, follow=True)
    assert "Both changes are saved" in answer.content.decode(), kept
    book.refresh_from_db()
    assert (rule(book, "webinar")["points"], rule(book, "trial")["points"]) == (5000, 9000)
    assert (book.name, book.revision) == ("The slower one", 3)


@pytest.mark.parametrize(("chosen", "points"), [("mine", 9000), ("theirs", 5000)])
def test_what_both_changed_is_chosen(marketer: Client, sign_in: Any, chosen: str, points: int) -> None:
    book = started(marketer)
    slow = typed(marketer, book.version, webinar__points="9")
    saved(sign_in("marketing_manager"), book, webinar__points="5")
    page = marketer.post(f"/rules/versions/{book.version}/edit/", slow).content.decode()
    assert "You both changed this" in page
    kept = {**_forms_of(page), "choice:rules/webinar": chosen, "act": "both"}
    marketer.post(f"/rules/versions/{book.version}/merge/", kept)
    book.refresh_from_db()
    assert rule(book, "webinar")["points"] == points


def test_a_third_change_while_choosing_is_told_again(marketer: Client, sign_in: Any) -> None:
    book = started(marketer)
    slow = typed(marketer, book.version, webinar__points="9")
    colleague = sign_in("marketing_manager")
    saved(colleague, book, webinar__points="5")
    kept = _forms_of(marketer.post(f"/rules/versions/{book.version}/edit/", slow).content.decode())
    saved(colleague, book, webinar__points="6")
    answer = marketer.post(f"/rules/versions/{book.version}/merge/", {**kept, "act": "mine"})
    assert answer.status_code == 409
    book.refresh_from_db()
    assert rule(book, "webinar")["points"] == 6000


def _forms_of(page: str) -> dict[str, str]:
    """The hidden fields of the conflict page."""
    marked = page.replace('<form method="post" action="/rules/versions/2/merge/"', '<form id="merge"')
    return {name: values[0] for name, values in form_in(marked, "merge").items()}


def test_a_version_is_downloaded_and_imported_again(marketer: Client) -> None:
    book = proposed(marketer)
    body = marketer.get(f"/rules/versions/{book.version}/rulebook.json").content.decode()
    assert "kinds" not in json.loads(body)["definition"]
    again = started(marketer, begin="json", json=body)
    assert again.definition == book.definition


@pytest.mark.parametrize(
    ("begin", "words"),
    [
        ({"begin": "json", "json": "{"}, "This is no JSON"),
        ({"begin": "json", "json": "[]"}, "A rulebook is an object"),
        ({"begin": "json", "json": "{}"}, "cannot become a rulebook"),
        ({"begin": "preset:none"}, "Choose where the draft begins"),
    ],
)
def test_what_cannot_become_a_draft_says_why(marketer: Client, begin: dict[str, str], words: str) -> None:
    answer = marketer.post("/rules/draft/", begin)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Rulebook.objects.count() == 1


def test_drafts_begin_at_a_preset_or_an_earlier_version(marketer: Client) -> None:
    assert started(marketer, begin="preset:b2b").state == "draft"


def test_only_who_may_propose_opens_the_editor_and_only_of_drafts(marketer: Client, sign_in: Any) -> None:
    book = started(marketer)
    for path in ("edit/", "rebase/"):
        assert sign_in("rep").get(f"/rules/versions/{book.version}/{path}").status_code == 403
    assert sign_in("rep").post(f"/rules/versions/{book.version}/backtest/").status_code == 403
    assert "never changes" in marketer.get("/rules/versions/1/edit/", follow=True).content.decode()
    assert marketer.get("/rules/versions/99/edit/").status_code == 404
    UserFactory.create()


def test_nonsense_in_the_form_is_no_error_of_the_server(marketer: Client) -> None:
    book = started(marketer)
    address = f"/rules/versions/{book.version}/edit/"
    for extra in (
        {"act": ["remove:999"]}, {"act": ["part:x.y"]}, {"lines": ["99999999"]}, {"revision": ["x"]},
        {"r0.c": ["no_such_kind"]}, {"r0.c": ["all_of"], "r0.c.n": ["77"]}, {"r0.axis": ["soul"]}, {"lines": ["-1"]},
        {"webinar": ["x"]}, {"cap.fit": ["1e400"]}, {"r0.points": ["NaN"]}, {"r0.key": [""]},
    ):  # fmt: skip
        answer = marketer.post(address, {**typed(marketer, book.version), **extra})
        assert answer.status_code in (200, 302, 409, 422), extra


def test_the_panel_says_what_the_past_would_have_been_and_saves_nothing(marketer: Client) -> None:
    book = started(marketer)
    address = f"/rules/versions/{book.version}/backtest/"
    page = marketer.post(address, typed(marketer, book.version, webinar__points="1")).content.decode()
    assert "No past cases here" in page
    assert "+1 intent, halving every 21 days" in page
    assert (
        "goes on once every line"
        in marketer.post(address, typed(marketer, book.version, webinar__points="x")).content.decode()
    )
    book.refresh_from_db()
    assert book.revision == 1


def test_evaluation_stages_are_taken_over_and_changed(marketer: Client) -> None:
    without = {part: value for part, value in started(marketer).definition.items() if part != "stages"}
    book = saved(marketer, started(marketer, begin="json", json=json.dumps(without)), act="stages")
    assert book.definition["stages"][0]["key"] == "ready"
    book = saved(marketer, book, ready__c__f__within_days="14")
    assert book.definition["stages"][0]["when"]["within_days"] == 14
