"""Cleaning: what is sent in many shapes becomes one; what cannot be read is said, never raised."""

from datetime import UTC, datetime

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from leads.cleaning import clean, clean_email, clean_phone, read_moment, registered_domain
from leads.names import country_code, country_name, normalise_company, split_name
from leads.titles import function_of, seniority_of


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Ada@Acme.COM", "ada@acme.com"),
        ("  ada@acme.com ", "ada@acme.com"),
        ("mailto:ada@acme.com", "ada@acme.com"),
        ("o'hara+news@acme.online", "o'hara+news@acme.online"),
        ("ada@bücher.example", "ada@bücher.example"),
    ],
)
def test_addresses_are_kept_in_one_form(sent: str, kept: str) -> None:
    assert clean_email(sent) == (kept, "")


@pytest.mark.parametrize("sent", ["ada", "ada@", "@acme.com", "ada@acme", "ada acme.com", "ada@@acme.com"])
def test_an_address_that_is_none_is_named_in_words(sent: str) -> None:
    kept, words = clean_email(sent)
    assert kept == ""
    assert len(words) > 10


@pytest.mark.parametrize(
    ("sent", "country", "kept"),
    [
        ("+49 30 1234567", "", "+49301234567"),
        ("030 1234567", "DE", "+49301234567"),
        ("(212) 555-0123", "US", "+12125550123"),
    ],
)
def test_numbers_are_kept_as_e164(sent: str, country: str, kept: str) -> None:
    assert clean_phone(sent, country) == (kept, "")


def test_a_number_without_a_country_is_named_in_words() -> None:
    assert clean_phone("030 1234567", "")[1] == "Write the phone number with its country, like +49 30 1234567."


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("acme.com", "acme.com"),
        ("https://www.acme.co.uk/pricing?x=1", "acme.co.uk"),
        ("eu.mail.acme.com", "acme.com"),
        ("localhost", ""),
        ("", ""),
    ],
)
def test_the_registered_domain_is_found(host: str, domain: str) -> None:
    assert registered_domain(host) == domain


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("ACME, Inc.", "acme"),
        ("Acme GmbH & Co. KG", "acme and"),
        ("Müller AG", "muller"),
        ("The Example Company", "the example"),
        ("株式会社", "株式会社"),
    ],
)
def test_companies_are_compared_without_case_accents_and_legal_form(name: str, key: str) -> None:
    assert normalise_company(name) == key


@pytest.mark.parametrize(
    ("text", "code"), [("Germany", "DE"), ("de", "DE"), ("USA", "US"), ("United Kingdom", "GB"), ("Atlantis", "")]
)
def test_countries_are_known_by_name_and_code(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    ("full", "first", "last"),
    [("Ada Lovelace", "Ada", "Lovelace"), ("Lovelace, Ada", "Ada", "Lovelace"), ("Ada", "Ada", ""), ("  ", "", "")],
)
def test_names_are_split(full: str, first: str, last: str) -> None:
    assert split_name(full) == (first, last)


@pytest.mark.parametrize(
    ("title", "seniority", "function"),
    [
        ("VP Sales", "vp", "sales"),
        ("Vice President of Marketing", "vp", "marketing"),
        ("Chief Revenue Officer", "c_level", "revops"),
        ("Head of RevOps", "head", "revops"),
        ("Marketing Intern", "student", "marketing"),
        ("Software Engineer", "staff", "it"),
        ("", "", ""),
    ],
)
def test_titles_tell_seniority_and_function(title: str, seniority: str, function: str) -> None:
    assert (seniority_of(title), function_of(title)) == (seniority, function)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-04", datetime(2026, 3, 4, tzinfo=UTC)),
        ("2026-03-04T12:00:00+02:00", datetime(2026, 3, 4, 10, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_moments_are_read_as_utc(text: str, moment: datetime | None) -> None:
    assert read_moment(text) == moment


def test_what_cannot_be_read_is_left_empty_named_and_kept_as_it_was_sent() -> None:
    facts = clean({"email": "nope", "country": "Atlantis", "employees": "many", "timeline_on": "soon"})
    assert set(facts.problems) == {"email", "country", "employees", "timeline_on"}
    assert (facts.email, facts.country, facts.employees) == ("", "", None)
    assert facts.attributes == {
        "email_as_sent": "nope",
        "country_as_sent": "Atlantis",
        "employees_as_sent": "many",
        "timeline_on_as_sent": "soon",
    }
    assert clean({"phone": "040 1234567"}).attributes == {"phone_as_sent": "040 1234567"}
    assert clean({"phone": "040 1234567", "country": "DE"}).attributes == {}


@pytest.mark.parametrize(
    ("fact", "sent"),
    [
        ("email", "ada acme.com"), ("email", "ada@acme.com, bo@acme.com"), ("phone", "040 1234567"), ("phone", "+49 1"),
        ("country", "Atlantis"), ("employees", "many"), ("timeline_on", "soon"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_what_to_send_instead(fact: str, sent: str) -> None:
    assert " like " in clean({fact: sent}).problems[fact]


def test_facts_beyond_the_columns_are_kept() -> None:
    facts = clean({"attributes": {"plan": "gold"}, "timeline_on": "2026-05-31", "utm_source": "search"})
    assert facts.attributes == {"plan": "gold", "timeline_on": "2026-05-31"}
    assert facts.utm == {"utm_source": "search"}


@given(
    st.dictionaries(st.sampled_from(["email", "phone", "name", "company", "country", "employees", "need"]), st.text())
)
def test_nothing_that_can_be_typed_makes_cleaning_fail(payload: dict[str, str]) -> None:
    facts = clean(payload)
    assert "\x00" not in facts.need + facts.first_name + facts.company


_LABELS = st.text(alphabet="ab9-xn", min_size=1, max_size=8) | st.sampled_from(
    ["test", "local", "invalid", "a" * 63, "b" * 64]
)
_ENDINGS = st.sampled_from(
    ["com", "test", "local", "onion", "c", "co.uk", "x-y", "1a", "a1", "invalid", "arpa", "example"]
)


@given(st.lists(_LABELS, max_size=3), _ENDINGS)
def test_the_short_way_through_domains_judges_like_the_long_one(labels: list[str], ending: str) -> None:
    address = f"ada@{'.'.join([*labels, ending])}"
    try:
        expected = validate_email(address, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        expected = ""
    assert clean_email(address)[0] == expected


@pytest.mark.parametrize(("code", "name"), [("DE", "Germany"), ("GB", "United Kingdom"), ("", ""), ("XQ", "XQ")])
def test_a_country_is_said_by_its_name_and_what_is_none_as_it_stands(code: str, name: str) -> None:
    assert country_name(code) == name
