"""Drafts, signs, publishes and reverts rulebooks; the only writer of their tables."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from leads.models import SignalKind
from revops.foundation.models import User
from scoring.engine import CompiledRulebook, compile_rulebook
from scoring.models import (
    Rulebook,
    RulebookAction,
    RulebookChange,
    RulebookSignature,
    RulebookState,
    SigningSide,
)
from scoring.rules import parse_rulebook

CHANGE_BUDGET = timedelta(days=30)
"""One publication in this time; an emergency may break it, with a reason that everybody reads."""

REVIEW_AFTER = timedelta(days=90)
_OPEN = (RulebookState.DRAFT, RulebookState.REVIEW)


class PublishingRefused(Exception):
    """The step is not allowed now; the message says why and what to do."""


class NoLiveRulebook(Exception):
    """Nothing can be scored before a rulebook is published."""

    def __init__(self) -> None:
        super().__init__(_("No rulebook is live. Draft one, let sales and marketing sign it, and publish it."))


class LiveRulebook(NamedTuple):
    """The published rules that count now, ready to evaluate."""

    id: UUID
    version: int
    compiled: CompiledRulebook


@transaction.atomic
def create_draft(
    definition: Mapping[str, Any],
    author: User,
    name: str,
    summary: str,
    now: datetime,
    *,
    based_on: Rulebook | None = None,
    review_by_on: date | None = None,
) -> Rulebook:
    """A new draft version. Raises InvalidRulebook with every problem of the definition.

    The signal kinds are stamped into the definition as they are known now; what is given for them is ignored.
    """
    stamped = stamp_kinds(definition)
    parse_rulebook(stamped)
    # Two drafts at once must not get the same version: the second waits here for the first.
    Rulebook.objects.select_for_update(no_key=True).order_by("-version").values_list("pk").first()
    version = (Rulebook.objects.aggregate(last=Max("version"))["last"] or 0) + 1
    draft = Rulebook.objects.create(
        version=version,
        name=name,
        definition=stamped,
        content_hash=content_hash(stamped),
        summary=summary,
        author=author,
        created_at=now,
        review_by_on=review_by_on or (now + REVIEW_AFTER).date(),
        based_on=based_on,
    )
    _log(draft, RulebookAction.DRAFTED, author, now, reason=summary)
    return draft


@transaction.atomic
def edit_draft(
    rulebook: Rulebook,
    definition: Mapping[str, Any],
    editor: User,
    now: datetime,
    *,
    expected_hash: str,
    name: str = "",
    summary: str = "",
    review_by_on: date | None = None,
) -> Rulebook:
    """Replaces the content of a draft that is still as the editor read it. Signatures of the old content lapse.

    What is left empty of `name`, `summary` and `review_by_on` stays as it is.
    """
    stamped = stamp_kinds(definition)
    parse_rulebook(stamped)
    told = {"name": name, "summary": summary, "review_by_on": review_by_on}
    edited = Rulebook.objects.filter(pk=rulebook.pk, state__in=_OPEN, content_hash=expected_hash).update(
        definition=stamped,
        content_hash=content_hash(stamped),
        state=RulebookState.DRAFT,
        **{field: value for field, value in told.items() if value},
    )
    if not edited:
        raise PublishingRefused(_("Somebody changed or published this version meanwhile. Reload and compare."))
    rulebook.refresh_from_db()
    _log(rulebook, RulebookAction.EDITED, editor, now)
    return rulebook


@transaction.atomic
def sign_rulebook(rulebook: Rulebook, user: User, side: str, now: datetime) -> RulebookSignature:
    """One side's yes to exactly this content. Raises PublishingRefused for the author, a second signature or a
    person of another side; a RevOps admin belongs to neither side and cannot sign."""
    rulebook = Rulebook.objects.select_for_update(no_key=True).get(pk=rulebook.pk)
    check_signature(rulebook, user, side)
    signature = RulebookSignature.objects.create(
        rulebook=rulebook, user=user, side=side, signed_at=now, content_hash=rulebook.content_hash
    )
    Rulebook.objects.filter(pk=rulebook.pk, state=RulebookState.DRAFT).update(state=RulebookState.REVIEW)
    _log(rulebook, RulebookAction.SIGNED, user, now, reason=str(SigningSide(side).label))
    return signature


def check_signature(rulebook: Rulebook, user: User, side: str) -> None:
    """Raises PublishingRefused unless `user` may now sign for `side`."""
    if rulebook.state not in _OPEN:
        raise PublishingRefused(
            _("Version %(version)d is no longer open for signatures.") % {"version": rulebook.version}
        )
    if user.pk == rulebook.author_id:
        raise PublishingRefused(_("The author cannot sign. Ask a colleague to read and sign it."))
    team = user.team
    if team is not None and team.side != side:
        raise PublishingRefused(
            _("%(name)s belongs to %(side)s and cannot sign for the other side.")
            % {"name": user, "side": team.get_side_display()}
        )
    for signature in _signatures(rulebook):
        if signature.side == side:
            raise PublishingRefused(_("This side has already signed this content."))
        if signature.user_id == user.pk:
            raise PublishingRefused(_("Two people sign: %(name)s has already signed.") % {"name": user})


@transaction.atomic
def publish_rulebook(
    rulebook: Rulebook, now: datetime, *, by: User | None = None, emergency_reason: str = ""
) -> Rulebook:
    """Makes a signed version live; the one before is superseded. `by` defaults to the author.

    Raises PublishingRefused if a signature is missing, or within 30 days of the last publication unless an
    emergency reason is given, which the change log shows.
    """
    versions = {book.pk: book for book in Rulebook.objects.select_for_update(no_key=True).order_by("version")}
    rulebook = versions[rulebook.pk]
    if rulebook.state not in _OPEN:
        raise PublishingRefused(_("Version %(version)d was already published.") % {"version": rulebook.version})
    missing = {SigningSide.SALES, SigningSide.MARKETING} - {signature.side for signature in _signatures(rulebook)}
    if missing:
        sides = ", ".join(sorted(str(SigningSide(side).label) for side in missing))
        raise PublishingRefused(_("A signature is missing: %(sides)s.") % {"sides": sides})
    parse_rulebook(rulebook.definition)
    latest = max((book.published_at for book in versions.values() if book.published_at), default=None)
    over_budget = latest is not None and now < latest + CHANGE_BUDGET
    if latest is not None and over_budget and not emergency_reason.strip():
        raise PublishingRefused(
            _("The last version was published on %(day)s; the next may follow on %(next)s, or now with a reason.")
            % {"day": f"{latest:%-d %b %Y}", "next": f"{latest + CHANGE_BUDGET:%-d %b %Y}"}
        )
    Rulebook.objects.filter(state=RulebookState.LIVE).update(state=RulebookState.SUPERSEDED, superseded_at=now)
    Rulebook.objects.filter(pk=rulebook.pk).update(state=RulebookState.LIVE, published_at=now)
    rulebook.refresh_from_db()
    reason = emergency_reason.strip() if over_budget else ""
    _log(rulebook, RulebookAction.PUBLISHED, by or rulebook.author, now, reason=reason, is_emergency=over_budget)
    return rulebook


@transaction.atomic
def revert_rulebook(by: User, reason: str, now: datetime) -> Rulebook:
    """Takes the live version back and makes the one before it live again, at once. Always logged as an emergency."""
    if not reason.strip():
        raise PublishingRefused(_("Say why the rulebook is taken back; everybody will read it."))
    live = Rulebook.objects.select_for_update(no_key=True).filter(state=RulebookState.LIVE).first()
    before = (
        Rulebook.objects.select_for_update(no_key=True)
        .filter(state=RulebookState.SUPERSEDED)
        .order_by("-superseded_at")
        .first()
    )
    if live is None or before is None:
        raise PublishingRefused(_("There is no earlier version to return to."))
    Rulebook.objects.filter(pk=live.pk).update(state=RulebookState.REVERTED, superseded_at=now)
    Rulebook.objects.filter(pk=before.pk).update(state=RulebookState.LIVE, superseded_at=None)
    before.refresh_from_db()
    _log(live, RulebookAction.REVERTED, by, now, reason=reason.strip(), is_emergency=True)
    return before


def live_rulebook() -> LiveRulebook:
    """The rulebook that counts now, compiled once per process. One small query; raises NoLiveRulebook."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, version, content_hash FROM scoring_rulebook WHERE state = 'live'")
        row = cursor.fetchone()
    if row is None:
        raise NoLiveRulebook
    pk, version, digest = row
    return LiveRulebook(pk, version, compiled_rulebook(pk, digest))


def compiled_rulebook(pk: UUID, digest: str, definition: Mapping[str, Any] | None = None) -> CompiledRulebook:
    """The compiled form of one exact content, kept per process; reads the definition only if it is not known yet."""
    compiled = _compiled.get(digest)
    if compiled is None:
        if definition is None:
            definition = Rulebook.objects.values_list("definition", flat=True).get(pk=pk)
        compiled = compile_rulebook(parse_rulebook(definition))
        with _lock:
            if len(_compiled) >= _MOST_KEPT:
                _compiled.clear()
            _compiled[digest] = compiled
    return compiled


_compiled: dict[str, CompiledRulebook] = {}
_lock = threading.Lock()
_MOST_KEPT = 64


def stamp_kinds(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The definition with every signal kind as it is known now, so that a version means the same for ever."""
    kinds = {
        kind.code: {"name": kind.name, "strength": kind.strength, "is_proven": kind.is_proven}
        for kind in SignalKind.objects.order_by("code")
    }
    return {**definition, "kinds": kinds}


def content_hash(definition: Mapping[str, Any]) -> str:
    """SHA-256 of the definition with sorted keys: what a signature is about."""
    return hashlib.sha256(orjson.dumps(definition, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _signatures(rulebook: Rulebook) -> list[RulebookSignature]:
    """Those that are about the current content, of people who are not its author."""
    return list(rulebook.signatures.filter(content_hash=rulebook.content_hash).exclude(user=rulebook.author_id))


def _log(
    rulebook: Rulebook, action: str, actor: User, now: datetime, *, reason: str = "", is_emergency: bool = False
) -> None:
    RulebookChange.objects.create(
        rulebook=rulebook, action=action, actor=actor, changed_at=now, reason=reason, is_emergency=is_emergency
    )
