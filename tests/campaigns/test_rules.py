"""Rules without a database: UTM patterns, addresses of assets, money, rows of spend."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.money import NotMoney, as_typed, currency_code, major_units, minor_units
from leads.spend_rows import BadSpend, find_columns, read_month, read_spend
from leads.url_patterns import BadPattern, belongs, read_patterns
from leads.utm_rules import BadRule, check_rules, closeness, read_rules, write_rules


def test_a_bare_word_is_the_utm_campaign_and_short_names_will_do() -> None:
    assert read_rules("spring-*\nsource=linkedin utm_medium=paid") == [
        {"utm_campaign": "spring-*"},
        {"utm_source": "linkedin", "utm_medium": "paid"},
    ]


@pytest.mark.parametrize("text", ["colour=red", "utm_campaign=*", "utm_source=a utm_source=b", "x" * 201])
def test_a_rule_that_cannot_be_meant_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(BadRule, match="Line 2"):
        read_rules(f"fine\n{text}")


def test_the_closest_rule_wins_and_all_its_conditions_must_hold() -> None:
    utm = {"utm_campaign": "Spring-2026", "utm_source": "linkedin"}
    assert closeness([{"utm_campaign": "spring-*"}], utm) < closeness([{"utm_campaign": "spring-2026"}], utm)
    assert closeness([{"utm_campaign": "spring-*", "utm_medium": "paid"}], utm) == 0
    assert closeness([{"utm_campaign": "spring.2026"}], utm) == 0  # a point is a point


@given(st.lists(st.sampled_from(["spring-*", "utm_source=a*b", "medium=x source=y"]), max_size=4))
def test_rules_read_as_they_were_written(lines: list[str]) -> None:
    rules = read_rules("\n".join(lines))
    assert read_rules(write_rules(rules)) == rules == check_rules(rules)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.acme.com/guides/planning.pdf?x=1#top", True),
        ("/guides/Planning", True),
        ("http://acme.com/guides/planning/", True),
        ("https://acme.com/old/guides/planning", False),
        ("https://acme.com/guides", False),
        ("", False),
    ],
)
def test_a_path_counts_on_every_host(url: str, expected: bool) -> None:
    assert belongs(url, ["/guides/planning*"]) is expected


def test_a_pattern_with_a_host_counts_only_there() -> None:
    assert belongs("https://shop.acme.com/a/b", ["shop.acme.com/*"])
    assert not belongs("https://www.acme.com/a/b", ["shop.acme.com/*"])


@pytest.mark.parametrize("text", ["*", "/*", "/guides/my file", "x" * 301])
def test_an_address_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadPattern):
        read_patterns(text)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("12.5", "EUR", 1250), ("12", "JPY", 12), ("0.005", "EUR", 1), ("1.2345", "KWD", 1235), ("0", "USD", 0)],
)
def test_money_is_whole_numbers_of_its_smallest_unit(amount: str, currency: str, minor: int) -> None:
    assert minor_units(Decimal(amount), currency) == minor


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity", "1e40"])
def test_what_is_no_sum_of_money_is_refused(amount: str) -> None:
    with pytest.raises(NotMoney):
        minor_units(Decimal(amount), "EUR")


@given(st.integers(0, 10**12), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_money_comes_back_as_it_went(minor: int, currency: str) -> None:
    assert minor_units(major_units(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("text", "code"), [("eur", "EUR"), (" € ", "EUR"), ("$", "USD"), ("US dollar", "USD"), ("Euro", "EUR")]
)
def test_a_currency_has_three_letters(text: str, code: str) -> None:
    assert currency_code(text) == code


@pytest.mark.parametrize("text", ["euros", "ZZZ", "EU", ""])
def test_what_is_no_currency_is_refused(text: str) -> None:
    with pytest.raises(NotMoney):
        currency_code(text)


def test_a_month_that_cannot_be_read_is_told_in_one_sentence() -> None:
    with pytest.raises(BadSpend, match=r"^“Nov” is no month\. Write it like 2026-03\.$"):
        read_month("Nov")


@pytest.mark.parametrize("text", ["2026-03", "03/2026", "Mar 2026", "2026-03-17", "17.03.2026", "March 2026"])
def test_a_month_is_read_however_people_write_it(text: str) -> None:
    assert read_month(text) == date(2026, 3, 1)


@pytest.mark.parametrize("text", ["", "spring", "13/2026", "2026"])
def test_what_is_no_month_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadSpend, match=r"month|date"):
        read_month(text)


def test_columns_are_found_by_what_ad_platforms_call_them() -> None:
    found = find_columns(["Campaign name", "Day", "Amount spent (USD)"])
    assert found == {"month": "Day", "campaign": "Campaign name", "amount": "Amount spent (USD)"}
    row = read_spend({"Day": "2026-03-04", "Campaign name": "x", "Amount spent (USD)": "1,234.50"}, found, "EUR")
    assert (row.amount_minor, row.currency, row.month_on) == (123_450, "USD", date(2026, 3, 1))
    with pytest.raises(BadSpend, match="month"):
        find_columns(["Campaign", "Cost"])


@pytest.mark.parametrize("cells", [{"m": "", "a": "1"}, {"m": "2026-03", "a": ""}, {"m": "2026-03", "a": "much"},
                                   {"m": "2026-03", "a": "(5)"}])  # fmt: skip
def test_a_row_of_spend_that_cannot_be_read_is_refused(cells: dict[str, str]) -> None:
    with pytest.raises(BadSpend):
        read_spend(cells, {"month": "m", "amount": "a"}, "EUR")


@pytest.mark.parametrize(
    ("minor", "currency", "typed"),
    [
        (4_500_000, "EUR", "45000"),
        (1_250, "EUR", "12.50"),
        (1_250, "JPY", "1250"),
        (1_250, "KWD", "1.250"),
        (0, "EUR", "0"),
    ],
)
def test_an_amount_stands_in_a_field_as_people_type_it(minor: int, currency: str, typed: str) -> None:
    assert as_typed(minor, currency) == typed
