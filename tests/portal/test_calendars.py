"""Calendars and absences on their pages, .ics files, and handing leads over."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from feedback.dispositions import Answer
from leads.models import Lead
from revops.foundation.ids import encode
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from sla.handoffs import route_waiting
from sla.models import Absence, Assignment, Calendar, CalendarVersion, Clock, HandOff, RepProfile
from sla.pool import take_next
from sla.starter import write_office_hours
from tests.factories import TeamFactory, UserFactory, item
from tests.portal.desk import READY

pytestmark = pytest.mark.django_db
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


def form(**changes: Any) -> dict[str, str]:
    return {"name": "Night shift", "zone": "Europe/Berlin", "country": "", "region": "", "own_days": "",
            **dict.fromkeys(WEEKDAYS, "09:00-17:00"), **changes}  # fmt: skip


def page_of(calendar: Calendar) -> str:
    return f"/calendars/{calendar.public_id}/"


def sealed_in(answer: Any) -> str:
    """The events that a preview carries to its saving."""
    (sealed,) = re.findall(r'name="sealed" value="([^"]+)"', answer.content.decode())
    return str(sealed)


def ics(*events: str) -> SimpleUploadedFile:
    body = "\r\n".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT" for event in events)
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{body}\r\nEND:VCALENDAR\r\n"
    return SimpleUploadedFile("away.ics", text.encode(), "text/calendar")


def arrive(company: Any, number: int = 1) -> Lead:
    sent = item(company["source"], f"ada@firm-{number}.com", **{**READY, "company": f"Firm {number}"})
    (receipt,) = journey.admit([sent], now=timezone.now())
    return Lead.objects.select_related("owner").get(pk=receipt.lead_id)


# --- calendars -------------------------------------------------------------------------------------------------------
def test_a_calendar_with_two_windows_a_night_shift_holidays_and_a_half_day_is_made(sign_in: Any) -> None:
    client = sign_in()
    eve = timezone.localdate().replace(month=12, day=24)
    data = form(mon="08:00-12:00, 13:00-17:00", fri="22:00-06:00", country="DE", region="by",
                own_days=f"{eve} Christmas Eve 09:00-13:00\n{eve.replace(day=28)} Inventory")  # fmt: skip
    assert client.post("/calendars/new/", data).status_code == 302
    version = CalendarVersion.objects.get()
    assert version.spec["week"]["mon"] == [["08:00", "12:00"], ["13:00", "17:00"]]
    assert version.spec["week"]["fri"] == [["22:00", "06:00"]]
    assert version.spec["own"][str(eve)] == {"name": "Christmas Eve", "windows": [["09:00", "13:00"]]}
    assert (version.country, version.region) == ("DE", "BY")
    page = client.get(page_of(version.calendar)).content.decode()
    assert "08:00–12:00, 13:00–17:00" in page
    assert "22:00–06:00" in page
    assert f"{eve} Christmas Eve 09:00-13:00" in page
    assert LedgerEntry.objects.get(action="calendar.made")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"mon": "nine to five"}, "is no window"),
        ({"mon": "25:00-26:00"}, "is not a time of day"),
        ({"zone": "Mars/Base"}, "is not a time zone"),
        (dict.fromkeys(WEEKDAYS, ""), "never opens"),
        ({"country": "DE", "region": "XX"}, "has no region"),
        ({"own_days": "Christmas"}, "Line 1: begin with a date"),
        ({"own_days": "2026-02-30 Nothing"}, "Line 1: begin with a date"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused_in_words(sign_in: Any, wrong: dict[str, str], words: str) -> None:
    answer = sign_in().post("/calendars/new/", form(**wrong))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Calendar.objects.exists()


def test_a_change_is_a_new_version_and_the_name_stays(sign_in: Any) -> None:
    client = sign_in()
    calendar = write_office_hours(timezone.now(), zone="UTC")
    shown = client.get(page_of(calendar)).context["form"]
    assert shown["mon"].value() == "09:00-17:00"
    answer = client.post(page_of(calendar), form(name=calendar.name, zone="UTC", mon="10:00-12:00"), follow=True)
    assert "Version 2 counts from now on" in answer.content.decode()
    assert "The name stays" in client.post(page_of(calendar), form(name="Other")).content.decode()
    assert CalendarVersion.objects.filter(calendar=calendar).count() == 2


def test_a_team_gets_its_hours_and_days_come_from_a_file(sign_in: Any, company: Any) -> None:
    client = sign_in()
    team = company["reps"][0].team
    calendar = write_office_hours(timezone.now(), zone="Europe/Oslo")
    answer = client.post(f"{page_of(calendar)}team/", {"team": str(team.pk)}, follow=True)
    assert "2 people changed" in answer.content.decode()
    assert set(RepProfile.objects.values_list("calendar", flat=True)) == {calendar.pk}
    day = timezone.localdate() + timedelta(days=40)
    file = ics(f"UID:a\r\nSUMMARY:Summer party\r\nDTSTART;VALUE=DATE:{day:%Y%m%d}")
    shown = client.post(f"{page_of(calendar)}days/", {"file": file})
    assert "Summer party" in shown.content.decode()
    assert not CalendarVersion.objects.filter(calendar=calendar, version=2).exists()
    kept = {"sealed": sealed_in(shown), "take": "0"}
    saved = client.post(f"{page_of(calendar)}days/save/", kept, follow=True)
    assert "1 day off is added" in saved.content.decode()
    newest = CalendarVersion.objects.filter(calendar=calendar).latest("version")
    assert newest.spec["own"] == {str(day): {"name": "Summer party", "windows": []}}
    file.seek(0)
    again = client.post(f"{page_of(calendar)}days/", {"file": file}).content.decode()
    assert "a day off already" in again
    assert "There is nothing to take over" in again
    for sealed in ("", "nonsense", sealed_in(shown)[:-3]):
        client.post(f"{page_of(calendar)}days/save/", {"sealed": sealed, "take": "0"})
    assert CalendarVersion.objects.filter(calendar=calendar).count() == 2
    other = write_office_hours(timezone.now(), zone="Europe/Paris")
    assert "too old" in client.post(f"{page_of(other)}days/save/", kept, follow=True).content.decode()
    for content, words in ((b"hello", "not an .ics file"), (ics().read(), "holds no whole days")):
        answer = client.post(f"{page_of(calendar)}days/", {"file": SimpleUploadedFile("x.ics", content)})
        assert answer.status_code == 422
        assert words in answer.content.decode()


@pytest.mark.parametrize(("role", "makes"), [("rep", 403), ("executive", 403), ("sales_manager", 200), ("admin", 200)])
def test_everybody_reads_calendars_and_managers_make_them(sign_in: Any, role: str, makes: int) -> None:
    client, calendar = sign_in(role), write_office_hours(timezone.now(), zone="UTC")
    assert client.get("/calendars/").status_code == 200
    assert client.get(page_of(calendar)).status_code == 200
    assert client.get("/calendars/new/").status_code == makes
    client.post(page_of(calendar), form(name=calendar.name, mon="10:00-11:00"))
    assert CalendarVersion.objects.count() == (2 if makes == 200 else 1)
    assert client.get("/calendars/calendar_nonsense/").status_code == 404


# --- absences --------------------------------------------------------------------------------------------------------
def days_ahead(first: int, last: int) -> dict[str, str]:
    today = timezone.localdate()
    return {"first": str(today + timedelta(days=first)), "last": str(today + timedelta(days=last)), "kind": "leave",
            "from_time": "", "until_time": ""}  # fmt: skip


def test_a_rep_plans_moves_and_cancels_their_own_absence_and_nobody_elses(sign_in: Any, company: Any) -> None:
    rep, other = company["reps"]
    client = sign_in(user=rep)
    page = client.post("/absences/", days_ahead(10, 12), follow=True).content.decode()
    assert f"{rep.name} is away from" in page
    absence = Absence.objects.get(user=rep)
    again = client.post("/absences/", days_ahead(11, 11))
    assert again.status_code == 422
    assert "away on some of these days already" in again.content.decode()
    client.post(f"/absences/{absence.public_id}/", {**days_ahead(10, 10), "from_time": "13:00", "until_time": "17:30"})
    absence.refresh_from_db()
    assert absence.ends_at - absence.starts_at == timedelta(hours=4, minutes=30)
    assert "13:00" in client.get(f"/absences/{absence.public_id}/").content.decode()
    stranger = sign_in(user=other)
    assert stranger.get(f"/absences/{absence.public_id}/").status_code == 404
    assert stranger.post(f"/absences/{absence.public_id}/cancel/").status_code == 404
    assert rep.name not in stranger.get("/absences/").content.decode()
    client.post(f"/absences/{absence.public_id}/cancel/")
    assert not Absence.objects.exists()
    entries = LedgerEntry.objects.filter(action__startswith="absence")
    assert {entry.action for entry in entries} == {"absence.added", "absence.moved", "absence.removed"}


def test_a_manager_plans_for_others_and_is_told_of_their_open_leads(sign_in: Any, company: Any) -> None:
    lead = arrive(company)
    owner = lead.owner
    assert owner is not None
    client = sign_in(user=company["sales_head"])
    data = days_ahead(0, 3) | {"person": str(owner.pk)}
    page = client.post("/absences/", data, follow=True).content.decode()
    assert "has 1 open lead. Somebody should have it meanwhile." in page
    assert f"/people/{encode('user', owner.pk)}/hand-over/" in page
    assert arrive(company, 2).owner != owner
    trace = Assignment.objects.latest("id")
    assert "a" in trace.trace["tests"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"last": "2020-01-01"}, "The last day comes after the first"),
        ({"from_time": "10:00"}, "Give both times"),
        ({"first": ""}, "This field is required"),
    ],
)
def test_an_absence_that_makes_no_sense_is_refused_in_words(sign_in: Any, changes: dict[str, str], words: str) -> None:
    answer = sign_in("rep").post("/absences/", days_ahead(1, 2) | changes)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_absences_come_from_a_calendar_file_and_twice_is_once(sign_in: Any) -> None:
    client = sign_in("rep", timezone="Europe/Berlin")
    day = timezone.localdate() + timedelta(days=30)
    events = (f"UID:a\r\nSUMMARY:Leave\r\nDTSTART;VALUE=DATE:{day:%Y%m%d}\r\nRRULE:FREQ=WEEKLY;COUNT=3",
              "UID:b\r\nSUMMARY:Broken")  # fmt: skip
    preview = client.post("/absences/import/", {"file": ics(*events)})
    shown = preview.content.decode()
    assert shown.count('name="take"') == 3
    assert "“Broken” has no dates that can be read." in shown
    assert not Absence.objects.exists()
    kept = {"person": encode("user", client.person.pk), "sealed": sealed_in(preview)}
    first = client.post("/absences/import/save/", kept | {"take": ["0", "1"]}, follow=True).content.decode()
    assert "2 absences are planned, 0 moved." in first
    assert Absence.objects.filter(user=client.person).count() == 2
    again = client.post("/absences/import/save/", kept | {"take": ["0", "1", "2"]}, follow=True).content.decode()
    assert "1 absence is planned, 0 moved." in again
    known = client.post("/absences/import/", {"file": ics(*events)}).content.decode()
    assert known.count("known already") >= 3
    assert "There is nothing to take over" in known
    assert Absence.objects.filter(user=client.person).count() == 3
    moved = client.post("/absences/import/", {"file": ics(events[0].replace("RRULE", "DURATION:P2D\r\nRRULE"))})
    assert f"before: {day:%-d %b %Y}" in moved.content.decode()
    bad = client.post("/absences/import/", {"file": SimpleUploadedFile("x.ics", b"\x00\x01")})
    assert bad.status_code == 422
    assert "not an .ics file" in bad.content.decode()
    assert client.post("/absences/import/").status_code == 422


def test_a_preview_is_saved_by_whoever_may_plan_for_that_person_while_it_is_fresh(sign_in: Any) -> None:
    rep, other, manager = (sign_in(role) for role in ("rep", "rep", "sales_manager"))
    day = timezone.localdate() + timedelta(days=30)
    event = f"UID:a\r\nSUMMARY:Leave\r\nDTSTART;VALUE=DATE:{day:%Y%m%d}"
    sent = {"file": ics(event), "person": str(rep.person.pk)}
    sealed = sealed_in(manager.post("/absences/import/", sent))
    kept = {"person": encode("user", rep.person.pk), "sealed": sealed, "take": "0"}
    assert other.post("/absences/import/save/", kept).status_code == 404
    mine = kept | {"person": encode("user", other.person.pk)}
    assert "too old" in other.post("/absences/import/save/", mine, follow=True).content.decode()
    torn = kept | {"sealed": kept["sealed"][:-4]}
    assert "too old" in manager.post("/absences/import/save/", torn, follow=True).content.decode()
    assert not Absence.objects.exists()
    assert "1 absence is planned" in manager.post("/absences/import/save/", kept, follow=True).content.decode()
    assert Absence.objects.get().user == rep.person


def test_strangers_sign_in_first(client: Any, db: None) -> None:
    for page in ("/calendars/", "/absences/"):
        assert client.get(page).url.startswith("/accounts/login/")


@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_for_one_and_for_three(sign_in: Any, count: int, django_assert_num_queries: Any) -> None:
    now, team = timezone.now(), TeamFactory.create()
    for number in range(count):
        write_office_hours(now, zone="UTC", country="", region=str(number))
        person = UserFactory.create(team=team)
        Absence.objects.create(user=person, starts_at=now, ends_at=now + timedelta(days=2), created_at=now)
    client = sign_in()
    with django_assert_num_queries(5):  # session, person, calendars, versions, agreement
        client.get("/calendars/")
    with django_assert_num_queries(7):  # session, person, rows, count, people twice, teams
        client.get("/absences/")


# --- handing over ----------------------------------------------------------------------------------------------------
def test_leads_are_previewed_and_routed_anew(sign_in: Any, company: Any) -> None:
    lead, now = arrive(company), timezone.now()
    leaver = lead.owner
    assert leaver is not None
    (other,) = [rep for rep in company["reps"] if rep != leaver]
    client = sign_in(user=company["sales_head"])
    page = f"/people/{encode('user', leaver.pk)}/hand-over/"
    shown = client.get(page, {"how": "route"}).context["shown"]
    assert [(row.lead, row.name) for row in shown] == [(lead, other.name)]
    assert Lead.objects.get().owner == leaver
    client.post(page, {"how": "route", "heir": ""})
    handoff = HandOff.objects.get()
    assert (handoff.owner, Lead.objects.get().owner) == (other, other)
    assert set(Clock.objects.open().filter(side="sales").values_list("user", flat=True)) == {other.pk}
    assert RepProfile.objects.get(user=leaver).is_routable
    journey.decide([Answer(lead.pk, other.pk, "accepted", now)], now=now)
    client.post(f"/people/{encode('user', other.pk)}/hand-over/", {"how": "route"})
    assert Lead.objects.get().owner == leaver
    assert LedgerEntry.objects.filter(action="person.leads_handed_over").count() == 2


def test_the_pool_keeps_leads_for_whoever_takes_them_first(sign_in: Any, company: Any) -> None:
    lead = arrive(company)
    leaver = lead.owner
    assert leaver is not None
    (other,) = [rep for rep in company["reps"] if rep != leaver]
    page = f"/people/{encode('user', leaver.pk)}/hand-over/"
    client = sign_in()
    assert "in the pool until somebody takes it" in client.get(page, {"how": "pool"}).content.decode()
    client.post(page, {"how": "pool"})
    handoff = HandOff.objects.get()
    assert (handoff.owner, Lead.objects.get().owner) == (None, None)
    assert route_waiting(now=timezone.now()) == []  # routing leaves it to the pool
    taken = take_next(other.pk, now=timezone.now())
    assert taken is not None
    handoff.refresh_from_db()
    assert (handoff.pk, handoff.owner) == (taken.handoff_id, other)


def test_nobody_leaves_while_an_accepted_lead_has_nobody(sign_in: Any, company: Any) -> None:
    lead, now = arrive(company), timezone.now()
    leaver = lead.owner
    assert leaver is not None
    journey.decide([Answer(lead.pk, leaver.pk, "accepted", now)], now=now)
    RepProfile.objects.exclude(user=leaver).update(is_routable=False)
    answer = sign_in().post(f"/people/{encode('user', leaver.pk)}/deactivate/", {"how": "route"})
    assert answer.status_code == 422
    assert "Nobody can take 1 lead that was accepted already" in answer.content.decode()
    leaver.refresh_from_db()
    assert (leaver.is_active, Lead.objects.get().owner) == (True, leaver)


def test_whoever_is_deactivated_has_their_leads_routed_anew(sign_in: Any, company: Any) -> None:
    leads = [arrive(company, number) for number in range(4)]
    leaver = leads[0].owner
    assert leaver is not None
    sign_in().post(f"/people/{encode('user', leaver.pk)}/deactivate/", {"how": "route"})
    leaver.refresh_from_db()
    assert not leaver.is_active
    assert leaver.pk not in set(Lead.objects.values_list("owner", flat=True))
    assert LedgerEntry.objects.get(action="person.deactivated").after["how"] == "route"


def test_reps_do_not_hand_over(sign_in: Any, company: Any) -> None:
    rep = company["reps"][0]
    assert sign_in(user=rep).get(f"/people/{encode('user', rep.pk)}/hand-over/").status_code == 403
    assert sign_in().get("/people/user_nonsense/hand-over/").status_code == 404


def test_the_instant_of_an_absence_is_in_the_persons_own_zone(sign_in: Any) -> None:
    client = sign_in("rep", timezone="Asia/Tokyo")
    client.post("/absences/", days_ahead(10, 10))
    absence = Absence.objects.get()
    assert absence.starts_at.hour == 15
    assert isinstance(absence.starts_at, datetime)
