"""Random rulebooks and random leads, for what must hold for any of them."""

from __future__ import annotations

from hypothesis import reject
from hypothesis import strategies as st

from scoring.engine import Act, LeadFacts
from scoring.rules import AXES, InvalidRulebook, parse_rulebook

from .factories import KINDS, POINT, days_ago, small_json

KIND_CODES = ["blog_visit", "demo_request", "email_click", "pricing_page_visit", "time_on_site", "webinar_attended"]
"""Few kinds, few days and few people, so that random leads meet random rules often, and at their edges."""

TEXTS = {"person.title": ["VP Sales", "head of it", "intern"], "lead.country": ["DE", "us"], "person.seniority": ["vp"]}
DATES = ["lead.timeline_on", "lead.contract_end_on"]
FLAGS = ["person.is_free_mail", "account.is_known"]
days = st.integers(0, 12)
some_kinds = st.lists(st.sampled_from(KIND_CODES), min_size=1, max_size=2, unique=True)
by = st.sampled_from(["person", "account"])
topics = st.just(["crm"])

fact_conditions = st.one_of(
    st.sampled_from(sorted(TEXTS)).flatmap(
        lambda name: st.one_of(
            st.fixed_dictionaries({"fact": st.just(name), "equals": st.sampled_from(TEXTS[name])}),
            st.fixed_dictionaries({"fact": st.just(name), "not_equals": st.sampled_from(TEXTS[name])}),
            st.fixed_dictionaries({"fact": st.just(name), "one_of": st.just(["other", TEXTS[name][0]])}),
            st.fixed_dictionaries({"fact": st.just(name), "none_of": st.just(["other", TEXTS[name][0]])}),
            st.fixed_dictionaries({"fact": st.just(name), "mentions": st.just([TEXTS[name][0], "it"])}),
            st.fixed_dictionaries({"fact": st.just(name), "known": st.booleans()}),
        )
    ),
    st.fixed_dictionaries(
        {"fact": st.just("account.employees"), "at_least": st.integers(0, 500)},
        optional={"at_most": st.integers(500, 1000)},
    ),
    st.fixed_dictionaries({"fact": st.just("account.employees"), "equals": st.integers(0, 3)}),
    st.fixed_dictionaries({"fact": st.just("account.employees"), "not_equals": st.integers(0, 3)}),
    st.fixed_dictionaries({"fact": st.sampled_from(FLAGS), "is": st.booleans()}),
    st.fixed_dictionaries({"fact": st.sampled_from(DATES), "within_days_ahead": days}),
    st.fixed_dictionaries({"fact": st.sampled_from(DATES), "passed": st.booleans(), "within_days": st.integers(1, 12)}),
    st.fixed_dictionaries({"fact": st.sampled_from(DATES), "passed": st.booleans()}),
)
counts = st.fixed_dictionaries(
    {"signals": some_kinds},
    optional={
        "at_least": st.integers(1, 3),
        "within_days": days,
        "topics": topics,
        "minimum_value": st.integers(0, 100),
        "by": by,
    },
)
fading_conditions = st.one_of(
    counts,
    st.fixed_dictionaries(
        {
            "signals": some_kinds,
            "distinct": st.sampled_from(["kinds", "topics", "days", "people"]),
            "at_least": st.integers(2, 3),
        },
        optional={"within_days": days, "by": by},
    ),
    st.fixed_dictionaries(
        {"signals": some_kinds, "total_at_least": st.integers(1, 200)},
        optional={"within_days": days, "topics": topics, "by": by},
    ),
    st.fixed_dictionaries({"signals": some_kinds, "last_within_days": days}, optional={"topics": topics, "by": by}),
    st.fixed_dictionaries(
        {
            "signals": st.lists(st.sampled_from(KIND_CODES[::2]), min_size=1, max_size=2, unique=True),
            "then": st.lists(st.sampled_from(KIND_CODES[1::2]), min_size=1, max_size=2, unique=True),
            "gap_days": days,
        },
        optional={"within_days": days},
    ),
)
signal_conditions = fading_conditions | st.fixed_dictionaries(
    {"signals": some_kinds, "quiet_for_days": st.integers(1, 12)}, optional={"by": by}
)
conditions = st.recursive(
    fact_conditions | signal_conditions,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"any_of": st.lists(inner, min_size=2, max_size=2)}),
        st.fixed_dictionaries({"all_of": st.lists(inner, min_size=2, max_size=2)}),
    ),
    max_leaves=2,
)
points = st.integers(-20 * POINT, 40 * POINT)
plain_rules = st.fixed_dictionaries(
    {"axis": st.sampled_from([axis.value for axis in AXES]), "points": points, "when": conditions},
    optional={"family": st.sampled_from(["one", "two"])},
)
fading_rules = st.fixed_dictionaries(
    {"axis": st.just("intent"), "points": points, "when": fading_conditions, "half_life_days": st.integers(1, 40)},
    optional={"family": st.sampled_from(["one", "two"])},
)


proven_conditions = fact_conditions | counts.filter(
    lambda when: all(KINDS[code]["is_proven"] for code in when["signals"])
)
minima = st.fixed_dictionaries({}, optional={axis.value: st.integers(-10 * POINT, 30 * POINT) for axis in AXES})
needs = {"required_facts": st.sampled_from([[], ["person.title"], ["account.is_known"]]), "when": proven_conditions}
tiers = st.fixed_dictionaries(
    {
        "1": st.fixed_dictionaries(
            {"hand_raise": st.just({"signals": ["demo_request"], "within_days": 30}), "minimum": minima}, optional=needs
        ),
        "2": st.fixed_dictionaries({"minimum": minima.filter(bool)}, optional=needs),
    }
)
stage_keys = ["ready", "comparing", "solution_aware", "problem_aware"]
stages = st.lists(
    st.fixed_dictionaries({"key": st.sampled_from(stage_keys), "when": conditions}),
    max_size=4,
    unique_by=lambda entry: entry["key"],
)
floors = st.fixed_dictionaries({}, optional={axis.value: st.integers(-15 * POINT, 0) for axis in AXES})


def can_be_said(rule):
    """Whether a rule alone parses: a rulebook of rules that each can be said is seldom refused."""
    family_caps = {rule["family"]: POINT} if "family" in rule else {}
    try:
        parse_rulebook(small_json(rule, family_caps=family_caps))
    except InvalidRulebook:  # its sentence is too long
        return False
    return True


@st.composite
def rulebook_json(draw):
    """A rulebook as JSON that the parser accepts."""
    rules = draw(st.lists((plain_rules | fading_rules).filter(can_be_said), min_size=1, max_size=8))
    families = {rule["family"] for rule in rules if "family" in rule}
    fit = draw(st.integers(1, 60 * POINT))
    value = small_json(
        *rules,
        caps={"fit": fit, "intent": fit + draw(st.integers(0, 20 * POINT)), "timing": 20 * POINT},
        floors=draw(floors),
        family_caps={family: draw(st.integers(1, 30 * POINT)) for family in sorted(families)},
        disqualifiers=draw(st.sampled_from([[], [{"key": "no", "when": {"fact": "lead.need", "known": True}}]])),
        tiers=draw(tiers),
        stages=draw(stages),
    )
    try:
        parse_rulebook(value)
    except InvalidRulebook:  # its sentence is too long
        reject()
    return value


def rulebooks():
    return rulebook_json().map(parse_rulebook)


def acts_of(who):
    return st.builds(
        Act,
        kind=st.sampled_from(KIND_CODES),
        day=st.one_of(st.none(), st.integers(-1, 14).map(days_ago)),
        topic=st.sampled_from(["", "crm", "erp"]),
        quantity=st.integers(1, 4),
        value=st.one_of(st.none(), st.integers(0, 100)),
        total=st.one_of(st.none(), st.integers(100, 300)),
        who=who,
    )


leads = st.builds(
    LeadFacts,
    as_of=st.integers(-3, 3).map(days_ago),
    facts=st.fixed_dictionaries(
        {},
        optional={
            **{name: st.sampled_from(values) for name, values in TEXTS.items()},
            **{name: st.booleans() for name in [*FLAGS, "lead.need"]},
            **{name: st.integers(-15, 15).map(days_ago) for name in DATES},
            "account.employees": st.integers(0, 1000),
        },
    ),
    acts=st.lists(acts_of(st.just(0)), max_size=8),
    colleagues=st.lists(acts_of(st.integers(1, 3)), max_size=5),
)
