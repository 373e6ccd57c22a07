"""People, teams and roles: invited, changed, put into routing, away, and let go without losing a lead."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Lead
from revops.foundation.ids import encode
from revops.foundation.models import LedgerEntry, Team, User
from revops.foundation.policy import PERMISSIONS
from revops.portal import journey
from sla.models import Absence, Assignment, Clock, HandOff, RepProfile
from tests.factories import TeamFactory, UserFactory, item
from tests.portal.test_journey import READY

pytestmark = pytest.mark.django_db


def page_of(person: User) -> str:
    return f"/people/{encode('user', person.pk)}/"


def details(**changes: str) -> dict[str, str]:
    return {"name": "Ada Rep", "email": "ada@portal.invalid", "role": "rep", "team": "", "timezone": "Europe/Berlin",
            **changes}  # fmt: skip


def test_an_admin_invites_somebody_who_chooses_a_password_by_link(sign_in: Any, client: Any) -> None:
    answer = sign_in().post("/people/new/", details())
    assert "no-store" in answer["Cache-Control"]
    link = re.search(
        r"http://testserver(/accounts/password/reset/key/[^<\"]+/)", html.unescape(answer.content.decode())
    )
    assert link is not None
    form = client.get(link.group(1), follow=True)
    secret = "correct-horse-battery-staple"
    client.post(form.redirect_chain[-1][0], {"password1": secret, "password2": secret})
    assert User.objects.get(email="ada@portal.invalid").check_password(secret)
    entry = LedgerEntry.objects.get(action="person.invited")
    assert "ada@" not in str(entry.after)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "TAKEN@portal.invalid"}, "Somebody else has this e-mail address"),
        ({"timezone": "Mars/Olympus"}, "is not a time zone"),
        ({"role": "emperor"}, "There is a problem"),
        ({"name": ""}, "There is a problem"),
    ],
)
def test_an_invitation_that_cannot_work_is_refused_in_words(sign_in: Any, changes: dict[str, str], words: str) -> None:
    UserFactory.create(email="taken@portal.invalid")
    answer = sign_in().post("/people/new/", details(**changes))
    assert answer.status_code == 422
    assert words in html.unescape(answer.content.decode())


def test_a_team_of_the_other_side_does_not_fit_a_role(sign_in: Any) -> None:
    marketing = TeamFactory.create(side="marketing")
    answer = sign_in().post("/people/new/", details(team=str(marketing.pk)))
    assert "This team is on the other side" in answer.content.decode()


def test_a_change_of_role_is_written_down_without_personal_data(sign_in: Any) -> None:
    person = UserFactory.create(name="Old Name", role="rep")
    client = sign_in()
    client.post(page_of(person), details(email=person.email, role="marketer", name="New Name", timezone="UTC"))
    person.refresh_from_db()
    assert (person.role, person.name) == ("marketer", "New Name")
    entry = LedgerEntry.objects.get(action="person.changed")
    assert (entry.before, entry.after) == ({"role": "rep"}, {"role": "marketer", "changed": ["name"]})


def test_the_last_admin_stays_one(sign_in: Any) -> None:
    client = sign_in()
    answer = client.post(page_of(client.person), details(email=client.person.email, role="rep"))
    assert "is the last RevOps admin" in answer.content.decode()
    answer = client.post(f"{page_of(client.person)}deactivate/")
    assert "You cannot deactivate yourself" in answer.content.decode()
    assert User.objects.get(pk=client.person.pk).role == "admin"


@pytest.fixture
def busy(company: Any) -> tuple[User, User, Lead]:
    """A rep with one open lead, and a colleague."""
    (receipt,) = journey.admit([item(company["source"], **READY)], now=timezone.now())
    lead = Lead.objects.get(pk=receipt.lead_id)
    (other,) = [rep for rep in company["reps"] if rep != lead.owner]
    assert lead.owner is not None
    return lead.owner, other, lead


def test_nobody_leaves_with_open_leads(sign_in: Any, busy: Any) -> None:
    leaver, _heir, _lead = busy
    answer = sign_in().post(f"{page_of(leaver)}deactivate/", {"heir": ""})
    assert answer.status_code == 422
    assert "has 1 open lead. Say who takes it over." in answer.content.decode()
    leaver.refresh_from_db()
    assert leaver.is_active


def test_whoever_leaves_hands_leads_and_promises_over(sign_in: Any, busy: Any) -> None:
    leaver, heir, lead = busy
    answer = sign_in().post(f"{page_of(leaver)}deactivate/", {"heir": str(heir.pk)}, follow=True)
    assert "1 lead changed hands" in answer.content.decode()
    lead.refresh_from_db()
    leaver.refresh_from_db()
    assert (lead.owner, leaver.is_active) == (heir, False)
    assert HandOff.objects.get().owner == heir
    assert set(Clock.objects.open().filter(side="sales").values_list("user", flat=True)) == {heir.pk}
    assert Assignment.objects.latest("id").reason == f"{leaver} was deactivated"
    assert not RepProfile.objects.get(user=leaver).is_routable
    assert LedgerEntry.objects.get(action="person.deactivated").after["leads"] == 1


def test_accepted_leads_are_handed_over_too(sign_in: Any, busy: Any) -> None:
    leaver, heir, lead = busy
    from feedback.dispositions import Answer

    journey.decide([Answer(lead.pk, leaver.pk, "accepted", timezone.now())], now=timezone.now())
    sign_in().post(f"{page_of(leaver)}deactivate/", {"heir": str(heir.pk)})
    lead.refresh_from_db()
    assert (lead.stage, lead.owner) == ("accepted", heir)
    assert not Clock.objects.open().filter(user=leaver).exists()


def test_leads_go_only_to_somebody_who_can_take_them(sign_in: Any, busy: Any) -> None:
    leaver, _heir, lead = busy
    marketer = UserFactory.create(role="marketer")
    assert sign_in().post(f"{page_of(leaver)}deactivate/", {"heir": str(marketer.pk)}).status_code == 422
    lead.refresh_from_db()
    assert lead.owner == leaver


def test_the_deactivated_are_signed_out_and_can_be_let_in_again(sign_in: Any) -> None:
    theirs = sign_in("marketer")
    admin = sign_in()
    admin.post(f"{page_of(theirs.person)}deactivate/")
    assert theirs.get("/sources/").url.startswith("/accounts/login/")
    admin.post(f"{page_of(theirs.person)}reactivate/")
    assert User.objects.get(pk=theirs.person.pk).is_active


def test_a_manager_puts_somebody_into_routing(sign_in: Any, company: Any) -> None:
    rep = UserFactory.create(timezone="Europe/Berlin")
    data = {"is_routable": "on", "weight": "2", "capacity": "30", "calendar": "", "countries": "Germany, at",
            "tiers": ["1", "2"]}  # fmt: skip
    sign_in(user=company["sales_head"]).post(f"{page_of(rep)}routing/", data)
    profile = RepProfile.objects.get(user=rep)
    assert (profile.weight, profile.capacity, profile.countries, profile.tiers) == (2, 30, ["AT", "DE"], [1, 2])
    assert profile.calendar.name == "Berlin office hours"
    assert LedgerEntry.objects.get(action="routing.changed").after["weight"] == 2


@pytest.mark.parametrize("wrong", [{"weight": "0"}, {"countries": "Atlantis"}, {"capacity": "-1"}])
def test_a_place_in_routing_that_makes_no_sense_is_refused(sign_in: Any, company: Any, wrong: dict[str, str]) -> None:
    data = {"is_routable": "on", "weight": "1", "countries": "", "capacity": "", **wrong}
    answer = sign_in().post(f"{page_of(company['reps'][0])}routing/", data)
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()


def test_an_absence_covers_whole_days_of_the_persons_own_zone(sign_in: Any, company: Any) -> None:
    rep = company["reps"][0]
    User.objects.filter(pk=rep.pk).update(timezone="Europe/Berlin")
    client = sign_in(user=company["sales_head"])
    first = timezone.now().date() + timedelta(days=10)
    data = {"first": str(first), "last": str(first + timedelta(days=1)), "kind": "leave"}
    client.post(f"{page_of(rep)}absences/", data)
    absence = Absence.objects.get()
    assert (absence.ends_at - absence.starts_at) >= timedelta(hours=47)
    assert absence.starts_at.hour in (22, 23)
    again = client.post(f"{page_of(rep)}absences/", data)
    assert "is away on some of these days already" in again.content.decode()
    client.post(f"{page_of(rep)}absences/{absence.pk}/remove/")
    assert not Absence.objects.exists()
    entries = LedgerEntry.objects.filter(action__startswith="absence")
    assert {entry.action for entry in entries} == {"absence.added", "absence.removed"}
    assert "leave" not in str([entry.after for entry in entries])


def test_an_absence_that_ends_before_it_begins_is_refused(sign_in: Any, company: Any) -> None:
    data = {"first": "2026-05-02", "last": "2026-05-01", "kind": "sick"}
    answer = sign_in().post(f"{page_of(company['reps'][0])}absences/", data)
    assert "The last day comes after the first" in answer.content.decode()


def test_a_team_is_made_and_changed(sign_in: Any) -> None:
    client = sign_in()
    data = {"name": "Sales Nordic", "side": "sales", "manager": "", "timezone": "Europe/Oslo"}
    assert client.post("/people/teams/new/", data).url == "/people/teams/"
    team = Team.objects.get()
    manager = UserFactory.create(role="sales_manager")
    client.post(f"/people/teams/{encode('team', team.pk)}/", {**data, "manager": str(manager.pk)})
    team.refresh_from_db()
    assert team.manager == manager
    assert client.post("/people/teams/new/", data).status_code == 422
    assert set(LedgerEntry.objects.values_list("action", flat=True)) == {"team.created", "team.changed"}


def test_the_role_page_says_what_the_policy_table_says(sign_in: Any) -> None:
    answer = sign_in("executive").get("/people/roles/")
    assert len(answer.context["rows"]) == len(PERMISSIONS)
    assert "Accept and reject leads" in answer.content.decode()


@pytest.mark.parametrize(
    ("role", "sees", "invites", "plans"),
    [
        ("rep", 403, 403, 403), ("marketer", 403, 403, 403), ("executive", 200, 403, 403),
        ("sales_manager", 200, 403, 422), ("admin", 200, 200, 422),
    ],
)  # fmt: skip
def test_each_role_sees_invites_and_plans_as_far_as_it_may(
    sign_in: Any, role: str, sees: int, invites: int, plans: int
) -> None:
    client, other = sign_in(role), UserFactory.create()
    assert client.get("/people/").status_code == sees
    assert client.get(page_of(other)).status_code == sees
    assert client.get("/people/new/").status_code == invites
    assert client.post(f"{page_of(other)}routing/").status_code == plans


def test_somebody_who_does_not_exist_is_not_there(sign_in: Any) -> None:
    client = sign_in()
    assert client.get("/people/user_nonsense/").status_code == 404
    assert client.get("/people/teams/team_nonsense/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_for_one_and_for_three(sign_in: Any, count: int, django_assert_num_queries: Any) -> None:
    client = sign_in()
    for _ in range(count):
        UserFactory.create(team=TeamFactory.create())
    with django_assert_num_queries(5):  # session, person, rows, count, teams
        assert client.get("/people/").content.decode().count('<th scope="row"') == count + 1
    with django_assert_num_queries(4):  # session, person, rows, count
        client.get("/people/teams/")


def test_the_list_is_filtered_and_downloaded(sign_in: Any) -> None:
    UserFactory.create(name="Zoe Zebra", is_active=False)
    client = sign_in()
    assert client.get("/people/", {"q": "zebra"}).context["page"].total == 1
    assert client.get("/people/", {"state": "inactive"}).context["page"].total == 1
    assert client.get("/people/", {"role": "admin", "state": "active"}).context["page"].total == 1
    lines = b"".join(client.get("/people/", {"format": "csv"}).streaming_content).decode().splitlines()
    assert len(lines) == 3


def test_the_number_of_open_leads_opens_exactly_those(company: Any, sign_in: Any) -> None:
    (receipt,) = journey.admit([item(company["source"], **READY)], now=timezone.now())
    owner = Lead.objects.get(pk=receipt.lead_id).owner
    assert owner is not None
    (closed,) = journey.admit([item(company["source"], **{**READY, "email": "cy@closed.example"})], now=timezone.now())
    Lead.objects.filter(pk=closed.lead_id).update(owner=owner, stage="rejected")
    client = sign_in()
    for page in ("/people/", page_of(owner)):
        link = re.search(r'href="(/leads/\?owner=[^"]+)">1</a>', client.get(page).content.decode())
        assert link, page
        leads = client.get(html.unescape(link[1])).content.decode()
        assert encode("lead", receipt.lead_id) in leads
        assert encode("lead", closed.lead_id) not in leads
