"""Telling people: by their settings, quietly at night, never too much at once, and with digests that can be stopped."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from revops.foundation import outbox, telling
from revops.foundation.delivery import chat
from revops.foundation.ids import new_id
from revops.foundation.models import (
    Cadence,
    Channel,
    DigestLine,
    Notice,
    NoticePreference,
    NoticeSetting,
    OutboxMessage,
    Role,
    Team,
)
from revops.foundation.notice_kinds import BY_CODE, KINDS, cadence_of, default_cadence, kinds_for
from revops.foundation.notice_times import Person, digest_at, next_daily

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def always_at_work(monkeypatch):
    monkeypatch.setattr(telling, "_works_at", dict.fromkeys)


def told(user, now, kind="sla.escalated", text="Acme waits.", subject=None):
    return OutboxMessage(
        kind=kind, subject_kind="lead", subject_id=subject or new_id(), channel=Channel.IN_APP,
        recipient=str(user.pk), payload={"text": text, "url": "/leads/x/"}, created_at=now,
    )  # fmt: skip


def tell(now, *messages):
    outbox.enqueue(messages)
    outbox.deliver_due(now)


def digest(now):
    with transaction.atomic():
        return telling.send_digests(now=now)


# --- rules -----------------------------------------------------------------------------------------------------------
def test_every_kind_says_what_it_is_and_is_of_use_to_somebody():
    for kind in KINDS:
        assert kind.label
        assert kind.sentence
        assert kind.sample
        assert kind.roles
        assert default_cadence(kind.code, "in_app", Role.REP) == Cadence.INSTANT
    assert {kind.code for kind in kinds_for(Role.REP)} < set(BY_CODE)


def test_a_kind_nobody_knows_is_told_in_the_portal_only():
    assert default_cadence("x.happened", "in_app", Role.REP) == Cadence.INSTANT
    assert default_cadence("x.happened", "email", Role.REP) == Cadence.OFF


def test_what_is_locked_cannot_be_turned_off_in_the_portal():
    off = {("sla.escalated", "in_app"): "off", ("sla.escalated", "email"): "off"}
    assert cadence_of("sla.escalated", "in_app", Role.SALES_MANAGER, off) == Cadence.INSTANT
    assert cadence_of("sla.escalated", "email", Role.SALES_MANAGER, off) == Cadence.OFF


AT = datetime(2026, 3, 4, 10, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cadence", "channel", "person", "n", "at"),
    [
        ("instant", "email", Person(works_at=AT), 0, None),
        ("instant", "email", Person(works_at=AT), 10, AT + 40 * MINUTE),
        ("instant", "email", Person(works_at=AT + 5 * HOUR), 0, AT + 5 * HOUR),
        ("instant", "email", Person(works_at=AT + 5 * HOUR, keeps_quiet=False), 0, None),
        ("instant", "email", Person(), 0, None),
        ("instant", "in_app", Person(works_at=AT + 5 * HOUR), 99, None),
        ("hourly", "in_app", Person(works_at=AT + 5 * HOUR), 0, AT + 40 * MINUTE),
        ("hourly", "chat", Person(works_at=AT), 0, AT + 40 * MINUTE),
        ("hourly", "chat", Person(works_at=AT + 5 * HOUR), 0, AT + 5 * HOUR),
        ("daily", "email", Person(works_at=AT, zone="America/New_York"), 0, datetime(2026, 3, 4, 13, tzinfo=UTC)),
        ("daily", "email", Person(works_at=AT), 0, datetime(2026, 3, 5, 8, tzinfo=UTC)),
    ],
)
def test_when_somebody_is_told(cadence, channel, person, n, at):
    assert digest_at(cadence, channel, person, n, AT) == at


@pytest.mark.parametrize(
    ("now", "zone", "hour", "at"),
    [
        ("2026-03-28T23:30+00:00", "Europe/Berlin", 2, "2026-03-29T01:00+00:00"),  # 02:00 does not exist that day
        ("2026-10-24T23:30+00:00", "Europe/Berlin", 2, "2026-10-25T00:00+00:00"),  # 02:00 comes twice: the first
        ("2026-03-04T08:00+00:00", "UTC", 8, "2026-03-05T08:00+00:00"),
        ("2026-03-04T20:00+00:00", "Pacific/Auckland", 8, "2026-03-05T19:00+00:00"),
    ],
)
def test_the_daily_digest_leaves_in_the_persons_own_zone_across_clock_changes(now, zone, hour, at):
    found = next_daily(datetime.fromisoformat(now), zone, hour)
    assert found == datetime.fromisoformat(at)
    assert found.astimezone(ZoneInfo(zone)).hour in (hour, hour + 1)


# --- telling ---------------------------------------------------------------------------------------------------------
def test_a_manager_is_told_in_the_portal_and_by_mail_at_once(make_user, now, mailoutbox):
    boss = make_user(role="sales_manager")
    tell(now, told(boss, now))
    assert [notice.text for notice in Notice.objects.all()] == ["Acme waits."]
    (mail,) = mailoutbox
    assert (mail.subject, mail.to) == ("Acme waits.", [boss.email])
    assert "/leads/x/" in mail.body
    assert mail.alternatives[0][1] == "text/html"
    assert "List-Unsubscribe" not in mail.extra_headers


def test_settings_move_off_and_delay_what_is_told(make_user, now, mailoutbox):
    rep = make_user()
    for channel, cadence in (("in_app", "off"), ("email", "hourly")):
        NoticeSetting.objects.create(user=rep, kind="sla.reminder", channel=channel, cadence=cadence)
    tell(now, told(rep, now, "sla.reminder"))
    assert not Notice.objects.exists()
    assert mailoutbox == []
    line = DigestLine.objects.get()
    assert (line.channel, line.due_at) == ("email", now + HOUR)


def test_a_persons_chat_wins_over_the_teams(make_user, now, monkeypatch):
    monkeypatch.setattr(chat, "_post", lambda *_arguments: None)
    team = Team.objects.create(name="North", side="sales")
    ana, ben = make_user(team=team), make_user(team=team)
    shared = chat.save_endpoint("https://hooks.example.com/team", now=now, team=team)
    own = chat.save_endpoint("https://hooks.example.com/ana", now=now, user=ana)
    tell(now, *(told(who, now, "lead.assigned") for who in (ana, ben)))
    assert set(OutboxMessage.objects.filter(channel="chat").values_list("recipient", flat=True)) == {
        str(own.pk), str(shared.pk),
    }  # fmt: skip


def test_more_than_so_many_an_hour_go_into_the_digest(make_user, now, mailoutbox):
    boss = make_user(role="sales_manager")
    NoticePreference.objects.create(user=boss, most_an_hour=3)
    tell(now, *(told(boss, now) for _ in range(5)))
    assert len(mailoutbox) == 3
    assert DigestLine.objects.filter(channel="email", due_at=now + HOUR).count() == 2
    later = now + 59 * MINUTE
    tell(later, told(boss, later))
    assert len(mailoutbox) == 3
    later = now + 61 * MINUTE
    tell(later, told(boss, later))
    assert len(mailoutbox) == 4
    assert Notice.objects.count() == 7  # the portal rings nobody, so nothing is held back there


def test_at_night_mail_waits_for_working_hours_and_comes_as_one(make_user, now, mailoutbox, monkeypatch):
    monkeypatch.setattr(telling, "_works_at", lambda user_ids, now: dict.fromkeys(user_ids, morning))
    morning = now + 12 * HOUR
    boss, lead = make_user(role="sales_manager"), new_id()
    tell(now, told(boss, now, text="Acme waits.", subject=lead), told(boss, now, text="Globex waits."))
    tell(now + HOUR, told(boss, now + HOUR, text="Acme still waits.", subject=lead))
    assert mailoutbox == []
    assert digest(morning - MINUTE) == 0
    monkeypatch.setattr(telling, "_works_at", dict.fromkeys)
    assert digest(morning) == 1
    assert digest(morning) == 0
    outbox.deliver_due(morning)
    (mail,) = mailoutbox
    assert mail.subject == "2 things to know: Acme still waits."
    assert "Acme waits." not in mail.body  # about each lead only the last word
    assert "Globex waits." in mail.body
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert DigestLine.objects.filter(sent_at=morning, message__isnull=False).count() == 3


def test_one_click_ends_digests_by_mail_and_nothing_else(make_user, now, mailoutbox):
    boss = make_user(role="sales_manager")
    tell(now, told(boss, now, "lead.offered"))
    token = telling.unsubscribe_url(boss).rstrip("/").rpartition("/")[2]
    assert telling.stop_digest_mail(token, now=now) == boss
    assert telling.stop_digest_mail(token, now=now) == boss
    assert telling.stop_digest_mail(token + "x", now=now) is None
    assert digest(now + timedelta(days=2)) == 0
    tell(now, told(boss, now, "lead.offered"))
    assert not DigestLine.objects.filter(sent_at=None).exists()
    tell(now, told(boss, now))
    assert len(mailoutbox) == 1


def test_digests_in_the_portal_and_in_chat_name_what_happened(make_user, now):
    rep = make_user()
    chat.save_endpoint("https://hooks.example.com/x", now=now, user=rep)
    for channel in ("in_app", "chat"):
        NoticeSetting.objects.create(user=rep, kind="sla.reminder", channel=channel, cadence="hourly")
    tell(now, *(told(rep, now, "sla.reminder", text=f"{name} waits.") for name in ("Acme", "Globex")))
    assert digest(now + HOUR) == 2
    words = "2 things to know\n• Acme waits.\n• Globex waits."
    assert Notice.objects.get().text == words
    assert OutboxMessage.objects.get(channel="chat").payload == {"text": words, "url": "/notices/"}


def test_nobody_who_left_is_told_by_mail(make_user, now, mailoutbox):
    boss = make_user(role="sales_manager", is_active=False)
    tell(now, told(boss, now))
    assert mailoutbox == []


def test_telling_takes_the_same_queries_for_one_and_for_many(make_user, now, django_assert_num_queries):
    for size in (1, 30):
        people = [make_user(role="sales_manager") for _ in range(size)]
        pairs = [(person, told(person, now, "sla.breached")) for person in people]
        outbox.enqueue([message for _person, message in pairs])
        with transaction.atomic(), django_assert_num_queries(6):
            telling.tell(pairs, now)
