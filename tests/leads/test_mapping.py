"""Columns become facts, signals and history; nothing a cell says is dropped silently."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.mapping import CompiledMapping, MappingError, apply_mapping, check_target, signature_of, suggest_mapping
from leads.mapping.targets import REASON_CODES, TARGETS, attribute_name
from leads.mapping.values import NotReadable, date_format_of, number_format_of, read_boolean, read_date
from leads.mapping.values import read_moment as moment
from leads.mapping.values import read_number as number


def payload(columns, headers, row, **more):
    return apply_mapping({"columns": columns, **more}, headers, row)


def test_plain_columns_become_facts():
    row = payload(
        {"Mail": "email", "Firm": {"to": "company"}, "X": "ignore"}, ["Mail", "Firm", "X"], ["a@x.org", " Acme ", "1"]
    )
    assert row.payload == {"email": "a@x.org", "company": "Acme"}
    assert row.errors == []


def test_words_that_mean_empty_are_empty():
    row = payload({"City": {"to": "city", "empty": ["Select"]}}, ["City"], ["select "])
    assert row.payload == {}


def test_values_are_mapped_whatever_their_spaces_and_capitals():
    row = payload(
        {"Tag": {"to": "reason", "values": {"Interested in MBA": "wrong_product"}}}, ["Tag"], ["interested  IN mba"]
    )
    assert row.payload["history"] == {"reason_code": "wrong_product", "reason_evidence": "interested  IN mba"}


def test_an_unknown_word_is_kept_and_noted():
    row = payload({"Stage": "outcome"}, ["Stage"], ["Purgatory"])
    assert row.payload == {"attributes": {"stage": "Purgatory"}}
    assert [(trouble.column, trouble.code) for trouble in row.errors] == [("Stage", "unknown_value")]


def test_a_word_mapped_to_nothing_is_kept_without_a_note():
    row = payload({"Tag": {"to": "reason", "values": {"Busy": ""}, "keep_as": "after_contact_tag"}}, ["Tag"], ["Busy"])
    assert row.payload == {"attributes": {"after_contact_tag": "Busy"}}
    assert row.errors == []


def test_a_won_deal_has_no_reason_for_rejection():
    row = payload({"Won": "outcome", "Why": "reason"}, ["Won", "Why"], ["1", "Lost to Acme"])
    assert row.payload["history"] == {"outcome": "won"}
    assert row.payload["attributes"] == {"after_contact_reason": "Lost to Acme"}


def test_counts_values_and_yes_become_signals():
    row = payload(
        {
            "Visits": "signal:page_visit",
            "Seconds": "signal_value:time_on_site",
            "Demo": "signal:demo_request",
            "Zero": "signal:blog_visit",
        },
        ["Visits", "Seconds", "Demo", "Zero"],
        ["7.0", "338", "Yes", "0"],
    )
    assert row.payload["signals"] == [
        {"kind": "page_visit", "occurred_at": None, "quantity": 7},
        {"kind": "time_on_site", "occurred_at": None, "quantity": 1, "value": 338},
        {"kind": "demo_request", "occurred_at": None, "quantity": 1},
    ]


def test_a_masked_address_leaves_the_id_to_identify():
    row = payload({"Mail": "email", "Id": "external_id"}, ["Mail", "Id"], ["fcb67ef339b691956cc85fa12be6490c", "7"])
    assert row.payload["external_id"] == "7"
    assert "email" not in row.payload
    assert row.errors[0].code == "masked_email"


def test_the_first_of_two_columns_wins_and_the_other_is_kept():
    row = payload({"Phone": "phone", "Mobile": "phone"}, ["Phone", "Mobile"], ["+49 1", "+49 2"])
    assert row.payload == {"phone": "+49 1", "attributes": {"mobile": "+49 2"}}


def test_one_column_may_become_two_things():
    columns = {"Origin": {"to": "attribute:origin", "also": ["signal_kind"], "values": {"Form": "form_submission"}}}
    row = payload(columns, ["Origin"], ["Form"])
    assert row.payload["attributes"] == {"origin": "Form"}
    assert row.payload["signals"][0]["kind"] == "form_submission"


def test_a_currency_is_read_by_its_name_and_one_that_does_not_exist_is_noted():
    columns = {"Sum": "amount", "In": "currency"}
    assert payload(columns, ["Sum", "In"], ["5", "US Dollar"]).payload["history"]["currency"] == "USD"
    row = payload(columns, ["Sum", "In"], ["5", "ZZZ"])
    assert [error.code for error in row.errors] == ["unknown_currency"]
    assert row.payload["attributes"] == {"in": "ZZZ"}


def test_defaults_fill_what_no_column_says():
    row = payload(
        {"Id": "external_id", "R": "outcome"}, ["Id", "R"], ["7", ""], defaults={"outcome": "won", "currency": "EUR"}
    )
    assert row.payload["history"] == {"outcome": "won", "currency": "EUR"}


def test_a_date_that_could_be_two_is_noted_not_guessed():
    row = payload({"When": "occurred_at"}, ["When"], ["03/04/2026"])
    assert row.payload == {"attributes": {"when": "03/04/2026"}}
    assert row.errors[0].code == "unreadable_date"
    told = payload(
        {"When": {"to": "occurred_at", "format": "day_first"}}, ["When"], ["03/04/2026"], zone="Europe/Berlin"
    )
    assert told.payload == {"occurred_at": "2026-04-02T22:00:00+00:00"}


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({}, "needs “columns”"),
        ({"columns": {"Nope": "email"}}, "no column “Nope”"),
        ({"columns": {"A": "e-mail"}}, "nothing a column can become"),
        ({"columns": {"A": "ignore"}}, "No column is mapped"),
        ({"columns": {"A": 7}}, "needs an object"),
        ({"columns": {"A": "attribute:Not Good"}}, "small letters"),
    ],
)
def test_a_mapping_that_does_not_fit_says_what_to_change(mapping, words):
    with pytest.raises(MappingError, match=words):
        CompiledMapping(mapping, ["A"])


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("1,234.56", "", 1234.56),
        ("1.234,56", "", 1234.56),
        ("1,5", "", 1.5),
        ("1,234", "", 1234),
        ("1,234", "comma", 1.234),
        ("200.000.000", "", 200_000_000),
        ("€ 1 200", "", 1200),
        ("(12)", "", -12),
        ("12 %", "", 12),
        ("USD 5", "", 5),
        ("1e3", "", 1000),
    ],
)
def test_numbers_of_many_countries_are_read(text, form, value):
    assert number(text, form) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "abc", "1-2", "--1", "1e999x"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(NotReadable):
        number(text)


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("2026-05-31", "", datetime(2026, 5, 31, tzinfo=UTC)),
        ("2026-05-31 14:00:05", "", datetime(2026, 5, 31, 14, 0, 5, tzinfo=UTC)),
        ("2026-05-31T14:00:05+02:00", "", datetime(2026, 5, 31, 12, 0, 5, tzinfo=UTC)),
        ("2019-12-29 08:15:15.000", "", datetime(2019, 12, 29, 8, 15, 15, tzinfo=UTC)),
        ("31.05.2026", "", datetime(2026, 5, 31, tzinfo=UTC)),
        ("5/31/2026 2:05 PM", "", datetime(2026, 5, 31, 14, 5, tzinfo=UTC)),
        ("31 May 2026", "", datetime(2026, 5, 31, tzinfo=UTC)),
        ("20260531", "", datetime(2026, 5, 31, tzinfo=UTC)),
        ("1780236000", "", datetime(2026, 5, 31, 14, tzinfo=UTC)),
        ("1780236000000", "unix_ms", datetime(2026, 5, 31, 14, tzinfo=UTC)),
        ("46173", "excel", datetime(2026, 5, 31, tzinfo=UTC)),
        ("2026|31|05", "%Y|%d|%m", datetime(2026, 5, 31, tzinfo=UTC)),
    ],
)
def test_moments_of_many_kinds_are_read(text, form, value):
    assert moment(text, form) == value


@pytest.mark.parametrize("text", ["", "soon", "31/31/2026", "0001-01-01", "9999999999999999", "2026-02-30"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(NotReadable):
        moment(text)


def test_a_date_is_never_shifted_by_a_zone():
    assert read_date("2026-05-31 23:30") == date(2026, 5, 31)


@given(st.text(max_size=40))
def test_no_cell_raises_anything_but_not_readable(text):
    for reader in (number, moment, read_boolean, read_date):
        try:
            reader(text)
        except NotReadable:
            continue


@given(st.lists(st.text(max_size=30), min_size=5, max_size=5))
def test_no_row_breaks_a_mapping_and_every_cell_is_found_again(cells):
    columns = {"a": "email", "b": "occurred_at", "c": "reason", "d": "signal:page_visit", "e": "attribute:e"}
    row = payload(columns, list("abcde"), cells)
    assert len(row.errors) == len({trouble.column for trouble in row.errors})
    for trouble in row.errors:
        assert row.payload["attributes"][trouble.column] == cells["abcde".index(trouble.column)].strip()


def test_formats_are_judged_from_all_values():
    assert date_format_of(["03/04/2026", "25/04/2026"]) == "day_first"
    assert date_format_of(["03/04/2026", "04/25/2026"]) == "month_first"
    assert date_format_of(["03/04/2026"]) == ""
    assert number_format_of(["1.234,50", "7"]) == "comma"
    assert number_format_of(["1,234.50"]) == "point"
    assert number_format_of(["1,234"]) == ""


def test_names_of_many_kinds_are_recognised():
    headers = ["E-Mail Address", "firstName", "LAST_NAME", "Job Title", "property_company", "Utm_Source__c", "Mystery"]
    suggestion = suggest_mapping(headers, [["a@x.org", "A", "B", "CEO", "Acme", "ads", "42"]])
    assert [plan["to"] for plan in suggestion["columns"].values()] == [
        "email", "first_name", "last_name", "title", "company", "utm_source", "attribute:mystery",
    ]  # fmt: skip
    assert all(0 < plan["confidence"] <= 1 and plan["because"] for plan in suggestion["columns"].values())


def test_columns_without_a_name_are_recognised_by_their_values():
    suggestion = suggest_mapping(["Column 1", "Column 2"], [["a@x.org", "+49 30 123456"], ["b@x.org", "+49 30 123457"]])
    assert [plan["to"] for plan in suggestion["columns"].values()] == ["email", "phone"]


def test_a_suggestion_can_be_applied_as_it_is():
    headers, rows = ["Email", "Created", "Stuff"], [["a@x.org", "25/04/2026", "x"], ["b@x.org", "03/04/2026", "y"]]
    compiled = CompiledMapping(suggest_mapping(headers, rows), headers)
    assert compiled.apply(rows[1]).payload["occurred_at"].startswith("2026-04-03")


def test_a_signature_ignores_the_order_of_columns():
    assert signature_of(["a", "B"]) == signature_of(["b", "A"]) != signature_of(["a"])


def test_every_target_has_a_label_and_no_reason_is_invented():
    assert all(target.label and not check_target(code) for code, target in TARGETS.items())
    from feedback.starter_reasons import REASONS

    assert set(REASON_CODES) <= {reason.code for reason in REASONS}


@pytest.mark.parametrize(
    ("header", "name"), [("Lead Source", "lead_source"), ("leadSource", "lead_source"), ("???", "column")]
)
def test_attribute_names_are_plain(header, name):
    assert attribute_name(header) == name
