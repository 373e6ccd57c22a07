"""Tells people as they want to be told: in the portal, by e-mail, by chat, at once or with a digest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import connection
from django.template.loader import render_to_string
from django.utils.translation import ngettext

from revops.foundation import outbox
from revops.foundation.bulk import insert_rows
from revops.foundation.delivery.chat import absolute
from revops.foundation.ids import new_id, new_ids
from revops.foundation.models import (
    PERSONAL_CHANNELS,
    Cadence,
    Channel,
    ChatEndpoint,
    DigestLine,
    Notice,
    NoticePreference,
    NoticeSetting,
    OutboxMessage,
    User,
)
from revops.foundation.notice_kinds import cadence_of
from revops.foundation.notice_times import Person, digest_at

DIGEST = "notice.digest"
MOST_LINES = 50
"""So many things one digest names; the rest it counts."""
UNSUBSCRIBE_SALT = "unsubscribe from digests"

WorkingHours = Callable[[Iterable[UUID], datetime], Mapping[UUID, datetime]]
_works_at: WorkingHours = lambda user_ids, now: {}  # noqa: E731 - nobody's hours are known yet


def register_working_hours(works_at: WorkingHours) -> None:
    """Say how to find out when people work next (now, if they work now); whoever is left out has no hours."""
    global _works_at  # noqa: PLW0603 - one house, one set of calendars
    _works_at = works_at


Words = Callable[[Iterable[UUID]], Mapping[UUID, str]]
_words: dict[str, Words] = {}


def register_words(kind: str, words: Words) -> None:
    """Say what is added to messages of a kind, by their subjects, when they are told: it is true then, and costs
    whoever wrote the message nothing.
    """
    _words[kind] = words


@dataclass(slots=True)
class _Audience:
    """What is known of the people of one round."""

    people: dict[UUID, Person] = field(default_factory=dict)
    chosen: dict[UUID, dict[tuple[str, str], str]] = field(default_factory=dict)
    endpoints: dict[UUID, UUID] = field(default_factory=dict)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    no_digest_mail: set[UUID] = field(default_factory=set)


def tell(told: Sequence[tuple[User, OutboxMessage]], now: datetime) -> None:
    """Writes notices, e-mails, chat messages and lines for digests. Call it in the transaction that ends the messages.

    A constant number of queries, however many messages.
    """
    audience = _audience({user for user, _message in told}, now)
    told = _in_full(told)
    notices: list[Notice] = []
    messages: list[OutboxMessage] = []
    lines: list[DigestLine] = []
    for user, message in told:
        for channel in PERSONAL_CHANNELS:
            recipient = _recipient(user, channel, audience)
            cadence = cadence_of(message.kind, channel, user.role, audience.chosen.get(user.pk, {}))
            if recipient is None or cadence == Cadence.OFF or not user.is_active:
                continue
            key = (channel.value, recipient)
            at = digest_at(cadence, channel, audience.people[user.pk], audience.told[key], now)
            if at is not None:
                if channel != Channel.EMAIL or user.pk not in audience.no_digest_mail:
                    lines.append(_line(user, channel, message, at, now))
            elif channel == Channel.IN_APP:
                notices.append(outbox.notice_of(user, message, now))
            else:
                audience.told[key] += 1
                messages.append(_message(user, channel, recipient, message, now))
    Notice.objects.bulk_create(notices)
    insert_rows(DigestLine, lines)
    outbox.enqueue(messages)


def send_digests(*, now: datetime, limit: int = 5000) -> int:
    """Sends every digest that is due: one message per person and channel, about each subject once. Answers how many.

    Call it in a transaction; lines that somebody else is sending are skipped.
    """
    due = DigestLine.objects.filter(sent_at__isnull=True, due_at__lte=now).order_by("due_at", "pk")
    lines = list(due.select_for_update(skip_locked=True, of=("self",)).select_related("user")[:limit])
    if not lines:
        return 0
    audience = _audience({line.user for line in lines}, now)
    by_digest: dict[tuple[UUID, str], list[DigestLine]] = defaultdict(list)
    for line in lines:
        by_digest[line.user_id, line.channel].append(line)
    messages: dict[tuple[UUID, str], OutboxMessage] = {}
    notices: list[Notice] = []
    for (user_id, channel), own in by_digest.items():
        user = own[0].user
        recipient = _recipient(user, Channel(channel), audience)
        if recipient is None or not user.is_active:
            continue
        if channel == Channel.IN_APP:
            notices.append(_digest_notice(user, own, now))
        else:
            messages[user_id, channel] = _digest(user, Channel(channel), recipient, own, now)
    outbox.enqueue(messages.values())
    Notice.objects.bulk_create(notices)
    for key, own in by_digest.items():
        sent = DigestLine.objects.filter(pk__in=[line.pk for line in own])
        sent.update(sent_at=now, message=messages.get(key))
    return len(messages) + len(notices)


def unsubscribe_url(user: User) -> str:
    """Where one click ends digests by e-mail, without signing in."""
    return f"{settings.PUBLIC_URL}/unsubscribe/{signing.dumps(str(user.pk), salt=UNSUBSCRIBE_SALT)}/"


def stop_digest_mail(token: str, *, now: datetime) -> User | None:
    """Ends digests by e-mail for whom the token was made; None if it was not made by us. Twice is once."""
    try:
        user = User.objects.filter(pk=UUID(signing.loads(token, salt=UNSUBSCRIBE_SALT))).first()
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if user is not None:
        NoticePreference.objects.update_or_create(user=user, defaults={"wants_digest_mail": False, "updated_at": now})
        DigestLine.objects.filter(user=user, channel=Channel.EMAIL, sent_at__isnull=True).update(sent_at=now)
    return user


# --- who they are ----------------------------------------------------------------------------------------------------
def _audience(users: set[User], now: datetime) -> _Audience:
    """Settings, chat channels, working hours and what was told within the hour. Five queries and the calendars."""
    ids = [user.pk for user in users]
    found = _Audience()
    preferences = {row.pk: row for row in NoticePreference.objects.filter(pk__in=ids)}
    hours = _works_at(ids, now)
    for user in users:
        row = preferences.get(user.pk) or NoticePreference()
        found.people[user.pk] = Person(
            user.timezone, hours.get(user.pk), row.keeps_quiet, row.most_an_hour, row.digest_hour
        )
        if not row.wants_digest_mail:
            found.no_digest_mail.add(user.pk)
    for user_id, kind, channel, cadence in NoticeSetting.objects.filter(user__in=ids).values_list(
        "user", "kind", "channel", "cadence"
    ):
        found.chosen.setdefault(user_id, {})[kind, channel] = cadence
    found.endpoints = _endpoints(users)
    recipients = [user.email for user in users] + [str(pk) for pk in found.endpoints.values()]
    with connection.cursor() as cursor:
        cursor.execute(_TOLD_THIS_HOUR, [recipients, now - timedelta(hours=1), DIGEST])
        found.told = Counter({(channel, recipient): n for channel, recipient, n in cursor.fetchall()})
    return found


_TOLD_THIS_HOUR = """
SELECT channel, recipient, count(*) FROM foundation_outboxmessage
WHERE channel IN ('email', 'chat') AND recipient = ANY(%s) AND created_at > %s AND kind <> %s
GROUP BY channel, recipient
"""


def _endpoints(users: set[User]) -> dict[UUID, UUID]:
    """The chat channel of each person: their own, else their team's. One query."""
    teams = {user.team_id for user in users if user.team_id}
    rows = list(
        ChatEndpoint.objects.filter(disabled_at__isnull=True, user__in=[user.pk for user in users])
        | ChatEndpoint.objects.filter(disabled_at__isnull=True, team__in=teams)
    )
    own = {row.user_id: row.pk for row in rows if row.user_id}
    of_team = {row.team_id: row.pk for row in rows if row.team_id}
    found = {user.pk: own.get(user.pk) or (of_team.get(user.team_id) if user.team_id else None) for user in users}
    return {user_id: pk for user_id, pk in found.items() if pk is not None}


def _recipient(user: User, channel: Channel, audience: _Audience) -> str | None:
    if channel == Channel.CHAT:
        endpoint = audience.endpoints.get(user.pk)
        return str(endpoint) if endpoint else None
    return user.email if channel == Channel.EMAIL else str(user.pk)


def _in_full(told: Sequence[tuple[User, OutboxMessage]]) -> Sequence[tuple[User, OutboxMessage]]:
    """The messages with the words that belong to them now, on a line of their own."""
    about: dict[str, set[UUID]] = defaultdict(set)
    for _user, message in told:
        if message.kind in _words and message.subject_id is not None:
            about[message.kind].add(message.subject_id)
    known = {kind: _words[kind](subjects) for kind, subjects in about.items()}
    return [(user, _with(message, known.get(message.kind, {}))) for user, message in told] if known else told


def _with(message: OutboxMessage, known: Mapping[UUID, str]) -> OutboxMessage:
    words = known.get(message.subject_id) if message.subject_id else None
    if not words:
        return message
    fuller = copy(message)  # the row stays as it was written
    fuller.payload = {**message.payload, "text": f"{message.payload.get('text') or message.kind}\n{words}"}
    return fuller


# --- what they read --------------------------------------------------------------------------------------------------
def _message(user: User, channel: Channel, recipient: str, about: OutboxMessage, now: datetime) -> OutboxMessage:
    text, url = about.payload.get("text") or about.kind, about.payload.get("url", "")
    payload = mail_payload(user, text, url) if channel == Channel.EMAIL else {"text": text, "url": url}
    return OutboxMessage(
        id=new_id(now),
        kind=about.kind,
        subject_kind=about.subject_kind,
        subject_id=about.subject_id,
        channel=channel,
        recipient=recipient,
        payload=payload,
        created_at=now,
    )


def mail_payload(user: User, text: str, url: str) -> dict[str, str]:
    """Subject, text and HTML of an e-mail about one thing, with the link to it."""
    first = text.splitlines()[0] if text else ""
    context = {"name": user.get_short_name(), "lines": [{"text": text, "url": absolute(url) if url else ""}],
               "settings_url": absolute("/me/notifications/")}  # fmt: skip
    return {
        "subject": first if len(first) <= 120 else f"{first[:119]}…",
        "text": render_to_string("mail/notice.txt", context),
        "html": render_to_string("mail/notice.html", context),
    }


def _line(user: User, channel: Channel, message: OutboxMessage, due_at: datetime, now: datetime) -> DigestLine:
    return DigestLine(
        id=new_ids(1, now)[0],
        user=user,
        channel=channel,
        kind=message.kind,
        subject_kind=message.subject_kind,
        subject_id=message.subject_id,
        text=message.payload.get("text") or message.kind,
        url=message.payload.get("url", ""),
        created_at=now,
        due_at=due_at,
    )


def _digest(user: User, channel: Channel, recipient: str, lines: list[DigestLine], now: datetime) -> OutboxMessage:
    told = newest_by_subject(lines)
    title = _title(len(told))
    shown = [{"text": line.text, "url": absolute(line.url) if line.url else ""} for line in told[:MOST_LINES]]
    more = len(told) - len(shown)
    if channel == Channel.EMAIL:
        stop = unsubscribe_url(user)
        context = {"name": user.get_short_name(), "title": title, "lines": shown, "more": more,
                   "settings_url": absolute("/me/notifications/"), "unsubscribe_url": stop}  # fmt: skip
        payload = {
            "subject": f"{title}: {told[0].text.splitlines()[0]}"[:140],
            "text": render_to_string("mail/notice.txt", context),
            "html": render_to_string("mail/notice.html", context),
            "unsubscribe_url": stop,
        }
    else:
        payload = {"text": "\n".join([title, *(f"• {line['text']}" for line in shown)]), "url": "/notices/"}
    return OutboxMessage(
        id=new_id(now), kind=DIGEST, subject_kind="user", subject_id=user.pk, channel=channel, recipient=recipient,
        payload=payload, created_at=now,
    )  # fmt: skip


def _digest_notice(user: User, lines: list[DigestLine], now: datetime) -> Notice:
    told = newest_by_subject(lines)
    text = told[0].text if len(told) == 1 else "\n".join([_title(len(told)), *(f"• {line.text}" for line in told[:10])])
    url = told[0].url if len(told) == 1 else "/notices/"
    return Notice(
        user=user, kind=DIGEST, subject_kind="user", subject_id=user.pk, text=text, url=url, created_at=now
    )  # fmt: skip


def _title(n: int) -> str:
    return ngettext("%(n)s thing to know", "%(n)s things to know", n) % {"n": n}


def newest_by_subject(lines: Sequence[DigestLine]) -> list[DigestLine]:
    """About each subject only what was said last, in the order in which the subjects came up first."""
    newest: dict[object, DigestLine] = {}
    for line in lines:
        newest[(line.subject_kind, line.subject_id) if line.subject_id else line.pk] = line
    return list(newest.values())
