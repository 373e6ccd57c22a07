"""Finds everything that is one person's: under which rows, addresses, numbers and names they are known."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Q, QuerySet

from leads.cleaning import clean, clean_email, clean_phone
from leads.hygiene import digest_of
from leads.models import Person
from leads.searching import people_named
from revops.foundation.erasing import NOBODY, Subject
from revops.foundation.ids import encode


def people_asked_about(text: str, most: int = 20) -> list[Person]:
    """People who may be meant: by e-mail address, by phone number, or by their name. The survivors of merges."""
    said = text.strip()
    if not said:
        return []
    people = Person.objects.filter(erased_at__isnull=True).select_related("account")
    if "@" in said:
        found = people.filter(email=clean_email(said)[0] or said)
    elif phone := phone_of(said):
        found = people.filter(phone=phone)
    else:
        return list(_survivors(people_named(said)).order_by("last_name", "first_name", "pk")[:most])
    known = list(found[:most])
    ends = {person.merged_into_id or person.pk for person in known}
    return list(people.filter(pk__in=ends).order_by("pk"))


def phone_of(text: str) -> str:
    """A phone number in E.164, if that is what was typed; else empty."""
    number, _wrong = clean_phone(text, "") if sum(sign.isdigit() for sign in text) >= 6 else ("", "")
    return number


def find_subject(people: Iterable[UUID], said: str = "") -> Subject:
    """All that belongs to these people, also to those merged into them, and to an address or number nobody has.

    A submission that never became a lead is found by the address in it: what waits in quarantine, what was refused.
    Five queries.
    """
    rows = list(Person.objects.filter(_everybody(list(people))))
    ids = [row.pk for row in rows]
    leads, submissions, payloads = _written(ids)
    emails = {str(row.email).lower() for row in rows if row.email}
    phones = {row.phone for row in rows if row.phone}
    names = {(row.first_name.strip(), row.last_name.strip()) for row in rows}
    for facts in map(clean, payloads):
        emails |= {facts.email} - {""}
        phones |= {facts.phone} - {""}
        names.add((facts.first_name, facts.last_name))
    if "@" in said:
        emails |= {clean_email(said)[0] or said.strip().lower()}
    elif phone := phone_of(said):
        phones.add(phone)
    emails = _own(emails, "email", ids)
    phones = _own(phones, "phone", ids)
    known = Subject(emails=tuple(sorted(emails)), phones=tuple(sorted(phones)))
    unlinked = _unlinked(known.addresses) if known.addresses != NOBODY else []
    submissions = list(dict.fromkeys([*submissions, *unlinked]))
    return Subject(
        people=tuple(ids),
        leads=tuple(leads),
        submissions=tuple(submissions),
        emails=known.emails,
        phones=known.phones,
        names=tuple(sorted(_nobody_elses(names, ids))),
        public_ids=(
            *(encode("person", pk) for pk in ids), *(encode("lead", pk) for pk in leads),
            *(encode("sub", pk) for pk in submissions),
        ),
        digests=tuple(digest_of(email) for email in sorted(emails)),
    )  # fmt: skip


def _everybody(people: Collection[UUID]) -> Q:
    """These people, whom they were merged into, and everybody merged into any of them."""
    ends = set(people) | set(
        Person.objects.filter(pk__in=people, merged_into__isnull=False).values_list("merged_into_id", flat=True)
    )
    also = Person.objects.filter(pk__in=ends).values_list("also", flat=True)
    return Q(pk__in=ends | {pk for ids in also for pk in ids})


def _survivors(people: QuerySet[Person]) -> QuerySet[Person]:
    return people.filter(merged_into__isnull=True, erased_at__isnull=True).select_related("account")


_WRITTEN = """
WITH own AS (SELECT id FROM leads_lead WHERE person_id = ANY(%(people)s::uuid[])),
sent AS (
    SELECT submission_id FROM leads_submissionoutcome WHERE lead_id IN (SELECT id FROM own)
    UNION SELECT submission_id FROM leads_signal
     WHERE lead_id IN (SELECT id FROM own) AND submission_id IS NOT NULL
    UNION SELECT submission_id FROM leads_consentevent
     WHERE person_id = ANY(%(people)s::uuid[]) AND submission_id IS NOT NULL
    UNION SELECT submission_id FROM leads_profileask
     WHERE person_id = ANY(%(people)s::uuid[]) AND submission_id IS NOT NULL
)
SELECT ARRAY(SELECT id FROM own), ARRAY(SELECT submission_id FROM sent),
    (SELECT coalesce(jsonb_agg(body.payload), '[]') FROM leads_submissionbody body
      WHERE body.submission_id IN (SELECT submission_id FROM sent) AND jsonb_typeof(body.payload) = 'object')::text
"""
_UNLINKED = """
WITH loose AS (
    SELECT submission_id FROM leads_submissionoutcome
     WHERE kind IN ('quarantined', 'refused', 'withdrawn') AND lead_id IS NULL
    UNION SELECT submission_id FROM leads_pendingsubmission
)
SELECT body.submission_id FROM leads_submissionbody body
 WHERE body.submission_id IN (SELECT submission_id FROM loose)
   AND (body.payload::text ~* %(addresses)s OR body.raw ~* %(addresses)s)
"""


def _written(people: list[UUID]) -> tuple[list[UUID], list[UUID], list[dict[str, Any]]]:
    """(leads, submissions, what these said) of people. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN, {"people": people})
        leads, submissions, payloads = cursor.fetchone()
    return list(leads), list(submissions), orjson.loads(payloads)


def _unlinked(addresses: str) -> list[UUID]:
    """Submissions that never became a lead and hold one of these addresses or numbers. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_UNLINKED, {"addresses": addresses})
        return [pk for (pk,) in cursor.fetchall()]


def _own(values: set[str], column: str, people: list[UUID]) -> set[str]:
    """Without those under which somebody else is known: a shared telephone is also theirs."""
    if not values:
        return values
    others = Person.objects.filter(**{f"{column}__in": values}, erased_at__isnull=True).exclude(pk__in=people)
    return values - {str(value).lower() for value in others.values_list(column, flat=True)}


def _nobody_elses(names: set[tuple[str, str]], people: list[UUID]) -> set[tuple[str, str]]:
    """Full names that nobody else bears: a namesake keeps what is said of them. One query."""
    full = {name for name in names if name[0] and name[1]}
    same = Q()
    for first, last in full:
        same |= Q(first_name__iexact=first, last_name__iexact=last)
    if not full:
        return full
    others = Person.objects.filter(same, erased_at__isnull=True).exclude(pk__in=people)
    taken = {(first.lower(), last.lower()) for first, last in others.values_list("first_name", "last_name")}
    return {(first, last) for first, last in full if (first.lower(), last.lower()) not in taken}
