"""The pages of routing: turns that sum to zero, rules in sentences, dry runs, leads that wait."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from leads.models import Account, Lead
from revops.foundation.ids import encode
from revops.foundation.models import LedgerEntry, OutboxMessage
from revops.portal import journey
from revops.portal.routing.alarms import raise_alarms
from sla.models import Assignment, HandOff, RepProfile, RoutingRules, TurnEntry
from sla.territory_rules import write_rules
from tests.factories import TeamFactory, UserFactory, item
from tests.portal.desk import READY

pytestmark = pytest.mark.django_db


def arrive(company: Any, number: int = 1, **facts: Any) -> Lead:
    """A sales-ready lead, routed as the company stands now."""
    sent = item(company["source"], f"ada@firm-{number}.com", **{**READY, "company": f"Firm {number}", **facts})
    (receipt,) = journey.admit([sent], now=timezone.now())
    return Lead.objects.select_related("owner", "account").get(pk=receipt.lead_id)


def nobody_routable() -> None:
    RepProfile.objects.update(is_routable=False)


def rule(company: Any, **changes: Any) -> dict[str, Any]:
    """The form of a rule as somebody sends it."""
    team = company["reps"][0].team
    data = {"name": "DACH", "countries": "Germany, at", "otherwise": "next", "is_on": "on", "note": "Spring plan",
            "teams": [str(team.pk)], "seen": "0"}  # fmt: skip
    return data | changes


def test_the_balance_is_shown_and_sums_to_zero(sign_in: Any, company: Any) -> None:
    for number in range(3):
        arrive(company, number)
    page = sign_in("rep").get("/routing/")
    rows = page.context["rows"]
    assert sum(row.units for row, _ in rows) == 0
    assert sum(got.taken for _, got in rows if got) == 3
    assert "Together" in page.content.decode()
    lines = b"".join(sign_in().get("/routing/?format=csv").streaming_content).decode().splitlines()
    assert len(lines) == 3


def test_a_credited_turn_is_counted(sign_in: Any, company: Any) -> None:
    from feedback.dispositions import Answer

    lead = arrive(company)
    answer = Answer(lead.pk, lead.owner_id, "rejected", timezone.now(), "too_small", "9 people")  # type: ignore[arg-type]
    journey.decide([answer], now=timezone.now())
    assert TurnEntry.objects.filter(reason="credit_back").exists()
    credited = {row.user.pk: got.credited for row, got in sign_in().get("/routing/").context["rows"] if got}
    assert credited == {lead.owner_id: 1}


def test_a_rule_is_written_said_in_a_sentence_and_decides_the_next_lead(sign_in: Any, company: Any) -> None:
    client = sign_in(user=company["sales_head"])
    chosen = company["reps"][1]
    data = rule(company, teams=[], people=[str(chosen.pk)])
    assert client.post("/routing/rules/new/", data).url == "/routing/rules/"
    page = client.get("/routing/rules/").content.decode()
    assert f"Leads from Austria or Germany go to {chosen.name}." in page
    assert "Spring plan" in page
    assert {arrive(company, number).owner for number in range(3)} == {chosen}
    assert Assignment.objects.latest("id").trace["rule"] == "DACH"
    entry = LedgerEntry.objects.get(action="routing_rules.changed")
    assert (entry.after, entry.cause) == ({"version": 1}, "Spring plan")


def test_rules_ask_size_industry_language_and_source_of_a_lead_that_arrives(sign_in: Any, company: Any) -> None:
    chosen, other = company["reps"]
    when = {"employees": {"from": 300}, "industry": ["software"], "source": ["website"], "country": ["DE"]}
    stored = [{"key": "s", "name": "Software", "when": when, "people": [str(chosen.pk)]},
              {"key": "o", "name": "Others", "people": [str(other.pk)]}]  # fmt: skip
    write_rules(stored, by=None, now=timezone.now(), seen=0)
    assert arrive(company, 1).owner == chosen
    assert arrive(company, 2, employees="40").owner == other


def test_rules_are_changed_moved_switched_and_removed_each_as_a_version(sign_in: Any, company: Any) -> None:
    client = sign_in()
    client.post("/routing/rules/new/", rule(company))
    client.post("/routing/rules/new/", rule(company, name="Nordics", countries="SE", seen="1"))
    first, second = (one["key"] for one in RoutingRules.objects.first().rules)  # type: ignore[union-attr]
    client.post(f"/routing/rules/{second}/move/", {"to": "up", "seen": "2"})
    client.post(f"/routing/rules/{first}/switch/", {"seen": "3"})
    form = client.get(f"/routing/rules/{first}/").content.decode()
    assert 'value="Germany, Austria"' in form
    client.post(f"/routing/rules/{first}/", rule(company, name="DACH big", employees_from="500", seen="4"))
    newest = RoutingRules.objects.first()
    assert newest is not None
    assert [one["name"] for one in newest.rules] == ["Nordics", "DACH big"]
    client.post(f"/routing/rules/{second}/remove/", {"seen": "5"})
    assert RoutingRules.objects.count() == 6
    older = client.get("/routing/rules/?version=2").content.decode()
    assert "An older version" in older
    assert "Nordics" in older
    assert client.get("/routing/rules/?version=77").status_code == 404
    assert client.get(f"/routing/rules/{second}/").status_code == 404


def test_two_who_change_the_rules_at_once_do_not_overwrite_each_other(sign_in: Any, company: Any) -> None:
    client = sign_in()
    client.post("/routing/rules/new/", rule(company))
    answer = client.post("/routing/rules/new/", rule(company, name="Late", seen="0"))
    assert answer.status_code == 422
    assert "Somebody changed the rules in the meantime" in answer.content.decode()
    assert RoutingRules.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"countries": "Atlantis"}, "is not a country we know"),
        ({"teams": [], "people": []}, "sends leads to nobody"),
        ({"note": ""}, "This field is required"),
        ({"employees_from": "9", "employees_to": "3"}, "smallest size is above the largest"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_words(
    sign_in: Any, company: Any, wrong: dict[str, Any], words: str
) -> None:
    answer = sign_in().post("/routing/rules/new/", rule(company, **wrong))
    assert words in answer.content.decode()
    assert "There is a problem" in answer.content.decode()
    assert not RoutingRules.objects.exists()


def test_the_question_says_who_would_get_a_lead_and_the_first_test_the_others_failed(
    sign_in: Any, company: Any
) -> None:
    chosen, other = company["reps"]
    stored = [{"key": "f", "name": "France", "when": {"country": ["FR"]}, "people": [str(chosen.pk)]}]
    write_rules(stored, by=None, now=timezone.now(), seen=0)
    answer = sign_in("rep").get("/routing/rules/?tier=1&country=France").context["answer"]
    assert (answer.name, answer.reason) == (chosen.name, "Next in turn · France")
    assert dict(answer.candidates)[other.name] == "the rule sends it to others"
    Account.objects.create(name="Acme", owner=other, created_at=timezone.now(), updated_at=timezone.now())
    answer = sign_in().get("/routing/rules/?tier=1&country=FR&account=acme").context["answer"]
    assert (answer.name, answer.reason) == (other.name, "Owns the account")
    assert "No company of this name" in sign_in().get("/routing/rules/?tier=1&account=x").content.decode()
    assert not Assignment.objects.exists()


def test_a_lead_that_nobody_can_take_waits_with_its_reason_and_managers_are_told_once(
    sign_in: Any, company: Any
) -> None:
    nobody_routable()
    lead = arrive(company)
    assert lead.owner is None
    page = sign_in("rep").get("/routing/waiting/").content.decode()
    assert "2 not in routing" in page
    assert "Route all again" not in page
    assert raise_alarms(timezone.now()) == 1
    assert raise_alarms(timezone.now()) == 0
    notice = OutboxMessage.objects.get(kind="lead.unrouted")
    assert (notice.recipient, notice.payload["url"]) == (str(company["sales_head"].pk), "/routing/waiting/")


def test_leads_that_wait_are_routed_again_or_given(sign_in: Any, company: Any) -> None:
    nobody_routable()
    leads = [arrive(company, number) for number in range(3)]
    client = sign_in(user=company["sales_head"])
    assert "Still nobody" in client.post("/routing/waiting/route/", follow=True).content.decode()
    first = HandOff.objects.get(lead=leads[0])
    rep = company["reps"][0]
    assert "Tick the leads" in client.post("/routing/waiting/give/", follow=True).content.decode()
    client.post("/routing/waiting/give/", {"handoffs": [str(first.pk)], "heir": str(rep.pk)})
    first.refresh_from_db()
    assert first.owner == rep
    assert Assignment.objects.latest("id").reason == f"Given by {company['sales_head'].name}"
    RepProfile.objects.update(is_routable=True)
    second = HandOff.objects.get(lead=leads[1])
    answer = client.post("/routing/waiting/route/", {"handoffs": [str(second.pk), str(first.pk)]}, follow=True)
    assert "1 lead has somebody now" in answer.content.decode()
    assert "1 lead has somebody now" in client.post("/routing/waiting/route/", follow=True).content.decode()
    assert not HandOff.objects.unrouted().exists()
    assert OutboxMessage.objects.filter(kind="lead.assigned").count() == 3
    assert "Every lead has somebody" in client.get("/routing/waiting/").content.decode()


def test_a_dry_run_shows_the_split_and_writes_nothing(sign_in: Any, company: Any) -> None:
    nobody_routable()
    leads = [arrive(company, number) for number in range(4)]
    RepProfile.objects.update(is_routable=True)
    before = Assignment.objects.count()
    client = sign_in(user=company["sales_head"])
    page = client.get("/routing/try/")
    assert sorted(share.leads for _, share in page.context["shares"]) == [2, 2]
    assert sum(share.after for _, share in page.context["shares"]) == 0
    one = client.get("/routing/try/", {"what": "lead", "lead": f"/leads/{encode('lead', leads[0].pk)}/"})
    assert one.context["total"] == 1
    assert "No such lead" in client.get("/routing/try/?what=lead&lead=nonsense").content.decode()
    assert client.get("/routing/try/?what=open").context["total"] == 4
    assert Assignment.objects.count() == before
    assert HandOff.objects.unrouted().count() == 4


@pytest.mark.parametrize(
    ("role", "sees", "manages"),
    [("rep", 200, 403), ("marketer", 200, 403), ("executive", 200, 403), ("sales_manager", 200, 200),
     ("marketing_manager", 200, 200), ("admin", 200, 200)],
)  # fmt: skip
def test_each_role_sees_and_changes_as_far_as_it_may(sign_in: Any, role: str, sees: int, manages: int) -> None:
    client = sign_in(role)
    for page in ("/routing/", "/routing/waiting/", "/routing/rules/"):
        assert client.get(page).status_code == sees, page
    for page in ("/routing/rules/new/", "/routing/try/"):
        assert client.get(page).status_code == manages, page
    done = client.post("/routing/waiting/route/").status_code
    assert done == (302 if manages == 200 else 403)


def test_strangers_sign_in_first(client: Any, db: None) -> None:
    for page in ("/routing/", "/routing/waiting/", "/routing/rules/", "/routing/try/"):
        assert client.get(page).url.startswith("/accounts/login/")


@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_for_one_and_for_three(
    sign_in: Any, company: Any, count: int, django_assert_num_queries: Any
) -> None:
    nobody_routable()
    for number in range(count):
        arrive(company, number)
    stored = [{"key": str(n), "name": f"R{n}", "teams": [str(TeamFactory.create().pk)]} for n in range(count)]
    write_rules(stored, by=UserFactory.create(), now=timezone.now(), seen=0)
    client = sign_in()
    client.get("/routing/try/")
    with django_assert_num_queries(5):  # session, person, rows, count, heirs
        client.get("/routing/waiting/")
    with django_assert_num_queries(6):  # session, person, versions, teams, sources, sources of the question
        client.get("/routing/rules/")
    with django_assert_num_queries(9):  # session, person, leads, facts, owners, roster (2), leads, names, people
        client.get("/routing/try/")
