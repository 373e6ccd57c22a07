"""The hidden truth: who would buy, and how far behaviour and reasons follow it. No database."""

from datetime import datetime, timedelta
from random import Random
from statistics import mean

import pytest

from feedback.starter_reasons import REASONS
from revops.portal.demo.behaviour import Prospect, name_prospect, plan_acts, title_of
from revops.portal.demo.catalogue import PROFILES
from revops.portal.demo.desk import evidence_for
from revops.portal.demo.firms import found_firm
from revops.portal.demo.places import EMEA, choose_country
from revops.portal.demo.seasons import Seasons
from revops.portal.demo.truth import Buyer, draw_buyer, learned_by_talking, would_buy
from revops.portal.demo.world import plan_world
from tests.conftest import NOW


def _prospects(count: int, key: str = "organic") -> list[Prospect]:
    rng, taken = Random(3), set()
    profile = next(profile for profile in PROFILES if profile.key == key)
    people = []
    for number in range(count):
        country = choose_country(rng, EMEA)
        firm = found_firm(rng, EMEA, country, taken)
        person = Prospect(number, profile, firm, country, draw_buyer(rng, profile, firm), Random(number))
        name_prospect(person)
        people.append(person)
    return people


def _chance(key: str) -> float:
    return mean(would_buy(person.buyer, person.firm) for person in _prospects(400, key))


def test_good_sources_bring_people_who_would_buy() -> None:
    assert _chance("partner") > 2 * _chance("content-syndication")
    assert _chance("website-demo") > 1.5 * _chance("paid-social")


def test_behaviour_follows_need_but_does_not_give_it_away() -> None:
    people = _prospects(600)
    for person in people:
        plan_acts(person, NOW)
    eager = [person for person in people if person.buyer.interest > 0.4]
    cold = [person for person in people if person.buyer.interest < 0.15]
    visits = [
        [sum(act.kind == "pricing_page_visit" for _, act in person.acts) for person in group] for group in (eager, cold)
    ]
    assert mean(visits[0]) > 2 * mean(visits[1])
    assert any(visits[1]), "some without need look at prices as well"
    assert not all(visits[0]), "some with need do not"


def test_nobody_without_need_buys_and_nobody_with_all_of_it_is_rejected() -> None:
    firm = _prospects(1)[0].firm
    nobody = Buyer(0.02, 0.1, 0.1, 900, 500, False, 0.2, "", "staff", "hr")
    somebody = Buyer(0.97, 0.95, 0.95, 90_000, 20, True, 0.8, "", "c_level", "operations")
    assert would_buy(nobody, firm) < 0.05
    assert would_buy(somebody, firm) > 0.3
    assert learned_by_talking(nobody, firm, Random(1), 0.0)
    reasons = {learned_by_talking(somebody, firm, Random(number), 0.0) for number in range(40)}
    assert reasons <= {"", "not_eligible"}


@pytest.mark.parametrize("reason", [reason for reason in REASONS if reason.evidence_kind != "attempts"])
def test_the_desk_has_evidence_of_the_right_kind_for_each_reason(reason) -> None:
    text = evidence_for(_prospects(1)[0], reason.code, NOW)
    assert len(text) >= 3
    if reason.evidence_kind == "date":
        assert datetime.fromisoformat(text)
    if reason.evidence_kind == "number":
        assert any(letter.isdigit() for letter in text)


def test_titles_say_what_they_mean() -> None:
    from leads.titles import seniority_of

    for person in _prospects(300):
        assert seniority_of(title_of(person.buyer)) in {person.buyer.seniority, "staff"}


def test_the_same_seed_plans_the_same_year_and_another_seed_another() -> None:
    def told(seed: int) -> list:
        return [(arrival.at, arrival.source, arrival.payload) for arrival in plan_world(120, seed, NOW).arrivals]

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_nobody_arrives_after_now_or_more_than_a_year_before() -> None:
    ats = [arrival.at for arrival in plan_world(400, 4, NOW).arrivals]
    assert ats == sorted(ats)
    assert NOW - timedelta(days=366) < ats[0]
    assert ats[-1] <= NOW


def test_the_year_has_quiet_weekends_and_an_august_dip() -> None:
    seasons = Seasons(NOW)
    by_day = {day: seasons.weight_of(day) for day in seasons.days}
    weekdays = mean(weight for day, weight in by_day.items() if day.weekday() < 5)
    weekends = mean(weight for day, weight in by_day.items() if day.weekday() >= 5)
    august = mean(weight for day, weight in by_day.items() if day.month == 8)
    assert weekends < weekdays / 2
    assert august < mean(by_day.values())
