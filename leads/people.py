"""Finds the person and the account behind cleaned facts, or creates them. Set-based: a batch is one pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from leads.cleaning import Facts, registered_domain
from leads.hygiene import DISPOSABLE_DOMAINS, FREE_DOMAINS
from leads.merging.survivors import survivors_of
from leads.models import Account, Lead, Person, PersonIdentity
from revops.foundation.bulk import insert_missing, new_rows, update_rows
from revops.foundation.reading import rows_where

PHONE_SYSTEM = "phone"
"""Pseudo-system under which a person known only by phone is found again."""

_FILLED_FACTS = (
    "phone",
    "first_name",
    "last_name",
    "title",
    "seniority",
    "function",
    "purchasing_role",
    "country",
    "city",
)
_ACCOUNT_FACTS = ("industry", "employees", "country")


@dataclass(slots=True)
class Enquiry:
    """What is known of one sender: cleaned facts, and the id the source gave them."""

    facts: Facts
    system: str
    external_id: str
    flags: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, str] | None:
        """(system, value) under which the person is found; e-mail comes before it."""
        if self.external_id:
            return self.system, self.external_id
        if not self.facts.email and self.facts.phone:
            return PHONE_SYSTEM, self.facts.phone
        return None

    @property
    def account_domain(self) -> str:
        """The company's domain: stated, else of the mail address unless a provider gives that to anybody."""
        if self.facts.domain:
            return self.facts.domain
        domain = registered_domain(self.facts.mail_domain) if self.facts.email else ""
        return "" if domain in FREE_DOMAINS or domain in DISPOSABLE_DOMAINS else domain


def find_or_create_people(enquiries: Sequence[Enquiry], *, now: datetime) -> list[Person]:
    """The person of each enquiry, in order. The same person twice in a batch is one row.

    E-mail decides before the source's id, and that before the phone. Facts of known people are only filled in where
    they were empty. Safe when two batches bring the same new person at once: one creates, the other finds.
    """
    accounts = _find_or_create_accounts(enquiries, now=now)
    by_email, by_identity = _known_people(enquiries)
    people: list[Person] = []
    created: dict[int, Person] = {}
    filled: dict[int, Person] = {}
    for enquiry, account in zip(enquiries, accounts, strict=True):
        email, identity = enquiry.facts.email, enquiry.identity
        person = by_email.get(email) if email else None
        if person is None and identity:
            person = by_identity.get(identity)
            if person is not None and email and person.email and person.email != email:
                person = None
        if person is None:
            (person,) = new_rows(Person, [{"email": email or None, "created_at": now, "updated_at": now}])
            created[id(person)] = person
        if _fill(person, enquiry, account) and id(person) not in created:
            person.updated_at = now
            filled[id(person)] = person
        if email:
            by_email[email] = person
        if identity:
            by_identity.setdefault(identity, person)
        people.append(person)
    replaced = _insert_people(list(created.values()), by_identity)
    if filled:
        update_rows(
            Person, list(filled.values()), ["email", "account", "flags", "do_not_contact", "updated_at", *_FILLED_FACTS]
        )
    return [replaced.get(id(person), person) for person in people]


def _known_people(enquiries: Sequence[Enquiry]) -> tuple[dict[str, Person], dict[tuple[str, str], Person]]:
    emails = {enquiry.facts.email for enquiry in enquiries if enquiry.facts.email}
    by_email = {str(person.email).lower(): person for person in _people(emails)} if emails else {}
    wanted: dict[str, set[str]] = {}
    for enquiry in enquiries:
        if enquiry.identity:
            wanted.setdefault(enquiry.identity[0], set()).add(enquiry.identity[1])
    by_identity: dict[tuple[str, str], Person] = {}
    if wanted:
        known = Q()
        for system, values in wanted.items():
            known |= Q(system=system, value__in=values)
        same = {person.pk: person for person in by_email.values()}
        for identity in PersonIdentity.objects.filter(known).select_related("person"):
            by_identity[identity.system, identity.value] = same.get(identity.person_id, identity.person)
    found = survivors_of(Person, [*by_identity.values(), *by_email.values()])
    if found:
        by_email = {email: found.get(person.pk, person) for email, person in by_email.items()}
        by_identity = {identity: found.get(person.pk, person) for identity, person in by_identity.items()}
    return by_email, by_identity


def _people(emails: Iterable[str | None]) -> list[Person]:
    return rows_where(Person, "email = ANY(%s::citext[])", [list(emails)])


def _fill(person: Person, enquiry: Enquiry, account: Account | None) -> bool:
    facts, changed = enquiry.facts, False
    for name in _FILLED_FACTS:
        value = getattr(facts, name)
        if value and not getattr(person, name):
            setattr(person, name, value)
            changed = True
    if facts.email and not person.email:
        person.email, changed = facts.email, True
    if account is not None and person.account_id is None:
        person.account_id, changed = account.pk, True
    new_flags = [flag for flag in enquiry.flags if flag not in person.flags]
    if new_flags:
        person.flags, changed = [*person.flags, *new_flags], True
    if facts.do_not_contact and not person.do_not_contact:
        person.do_not_contact = changed = True
    return changed


def _insert_people(created: list[Person], by_identity: dict[tuple[str, str], Person]) -> dict[int, Person]:
    """Inserts new people; answers with those somebody else created in the same moment, by id() of ours."""
    if not created:
        return {}
    ours = {id(person) for person in created}
    inserted = insert_missing(Person, sorted(created, key=lambda person: str(person.email or "")))
    replaced: dict[int, Person] = {}
    missed = [person for person in created if person.pk not in inserted]
    if missed:
        others = {str(o.email).lower(): o for o in _people(person.email for person in missed)}
        replaced = {id(person): others[str(person.email).lower()] for person in missed}
    identities = [
        PersonIdentity(person=replaced.get(id(person), person), system=system, value=value)
        for (system, value), person in by_identity.items()
        if id(person) in ours
    ]
    if identities:
        identities.sort(key=lambda identity: (identity.system, identity.value))
        PersonIdentity.objects.bulk_create(identities, ignore_conflicts=True)
        replaced |= _lost_identities(identities, created)
    return replaced


def _lost_identities(identities: list[PersonIdentity], created: list[Person]) -> dict[int, Person]:
    kept = Q()
    for identity in identities:
        kept |= Q(system=identity.system, value=identity.value)
    if len(identities) > 50:
        kept = Q(value__in=[identity.value for identity in identities])
    winners = {
        (row.system, row.value): row.person for row in PersonIdentity.objects.filter(kept).select_related("person")
    }
    by_pk = {person.pk: person for person in created}
    lost: dict[int, Person] = {}
    for identity in identities:
        winner = winners[identity.system, identity.value]
        if winner.pk != identity.person_id and identity.person_id in by_pk:
            lost[id(by_pk[identity.person_id])] = winner
    return lost


def _find_or_create_accounts(enquiries: Sequence[Enquiry], *, now: datetime) -> list[Account | None]:
    domains = {enquiry.account_domain for enquiry in enquiries} - {""}
    keys = {e.facts.company_key for e in enquiries if e.facts.company_key and not e.account_domain}
    by_domain: dict[str, Account] = {}
    by_key: dict[str, Account] = {}
    if domains or keys:
        condition = "domain = ANY(%s::citext[]) OR normalised_name = ANY(%s::text[]) ORDER BY id"
        for known in rows_where(Account, condition, [list(domains), list(keys)]):
            if known.domain:
                by_domain[known.domain.lower()] = known
            by_key.setdefault(known.normalised_name, known)
        goes_on = survivors_of(Account, [*by_key.values(), *by_domain.values()])
        if goes_on:
            by_domain = {domain: goes_on.get(known.pk, known) for domain, known in by_domain.items()}
            by_key = {key: goes_on.get(known.pk, known) for key, known in by_key.items()}
    found: list[Account | None] = []
    created: list[Account] = []
    changed: dict[int, Account] = {}
    for enquiry in enquiries:
        domain, key = enquiry.account_domain, enquiry.facts.company_key
        account: Account | None = by_domain.get(domain) if domain else by_key.get(key) if key else None
        if account is None and (domain or key):
            row = {
                "name": enquiry.facts.company or domain,
                "normalised_name": key or domain.partition(".")[0],
                "domain": domain or None,
                "created_at": now,
                "updated_at": now,
            }
            (account,) = new_rows(Account, [row])
            created.append(account)
            if domain:
                by_domain[domain] = account
            by_key.setdefault(account.normalised_name, account)
        if account is not None and _fill_account(account, enquiry.facts) and not account._state.adding:
            account.updated_at = now
            changed[id(account)] = account
        found.append(account)
    replaced = _insert_accounts(created)
    if changed:
        update_rows(Account, list(changed.values()), ["updated_at", *_ACCOUNT_FACTS])
    return [replaced.get(id(account), account) if account is not None else None for account in found]


def _fill_account(account: Account, facts: Facts) -> bool:
    changed = False
    for name in _ACCOUNT_FACTS:
        value = getattr(facts, name)
        if value and not getattr(account, name):
            setattr(account, name, value)
            changed = True
    return changed


def _insert_accounts(created: list[Account]) -> dict[int, Account]:
    if not created:
        return {}
    inserted = insert_missing(Account, sorted(created, key=lambda account: account.domain or ""))
    missed = [account for account in created if account.pk not in inserted]
    if not missed:
        return {}
    others = {
        str(other.domain).lower(): other
        for other in Account.objects.filter(domain__in=[account.domain for account in missed])
    }
    return {id(account): others[str(account.domain).lower()] for account in missed}


def details_missing(lead: Lead) -> list[str]:
    """What sales needs and does not have yet: the marketing clause on lead details is met when this is empty."""
    person = lead.person
    told = {
        "name": person.first_name or person.last_name,
        "way to reach them": person.email or person.phone,
        "company": lead.account_id,
        "role": person.title or person.purchasing_role,
    }
    return [name for name, value in told.items() if not value]


DETAILS_TOLD = (
    "((person.first_name <> '' OR person.last_name <> '')"
    " AND (COALESCE(person.email, '') <> '' OR COALESCE(person.phone, '') <> '')"
    " AND lead.account_id IS NOT NULL AND (person.title <> '' OR person.purchasing_role <> ''))"
)
"""`details_missing` says nothing, in SQL over a `lead` and its `person`."""
