"""The consent ledger: writes down what people agreed to and took back, and says what may be mailed to whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _

from leads.cleaning import one_line
from leads.hygiene import digest_of
from leads.models import BouncedAddress, ConsentEvent, ConsentProof, ConsentWording, Lead, Person
from leads.models.consents import ConsentChannel, ConsentKind, ConsentPurpose
from leads.models.sources import SourceKind
from revops.foundation.ids import new_ids
from revops.foundation.kept_queries import KeptQuery, any_of
from revops.foundation.round_trips import plans_kept

LONGEST_TEXT = 5_000


@dataclass(frozen=True, slots=True)
class Proof:
    """Where and with what somebody agreed: of their address only the network, and a digest to compare with."""

    network: str = ""
    address_digest: str = ""
    user_agent: str = ""
    page: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """One thing to write down about a person. `text` are the words shown, `key` says who shows them."""

    person_id: UUID
    kind: str
    purpose: str
    channel: str
    at: datetime
    text: str = ""
    key: str = ""
    source_id: UUID | None = None
    submission_id: UUID | None = None
    expires_at: datetime | None = None
    actor_id: UUID | None = None
    proof: Proof = field(default_factory=Proof)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person's consent to one purpose stands now."""

    kind: str
    at: datetime
    expires_at: datetime | None


def record_consents(consents: Sequence[Consent], *, now: datetime) -> list[UUID]:
    """Appends to the ledger, in order, and answers with the new ids; what a submission said before is left out.

    Withdrawing the purpose “contact” marks the person as not to be contacted; giving it again after a withdrawal
    lifts that mark. A constant number of queries, however many.
    """
    fresh = _unsaid(consents)
    if not fresh:
        return []
    _mark_people(fresh, now)
    wordings = keep_wordings({(one.key or one.channel, one.text) for one in fresh if one.text}, now=now)
    ids = new_ids(len(fresh))
    ConsentEvent.objects.bulk_create(
        ConsentEvent(
            id=pk, person_id=one.person_id, kind=one.kind, purpose=one.purpose, channel=one.channel,
            source_id=one.source_id, wording=wordings.get((one.key or one.channel, one.text)),
            submission_id=one.submission_id, occurred_at=one.at, recorded_at=now, expires_at=one.expires_at,
            actor_id=one.actor_id,
        )
        for pk, one in zip(ids, fresh, strict=True)
    )  # fmt: skip
    proofs = [_proof(pk, one.proof) for pk, one in zip(ids, fresh, strict=True) if one.proof != Proof()]
    ConsentProof.objects.bulk_create(proofs)
    return ids


def keep_wordings(shown: Collection[tuple[str, str]], *, now: datetime) -> dict[tuple[str, str], ConsentWording]:
    """The kept wording of each (key, text); words that a key did not show last get the next number of that key."""
    if not shown:
        return {}
    keys = sorted({key for key, _text in shown})
    with connection.cursor() as cursor:  # two requests that show new words at once number them one after the other
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(k, 7)) FROM unnest(%s::text[]) k", [keys])
    known = {(row.key, row.text): row for row in ConsentWording.objects.filter(key__in=keys).order_by("version")}
    last = dict(
        ConsentWording.objects.filter(key__in=keys).values_list("key").annotate(last=Max("version")).order_by("key")
    )
    made = []
    for key, text in sorted(set(shown) - set(known)):
        last[key] = last.get(key, 0) + 1
        known[key, text] = ConsentWording(key=key, version=last[key], text=text[:LONGEST_TEXT], created_at=now)
        made.append(known[key, text])
    ConsentWording.objects.bulk_create(made)
    return {pair: known[pair] for pair in shown}


def standings(person_ids: Collection[UUID], *, now: datetime) -> dict[UUID, dict[str, Standing]]:
    """The latest word of each person on each purpose; what ran out reads as expired. One query."""
    if not person_ids:
        return {}
    found: dict[UUID, dict[str, Standing]] = {}
    with plans_kept(len(person_ids)), connection.cursor() as cursor:
        cursor.execute(_LATEST, [list(person_ids)])
        for person_id, purpose, kind, at, expires_at in cursor.fetchall():
            is_over = kind == ConsentKind.GIVEN and expires_at is not None and expires_at <= now
            standing = Standing(ConsentKind.EXPIRED if is_over else kind, expires_at if is_over else at, expires_at)
            found.setdefault(person_id, {})[purpose] = standing
    return found


_LATEST = """
SELECT DISTINCT ON (person_id, purpose) person_id, purpose, kind, occurred_at, expires_at
FROM leads_consentevent WHERE person_id = ANY(%s) ORDER BY person_id, purpose, id DESC
"""


def withdraw_consents(
    person_ids: Iterable[UUID],
    purposes: Iterable[str],
    channel: str,
    *,
    now: datetime,
    actor_id: UUID | None = None,
    proof: Proof | None = None,
) -> list[UUID]:
    """Takes consent back for people; what is withdrawn already is left alone. Answers with the new entries."""
    wanted = list(dict.fromkeys(person_ids))
    standing = standings(wanted, now=now)
    return record_consents(
        [
            Consent(pk, ConsentKind.WITHDRAWN, purpose, channel, now, actor_id=actor_id, proof=proof or Proof())
            for pk in wanted
            for purpose in dict.fromkeys(purposes)
            if (was := standing.get(pk, {}).get(purpose)) is None or was.kind != ConsentKind.WITHDRAWN
        ],
        now=now,
    )


def expire_consents(*, now: datetime, limit: int = 1_000) -> int:
    """The sweep: writes down that consents ran out, each once. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_RAN_OUT, [now, limit])
        rows = cursor.fetchall()
    return len(
        record_consents(
            [
                Consent(person_id, ConsentKind.EXPIRED, purpose, ConsentChannel.SYSTEM, at)
                for person_id, purpose, at in rows
            ],
            now=now,
        )
    )


_RAN_OUT = """
SELECT person_id, purpose, expires_at FROM leads_consentevent given
WHERE kind = 'given' AND expires_at <= %s AND NOT EXISTS (
    SELECT FROM leads_consentevent later
    WHERE later.person_id = given.person_id AND later.purpose = given.purpose AND later.id > given.id
)
ORDER BY id LIMIT %s
"""


_BOUNCED = KeptQuery(BouncedAddress.objects.filter(pk=any_of("digests")).values_list("pk", flat=True))
_SOURCE_KINDS = KeptQuery(Lead.objects.filter(person=any_of("people")).values_list("person_id", "source__kind"))


@dataclass(frozen=True, slots=True)
class MailVerdict:
    """Whether something may be mailed to a person, and why, in words."""

    is_allowed: bool
    why: str


def may_mail(people: Sequence[Person], purpose: str, *, now: datetime) -> dict[UUID, MailVerdict]:
    """Whether each person may get mail for a purpose. Three queries, however many people.

    News needs consent. A request may be answered unless consent was asked for and is missing, or was taken back.
    People known only from purchased lists get nothing before they said something themselves.
    """
    standing = standings([person.pk for person in people], now=now)
    return {pk: found[purpose] for pk, found in mail_verdicts(people, [purpose], standing).items()}


def mail_verdicts(
    people: Sequence[Person], purposes: Collection[str], standing: Mapping[UUID, Mapping[str, Standing]]
) -> dict[UUID, dict[str, MailVerdict]]:
    """The same for several purposes, when it is known how people stand (see `standings`). Two queries."""
    digests = {person.pk: digest_of(str(person.email)) for person in people if person.email}
    bounced = set(_BOUNCED.fetch(digests=list(digests.values())))
    kinds: dict[UUID, set[str]] = {}
    for person_id, kind in _SOURCE_KINDS.fetch(people=[person.pk for person in people]):
        kinds.setdefault(person_id, set()).add(kind)
    return {
        person.pk: {
            purpose: _verdict(
                person,
                purpose,
                standing.get(person.pk, {}).get(purpose),
                has_bounced=digests.get(person.pk) in bounced,
                is_bought=kinds.get(person.pk) == {SourceKind.PURCHASED},
            )
            for purpose in purposes
        }
        for person in people
    }


def _verdict(
    person: Person, purpose: str, standing: Standing | None, *, has_bounced: bool, is_bought: bool
) -> MailVerdict:
    kind = standing.kind if standing else ""
    if person.erased_at or not person.email:
        return MailVerdict(False, _("No e-mail address is known."))
    if has_bounced:
        return MailVerdict(False, _("Mail to this address came back."))
    refusals = {
        ConsentKind.WITHDRAWN: _("Consent was withdrawn."),
        ConsentKind.EXPIRED: _("Consent has expired."),
        ConsentKind.ASKED: _("Consent was given in a form, but the address was never confirmed."),
    }
    if kind in refusals:
        return MailVerdict(False, refusals[ConsentKind(kind)])
    if person.do_not_contact:
        return MailVerdict(False, _("They asked not to be contacted."))
    if kind == ConsentKind.GIVEN:
        return MailVerdict(True, _("Consent was given."))
    if is_bought:
        return MailVerdict(False, _("Known only from a purchased list, and never verified."))
    if purpose == ConsentPurpose.NEWS:
        return MailVerdict(False, _("Nobody asked them for consent to news."))
    return MailVerdict(True, _("No consent was asked for; their request may be answered."))


def _unsaid(consents: Sequence[Consent]) -> list[Consent]:
    by_submission = [one.submission_id for one in consents if one.submission_id]
    said = set(
        ConsentEvent.objects.filter(submission_id__in=by_submission).values_list("submission_id", "purpose", "kind")
        if by_submission
        else ()
    )
    fresh = []
    for one in consents:
        place = (one.submission_id, one.purpose, one.kind)
        if one.submission_id and place in said:
            continue
        said.add(place)
        fresh.append(one)
    return fresh


def _mark_people(consents: Sequence[Consent], now: datetime) -> None:
    """What people said last about being contacted also stands on the person, where every list and card reads it."""
    about = [one for one in consents if one.purpose == ConsentPurpose.CONTACT]
    withdrawn = {one.person_id for one in about if one.kind == ConsentKind.WITHDRAWN}
    given = {one.person_id for one in about if one.kind == ConsentKind.GIVEN} - withdrawn
    if withdrawn:
        people = Person.objects.filter(pk__in=withdrawn, do_not_contact=False)
        people.update(do_not_contact=True, updated_at=now)
    if given:
        before = standings(given, now=now)
        back = [pk for pk in given if (was := before.get(pk, {}).get("contact")) and was.kind == ConsentKind.WITHDRAWN]
        if back:
            Person.objects.filter(pk__in=back).update(do_not_contact=False, updated_at=now)


def _proof(event_id: UUID, proof: Proof) -> ConsentProof:
    return ConsentProof(
        event_id=event_id,
        network=proof.network[:64],
        address_digest=proof.address_digest[:64],
        user_agent=one_line(proof.user_agent, 300),
        page=one_line(proof.page, 500),
        note=one_line(proof.note, 500),
    )


def network_of(address: str) -> str:
    """An IP address without the part that names one household: /24 of IPv4, /48 of IPv6; empty if it is none."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    return str(ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))


def proof_in(data: Any) -> Proof:
    """The proof that a payload carries."""
    given: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    return Proof(**{name: one_line(given.get(name), 500) for name in _PROOFS})


_PROOFS = ("network", "address_digest", "user_agent", "page", "note")
