"""Delivery over real sockets: SMTP, chat, and nothing into one's own house."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from django.conf import settings as project
from django.db import connection

from revops.foundation import outbox
from revops.foundation.delivery import DeliveryRefused, TryLater, chat, lanes, outward
from revops.foundation.ids import new_id
from revops.foundation.models import Channel, ChatEndpoint, MessageState, OutboxMessage
from revops.foundation.sealing import SealBroken, seal, unseal
from tests.foundation.receivers import chat_server, mail_server

SECOND = timedelta(seconds=1)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def open_house(settings):
    """Lets chat channels be on this machine."""
    settings.ALLOW_PRIVATE_ENDPOINTS = True


@pytest.fixture
def slack(open_house):
    with chat_server() as server:
        yield server


def message(now, channel, recipient, text="Acme waits.", **fields):
    payload = {"subject": "Acme", "text": text, "url": "/leads/x/"}
    return OutboxMessage(
        id=new_id(now), kind="sla.breached", subject_kind="lead", subject_id=new_id(), channel=channel,
        recipient=recipient, payload=payload, created_at=now, **fields,
    )  # fmt: skip


def endpoint_of(user, server, now):
    return chat.save_endpoint(server.url, now=now, user=user)


# --- where may be posted ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3",
     "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::", "::7f00:1",
     "2001:0:4136:e378:8000:63bf:80ff:fffe"],
)  # fmt: skip
def test_an_address_of_ones_own_house_is_not_global_however_it_is_wrapped(address):
    assert not outward.is_global(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_in_the_world_is_global(address):
    assert outward.is_global(ip_address(address))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://hooks.example.com/x", "Only https"), ("ftp://hooks.example.com/x", "Only https"),
        ("hooks.example.com", "no web address"), ("https:///x", "no web address"), ("https://[::1", "no web address"),
        ("https://a:b@hooks.example.com/", "Leave name and password out"),
        ("https://hooks.example.com:22/", "Only the ports 443 and 8443"), ("https://x:99999/", "no web address"),
    ],
)  # fmt: skip
def test_an_address_that_is_never_posted_to_says_why(url, words):
    with pytest.raises(DeliveryRefused, match=words):
        outward.check_address(url)


def test_a_name_that_leads_into_a_private_network_is_refused_even_if_one_address_is_public(monkeypatch):
    both = [(socket.AF_INET, 1, 6, "", (one, 443)) for one in ("93.184.216.34", "10.0.0.8")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: both)
    with pytest.raises(DeliveryRefused, match="private network"):
        outward.resolve("hooks.example.com", 443)


def test_the_name_is_looked_up_once_and_the_address_pinned(monkeypatch, slack, settings):
    asked = []
    real = socket.getaddrinfo
    port = int(slack.url.split(":")[2].split("/")[0])

    def look_up(host, *rest, **named):
        if host == "hooks.invalid":
            asked.append(host)
            return real("127.0.0.1", *rest, **named)
        return real(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert outward.post(f"http://hooks.invalid:{port}/x", b'{"text": "x"}', {"Webhook-Id": "1"}) == b"ok"
    assert asked == ["hooks.invalid"]


def test_an_unknown_name_is_tried_again_later(monkeypatch):
    def nothing(*_a, **_k):
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(TryLater, match="is not known"):
        outward.resolve("nowhere.invalid", 443)


def test_retry_after_is_read_as_seconds_or_as_a_date_and_capped():
    at = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
    assert outward.retry_after("120", at) == 120 * SECOND
    assert outward.retry_after("Wed, 04 Mar 2026 10:05:00 GMT", at) == 300 * SECOND
    assert outward.retry_after("Wed, 04 Mar 2026 09:00:00 GMT", at) == timedelta()
    assert outward.retry_after("99999999", at) == timedelta(hours=24)
    assert outward.retry_after("soon", at) is None
    assert outward.retry_after(None, at) is None


# --- chat ------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_chat_message_arrives_with_its_id_and_cannot_ping_anybody(make_user, now, slack):
    endpoint = endpoint_of(make_user(), slack, now)
    sent = message(now, Channel.CHAT, str(endpoint.pk), text="<!channel> Acme & Söhne wait")
    outbox.enqueue([sent])
    assert outbox.deliver_due(now) == outbox.Delivered(delivered=1)
    (post,) = slack.posts
    assert post["id"] == f"msg_{sent.pk}"
    assert post["path"] == "/services/secret"
    link = f"<{project.PUBLIC_URL}/leads/x/|Open in the portal>"
    assert post["body"] == {"text": f"&lt;!channel&gt; Acme &amp; Söhne wait\n{link}"}


@pytest.mark.django_db
def test_the_address_of_a_chat_channel_is_sealed_in_the_database(make_user, now, slack, settings):
    endpoint = endpoint_of(make_user(), slack, now)
    assert (endpoint.host, unseal(endpoint.sealed_url)) == ("127.0.0.1", slack.url)
    assert "secret" not in endpoint.sealed_url
    sealed, key = seal("a"), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [key]
    assert unseal(sealed) == "a"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(SealBroken):
        unseal(sealed)
    outbox.enqueue([message(now, Channel.CHAT, str(endpoint.pk))])
    assert outbox.deliver_due(now) == outbox.Delivered(failed=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "headers", "came_to", "words"),
    [
        (404, {}, "failed", "It answered 404: no_such_channel"),
        (302, {"Location": "http://127.0.0.1:1/"}, "failed", "It redirects"),
        (500, {}, "postponed", "It answered 500"),
        (429, {"Retry-After": "3600"}, "postponed", "It answered 429"),
        (408, {}, "postponed", "It answered 408"),
        (410, {}, "failed", "It answered 410"),
    ],
)
def test_what_a_chat_answers_decides_whether_it_is_tried_again(make_user, now, slack, status, headers, came_to, words):
    endpoint = endpoint_of(make_user(), slack, now)
    slack.answers = [(status, headers)]
    outbox.enqueue([message(now, Channel.CHAT, str(endpoint.pk))])
    assert outbox.deliver_due(now) == outbox.Delivered(**{came_to: 1})
    stored = OutboxMessage.objects.get()
    assert stored.last_error.startswith(words)
    if status == 429:
        assert stored.available_at == now + timedelta(hours=1)
    endpoint.refresh_from_db()
    assert (endpoint.disabled_at is not None) == (status == 410)


@pytest.mark.django_db
def test_a_channel_that_is_gone_or_removed_gets_nothing_more(make_user, now, slack):
    endpoint = endpoint_of(make_user(), slack, now)
    slack.answers = [(410, {})]
    outbox.enqueue([message(now, Channel.CHAT, str(endpoint.pk)) for _ in range(3)])
    assert outbox.deliver_due(now) == outbox.Delivered(failed=1, withdrawn=2)
    assert len(slack.posts) == 1
    outbox.enqueue([message(now, Channel.CHAT, str(new_id()))])
    assert outbox.deliver_due(now) == outbox.Delivered(withdrawn=1)
    again = chat.save_endpoint(slack.url, now=now, user=endpoint.user)
    assert (again.pk, again.disabled_at) == (endpoint.pk, None)


@pytest.mark.django_db
def test_a_silent_chat_is_cut_off_and_the_others_do_not_wait(make_user, now, slack, monkeypatch):
    monkeypatch.setattr(outward, "TIMEOUT_SECONDS", 1.5)
    with chat_server() as silent:
        silent.answers = [30.0]
        slow, quick = endpoint_of(make_user(), silent, now), endpoint_of(make_user(), slack, now)
        outbox.enqueue([message(now, Channel.CHAT, str(slow.pk)) for _ in range(4)])
        outbox.enqueue([message(now + SECOND, Channel.CHAT, str(quick.pk)) for _ in range(4)])
        done = outbox.deliver_due(now + SECOND)
    assert (done.delivered, done.postponed) == (4, 1)
    assert (len(silent.posts), len(slack.posts)) == (1, 4)
    waiting = OutboxMessage.objects.filter(recipient=str(slow.pk))
    assert sorted(waiting.values_list("attempts", flat=True)) == [0, 0, 0, 1]  # the broken one costs one try
    assert all(one.available_at > now + SECOND for one in waiting)
    assert outbox.deliver_due(now + 2 * SECOND) == outbox.Delivered()


@pytest.mark.django_db
def test_a_given_up_message_can_be_sent_again_with_the_same_id(make_user, now, slack):
    endpoint = endpoint_of(make_user(), slack, now)
    slack.answers = [(404, {})]
    sent = message(now, Channel.CHAT, str(endpoint.pk))
    outbox.enqueue([sent])
    outbox.deliver_due(now)
    assert outbox.send_again([sent.pk], now + SECOND) == 1
    assert outbox.send_again([sent.pk], now + SECOND) == 0
    assert outbox.deliver_due(now + SECOND) == outbox.Delivered(delivered=1)
    assert slack.ids == [f"msg_{sent.pk}"] * 2


# --- e-mail ----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_mails_leave_by_a_real_smtp_server_and_a_refusal_stops_only_its_own(now, settings):
    with mail_server(settings) as post:
        rows = [message(now, Channel.EMAIL, f"{who}@example.com") for who in ("ana", "gone", "full", "ben")]
        rows[0].payload |= {"html": "<p>Acme</p>", "unsubscribe_url": "https://portal.example.com/unsubscribe/x/"}
        outbox.enqueue(rows)
        done = outbox.deliver_due(now)
    assert done == outbox.Delivered(delivered=2, failed=1, postponed=1)
    ana, _ben = sorted(post.mails, key=lambda mail: mail["To"])
    assert ana["Message-ID"].strip("<>").split("@")[0] == str(rows[0].pk)
    assert ana["List-Unsubscribe"] == "<https://portal.example.com/unsubscribe/x/>"
    assert ana["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert {part.get_content_type() for part in ana.walk()} >= {"text/plain", "text/html"}
    states = dict(OutboxMessage.objects.values_list("recipient", "state"))
    assert states["gone@example.com"] == MessageState.FAILED
    assert states["full@example.com"] == MessageState.WAITING


@pytest.mark.django_db
def test_a_mail_server_that_is_away_costs_one_try_and_loses_nothing(now, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    outbox.enqueue([message(now, Channel.EMAIL, f"p{n}@example.com") for n in range(30)])
    assert outbox.deliver_due(now) == outbox.Delivered(postponed=1)
    assert OutboxMessage.objects.filter(state="waiting", attempts=0).count() == 29
    with mail_server(settings) as post:
        assert outbox.deliver_due(now + lanes.REST + 60 * SECOND).delivered == 30
    assert len({mail["Message-ID"] for mail in post.mails}) == 30


# --- kill -9 ---------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_loses_nothing(make_user, now, slack):
    """The receiver's own log is the judge: every id arrives, whatever happened to the worker."""
    endpoint = endpoint_of(make_user(), slack, now)
    rows = [message(now, Channel.CHAT, str(endpoint.pk)) for _ in range(12)]
    outbox.enqueue(rows)
    wanted = {f"msg_{row.pk}" for row in rows}
    for kill in range(3):
        slack.answers = [(200, {})] * 2 + [3.0]
        seen = len(slack.posts)
        worker = _worker(connection.settings_dict["NAME"], now + kill * 2 * lanes.LEASE)
        until = time.monotonic() + 60
        while len(slack.posts) < seen + 3 and worker.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
    slack.answers = []
    outbox.deliver_due(now + 8 * lanes.LEASE)
    assert set(slack.ids) == wanted
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"delivered"}
    assert ChatEndpoint.objects.get().disabled_at is None


def _worker(database, at):
    code = (
        "import django, datetime; django.setup();"
        f"from django.db import connections; connections['default'].settings_dict['NAME'] = {database!r};"
        "from revops.foundation import outbox;"
        f"outbox.deliver_due(datetime.datetime.fromisoformat({at.isoformat()!r}))"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "ALLOW_PRIVATE_ENDPOINTS": "1"}
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)
