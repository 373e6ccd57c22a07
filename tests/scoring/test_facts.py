"""Collecting facts: every known fact is read, in two queries, and nothing unreadable breaks it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scoring import facts as facts_module
from scoring.accounts import ACCOUNT_FACTS
from scoring.engine import compile_rulebook
from scoring.engine.frame import MISSING, day_of
from scoring.facts import load_facts
from scoring.rules import ATTRIBUTES, FactType

from .factories import NOW, make_lead, make_signal, make_source, small_rulebook


def asking(*names, **rule):
    """A compiled rulebook that asks about these facts."""
    ways = {FactType.FLAG: {"is": True}}
    rules = [
        {"axis": "fit", "when": {"fact": name, **ways.get(ATTRIBUTES[name].type, {"known": True})}} for name in names
    ]
    return compile_rulebook(small_rulebook(*rules, *([rule] if rule else [])))


def test_every_known_fact_has_a_reader():
    assert {*facts_module._READERS, *ACCOUNT_FACTS} == set(ATTRIBUTES)


@pytest.mark.django_db
def test_facts_are_read_from_their_tables_in_two_queries():
    source = make_source(key="webinar", kind="partner")
    full = make_lead(
        source,
        person={"title": "CRO", "seniority": "c_level", "function": "sales", "country": "", "flags": ["free_mail"]},
        account={"industry": "Software", "employees": 70, "country": "DE"},
        need="A demo",
        attributes={"timeline_on": "2026-05-01", "use_case": "Routing", "budget_on": "soon", "company_size": "9"},
    )
    bare = make_lead(
        source, person={"email": None, "phone": "+491234567"}, attributes={"company_size": "1,001 - 5,000"}
    )
    make_signal(full, "demo_request", NOW - timedelta(days=1), topic="crm", value=5)
    make_signal(full, "demo_request", NOW - timedelta(days=1, hours=1), topic="crm", value=9)
    make_signal(full, "demo_request", None)
    make_signal(full, "blog_visit", NOW)
    compiled = asking(*facts_module._READERS)
    with CaptureQueriesContext(connection) as queries:
        loaded = load_facts([full.pk, bare.pk], compiled, as_of={}, now=NOW)
    assert len(queries) == 2
    first, second = (loaded.lead_ids.index(lead.pk) for lead in (full, bare))
    texts, numbers = loaded.frame.texts, loaded.frame.numbers

    def text(name, lead):
        code = texts[name].codes[lead]
        return texts[name].vocabulary[code] if code >= 0 else None

    assert (text("person.title", first), text("person.title", second)) == ("CRO", None)
    assert (text("lead.country", first), text("account.country", first)) == ("DE", "DE")
    assert (text("source.key", second), text("source.kind", second)) == ("webinar", "partner")
    assert (numbers["account.employees"][first], numbers["account.employees"][second]) == (70, 1001)
    assert numbers["lead.timeline_on"][first] == day_of(date(2026, 5, 1))
    assert (numbers["lead.budget_on"][first], numbers["lead.timeline_on"][second]) == (MISSING, MISSING)
    assert (numbers["person.is_free_mail"][first], numbers["person.is_free_mail"][second]) == (1, 0)
    assert (numbers["person.has_email"][second], numbers["person.has_phone"][second]) == (0, 1)
    assert (numbers["lead.need"][first], numbers["lead.need"][second]) == (1, 0)
    signals = loaded.frame.signals
    rows = signals.of_lead(first)
    assert signals.quantity[rows].tolist() == [1, 2]  # the undated one first, the two of one day together
    assert signals.value[rows].tolist() == [MISSING, 9]
    assert signals.kinds == ("demo_request",)  # nobody asks about blogs
    assert signals.of_lead(second) == slice(2, 2) or not len(signals.lead[signals.of_lead(second)])


@pytest.mark.django_db
@pytest.mark.parametrize("attributes", [[], "text", None, {"timeline_on": 7}, {"timeline_on": "2026-99-01"}])
def test_attributes_of_any_shape_are_survived(attributes):
    lead = make_lead(make_source(), attributes={} if attributes is None else attributes)
    loaded = load_facts([lead.pk], asking("lead.timeline_on"), as_of={}, now=NOW)
    assert loaded.frame.numbers["lead.timeline_on"].tolist() == [MISSING]
