"""The rules of the gate as they stand, and every change of them: checked, counted, and written into the ledger."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from leads.cleaning import clean_email, one_line
from leads.hygiene import ActiveRule, digest_of
from leads.models import BouncedAddress, HygieneRule
from leads.models.hygiene import BounceOrigin, HygieneAction
from leads.silence import silence_digest
from revops.foundation import ledger
from revops.foundation.models import LedgerEntry, User
from revops.foundation.round_trips import Statement

BOUNCED = "bounced"
SUPPRESSED = "suppressed"
LISTED = (BOUNCED, SUPPRESSED)
"""Rules whose addresses are a list of their own, kept as hashes; they have no terms."""
ALWAYS_ON = "unidentified"
"""Who nobody can be told apart cannot become a lead: this rule neither sleeps nor changes."""

MOST_TERMS = 5_000
LONGEST_TERM = 100
CHANGEABLE = ("action", "is_active", "terms", "allowed")


class ChangedMeanwhile(Exception):
    """Somebody else changed the rule since it was read."""


def rules_for(addresses: Collection[str]) -> list[ActiveRule]:
    """The gate as it stands now, in order, ready to judge these e-mail addresses. One query."""
    with connection.cursor() as cursor:
        cursor.execute(*rules_statement(addresses))
        return rules_of(cursor.fetchall())


def rules_statement(addresses: Collection[str]) -> Statement:
    """The statement behind `rules_for`, to be sent together with others."""
    known = [address for address in addresses if address]
    return _RULES, [[digest_of(address) for address in known], known, [silence_digest(address) for address in known]]


def rules_of(found: Sequence[tuple[Any, ...]]) -> list[ActiveRule]:
    """The gate that a statement of `rules_statement` found."""
    rules = []
    for code, action, terms, allowed, listed in found:
        passes = frozenset(json.loads(allowed))
        looked_for = frozenset(listed or ()) or frozenset(term.lower() for term in json.loads(terms)) - passes
        rules.append(ActiveRule(code, action, looked_for, passes))
    return rules


_RULES = f"""
SELECT code, action, terms::text, allowed::text,
    CASE WHEN code = '{BOUNCED}' THEN ARRAY(SELECT digest FROM leads_bouncedaddress WHERE digest = ANY(%s))
         WHEN code = '{SUPPRESSED}' THEN ARRAY(
             SELECT given.address FROM unnest(%s::text[], %s::text[]) AS given(address, digest)
             JOIN leads_suppressedaddress kept ON kept.digest = given.digest) END
FROM leads_hygienerule WHERE is_active ORDER BY position, code
"""  # noqa: S608 - only a constant is put in


def subject_of(code: str) -> UUID:
    """The id under which the ledger knows a rule."""
    return uuid5(NAMESPACE_URL, f"hygiene-rule:{code}")


def change_rule(
    code: str,
    changes: Mapping[str, Any],
    user: User,
    reason: str,
    now: datetime,
    *,
    version: int | None = None,
    action: str = "hygiene_rule.changed",
) -> HygieneRule:
    """Changes what a rule does or looks for; the ledger keeps who, why, and both states.

    `changes` holds some of CHANGEABLE. With `version` raises ChangedMeanwhile if it is not the newest. Raises
    ValidationError, by field, for what cannot be.
    """
    rule = HygieneRule.objects.select_for_update().get(pk=code)
    if version is not None and version != rule.version:
        raise ChangedMeanwhile
    new = _checked(rule, changes, reason)
    before = {name: getattr(rule, name) for name in new}
    different = {name for name in new if new[name] != before[name]}
    if not different:
        return rule
    for name in different:
        setattr(rule, name, new[name])
    rule.version += 1
    rule.save(update_fields=[*different, "version"])
    ledger.record(
        [
            LedgerEntry(
                occurred_at=now,
                actor=user,
                action=action,
                subject_kind="hygienerule",
                subject_id=subject_of(code),
                cause=reason.strip()[:200],
                before={"rule": code, **{name: before[name] for name in sorted(different)}},
                after={"rule": code, **{name: new[name] for name in sorted(different)}},
            )
        ]
    )
    return rule


def undo_last_change(code: str, user: User, reason: str, now: datetime) -> HygieneRule:
    """Puts a rule back to what it was before its last change. Raises ValidationError if it was never changed."""
    last = history_of(code)[:1]
    if not last:
        raise ValidationError(_("This rule was never changed."))
    before = {name: value for name, value in (last[0].before or {}).items() if name in CHANGEABLE}
    return change_rule(code, before, user, reason, now, action="hygiene_rule.undone")


def history_of(code: str) -> QuerySet[LedgerEntry]:
    """Every change of a rule, newest first."""
    entries = LedgerEntry.objects.filter(subject_kind="hygienerule", subject_id=subject_of(code))
    return entries.select_related("actor").order_by("-pk")


def clean_terms(terms: Collection[Any], field: str = "terms") -> list[str]:
    """Terms as a rule keeps them: small, one line, each once. Raises ValidationError."""
    found = sorted({one_line(term, LONGEST_TERM + 1).lower() for term in terms} - {""})
    if len(found) > MOST_TERMS:
        raise ValidationError({field: _("At most %(n)s terms.") % {"n": MOST_TERMS}})
    for term in found:
        if len(term) > LONGEST_TERM:
            raise ValidationError({field: _("“%(term)s …” is too long.") % {"term": term[:40]}})
        if "@" in term:
            words = _("“%(term)s” is an address. Terms are domains, names and words, never a person.")
            raise ValidationError({field: words % {"term": term}})
    return found


def _checked(rule: HygieneRule, changes: Mapping[str, Any], reason: str) -> dict[str, Any]:
    if not reason.strip():
        raise ValidationError({"reason": _("Say why. It stands in the ledger beside the change.")})
    new = dict(changes)
    if unknown := sorted(set(new) - set(CHANGEABLE)):
        raise ValidationError(_("These cannot be changed: %(names)s.") % {"names": ", ".join(unknown)})
    if "action" in new and new["action"] not in HygieneAction.values:
        raise ValidationError({"action": _("Choose quarantine, flag or refuse.")})
    for name in {"terms", "allowed"} & set(new):
        new[name] = clean_terms(new[name], name)
    if rule.code == ALWAYS_ON and (not new.get("is_active", True) or new.get("action", rule.action) != rule.action):
        raise ValidationError(_("What says nothing of who it is cannot become a lead, so this rule stays as it is."))
    if rule.code in LISTED and new.get("terms"):
        raise ValidationError({"terms": _("These addresses have a list of their own.")})
    return new


@dataclass(frozen=True, slots=True)
class Hits:
    """How often a rule stopped or flagged something, and how much of the stopped a person let in after all."""

    week: int = 0
    month: int = 0
    stopped: int = 0
    released: int = 0


def hits_by_rule(now: datetime) -> dict[str, Hits]:
    """The hits of each rule in the last 7 and 30 days, by receipt. One query.

    `released` of `stopped` (both of 30 days) is how often the rule was wrong.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HITS, {"week": now - timedelta(days=7), "month": now - timedelta(days=30), "now": now})
        return {rule: Hits(*numbers) for rule, *numbers in cursor.fetchall()}


_HITS = """
WITH judged AS (
    SELECT o.submission_id, o.rule, o.flags, o.kind, s.received_at
    FROM leads_submission s JOIN leads_submissionoutcome o ON o.submission_id = s.id
    WHERE s.received_at > %(month)s AND s.received_at <= %(now)s AND o.replaces = ''
),
hit AS (
    SELECT rule, submission_id, received_at, true AS stopped FROM judged WHERE rule <> ''
    UNION ALL
    SELECT unnest(flags), submission_id, received_at, false FROM judged WHERE flags <> '{}'
)
SELECT hit.rule, count(*) FILTER (WHERE hit.received_at > %(week)s), count(*), count(*) FILTER (WHERE hit.stopped),
    count(later.submission_id) FILTER (WHERE hit.stopped)
FROM hit
LEFT JOIN LATERAL (
    SELECT o.submission_id FROM leads_submissionoutcome o
    WHERE hit.stopped AND o.submission_id = hit.submission_id AND o.replaces = 'quarantined'
      AND o.kind IN ('new', 'attached')
    LIMIT 1
) later ON true
GROUP BY hit.rule
"""


@dataclass(frozen=True, slots=True)
class Bounce:
    """An address whose mail came back, as somebody reported it."""

    email: str
    bounced_at: datetime


def remember_bounces(bounces: Collection[Bounce], origin: str, user: User | None) -> int:
    """Notes addresses whose mail came back; those known before stay as they are. Returns how many are new."""
    rows: dict[str, BouncedAddress] = {}
    for bounce in bounces:
        email, _wrong = clean_email(bounce.email)
        if email:
            digest = digest_of(email)
            rows[digest] = BouncedAddress(
                digest=digest,
                domain=email.rpartition("@")[2][:255],
                origin=BounceOrigin(origin),
                bounced_at=bounce.bounced_at,
                reported_by=user,
            )
    known = set(BouncedAddress.objects.filter(pk__in=rows).values_list("pk", flat=True))
    fresh = [row for digest, row in rows.items() if digest not in known]
    BouncedAddress.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def forget_bounce(email: str) -> bool:
    """Takes an address off the list: mail reaches it again. Says whether it was on it."""
    return bool(BouncedAddress.objects.filter(pk=digest_of(email)).delete()[0])
