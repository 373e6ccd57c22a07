"""How a signed version comes to count: now or at a set time, within the change budget; and how it is taken back."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from revops.foundation.models import User
from scoring.models import Rulebook, RulebookAction, RulebookState, SigningSide
from scoring.publishing.errors import PublishingRefused
from scoring.publishing.reviewing import check_base
from scoring.publishing.state import OPEN_STATES, REVIEW_AFTER, locked, log, signatures_of
from scoring.rules import parse_rulebook

CHANGE_BUDGET = timedelta(days=30)
"""One publication in this time; an emergency may break it, with a reason that everybody reads."""

_PUBLISHABLE = (*OPEN_STATES, RulebookState.SCHEDULED)


@transaction.atomic
def publish_rulebook(
    rulebook: Rulebook, now: datetime, *, by: User | None = None, emergency_reason: str = ""
) -> Rulebook:
    """Makes a signed version live; the one before is superseded. `by` defaults to the author.

    Raises PublishingRefused if a signature is missing, if another version went live since, or if an emergency is
    needed and no reason is given; the change log shows the reason.
    """
    books = {book.pk: book for book in _counting_and(rulebook)}
    rulebook = books[rulebook.pk]
    _check_signed(rulebook)
    check_base(rulebook)
    parse_rulebook(rulebook.definition)
    reason = (emergency_reason or rulebook.emergency_reason).strip()
    why = needs_emergency(now)
    if why and not reason:
        raise PublishingRefused(why)
    Rulebook.objects.filter(state=RulebookState.LIVE).update(state=RulebookState.SUPERSEDED, superseded_at=now)
    rulebook.state, rulebook.published_at, rulebook.publish_at = RulebookState.LIVE, now, None
    rulebook.emergency_reason = reason if why else ""
    rulebook.save(update_fields=["state", "published_at", "publish_at", "emergency_reason"])
    log(
        rulebook, RulebookAction.PUBLISHED, by or rulebook.author, now,
        reason=rulebook.emergency_reason, is_emergency=bool(why),
    )  # fmt: skip
    return rulebook


def needs_emergency(now: datetime) -> str:
    """Why a publication at `now` would be an emergency, in words; empty if it would be none. One query."""
    counted = Rulebook.objects.exclude(published_at=None)
    latest = counted.aggregate(last=Max("published_at"))["last"]
    live = counted.filter(state=RulebookState.LIVE).only("version", "review_by_on").first()
    if latest is not None and now < latest + CHANGE_BUDGET:
        return _(
            "The last version was published on %(day)s; the next may follow on %(next)s, or now with a reason."
        ) % {"day": f"{latest:%-d %b %Y}", "next": f"{latest + CHANGE_BUDGET:%-d %b %Y}"}
    if live is not None and is_overdue(live, now.date()):
        return _("The review of version %(n)d was due on %(day)s. Review it first, or publish now with a reason.") % {
            "n": live.version,
            "day": f"{live.review_by_on:%-d %b %Y}",
        }
    return ""


def is_overdue(book: Rulebook, today: date) -> bool:
    """Whether a live rulebook should have been reviewed before `today`."""
    return book.state == RulebookState.LIVE and book.review_by_on is not None and book.review_by_on < today


@transaction.atomic
def schedule_rulebook(
    rulebook: Rulebook, publish_at: datetime, by: User, now: datetime, *, emergency_reason: str = ""
) -> Rulebook:
    """Lets a signed version go live by itself at `publish_at`. One version may wait at a time."""
    if publish_at <= now:
        raise PublishingRefused(_("That time has passed. Publish it now, or choose a later time."))
    rulebook = locked(rulebook)
    _check_signed(rulebook)
    check_base(rulebook)
    why = needs_emergency(publish_at)
    if why and not emergency_reason.strip():
        raise PublishingRefused(why)
    if Rulebook.objects.filter(state=RulebookState.SCHEDULED).exclude(pk=rulebook.pk).exists():
        raise PublishingRefused(_("Another version is scheduled already. Take it off the schedule first."))
    rulebook.state, rulebook.publish_at = RulebookState.SCHEDULED, publish_at
    rulebook.emergency_reason = emergency_reason.strip() if why else ""
    rulebook.save(update_fields=["state", "publish_at", "emergency_reason"])
    log(
        rulebook, RulebookAction.SCHEDULED, by, now,
        reason=_("For %(at)s UTC. %(why)s") % {"at": f"{publish_at:%-d %b %Y %H:%M}", "why": rulebook.emergency_reason},
    )  # fmt: skip
    return rulebook


@transaction.atomic
def unschedule_rulebook(rulebook: Rulebook, by: User, now: datetime, reason: str = "") -> Rulebook:
    """Takes a version off the schedule; its signatures stay."""
    rulebook = locked(rulebook)
    if rulebook.state != RulebookState.SCHEDULED:
        raise PublishingRefused(_("Version %(n)d is not scheduled.") % {"n": rulebook.version})
    rulebook.state, rulebook.publish_at, rulebook.emergency_reason = RulebookState.REVIEW, None, ""
    rulebook.save(update_fields=["state", "publish_at", "emergency_reason"])
    log(rulebook, RulebookAction.UNSCHEDULED, by, now, reason=reason)
    return rulebook


def publish_scheduled(now: datetime) -> tuple[list[Rulebook], list[Rulebook]]:
    """Publishes what is due: those that are live now, and those that could not be and wait for people again."""
    live, refused = [], []
    for book in Rulebook.objects.filter(state=RulebookState.SCHEDULED, publish_at__lte=now).order_by("publish_at"):
        try:
            with transaction.atomic():
                live.append(publish_rulebook(book, now))
        except PublishingRefused as refusal:
            refused.append(unschedule_rulebook(book, book.author, now, reason=str(refusal)))
    return live, refused


@transaction.atomic
def revert_rulebook(by: User, reason: str, now: datetime, *, to: Rulebook | None = None) -> Rulebook:
    """Takes the live version back: a new version with the content of the one before (or of `to`) is live at once.

    Both sides signed that content when it was published, so it needs no new signatures; it is always logged as an
    emergency.
    """
    if not reason.strip():
        raise PublishingRefused(_("Say why the rulebook is taken back; everybody will read it."))
    books = list(Rulebook.objects.select_for_update(no_key=True).order_by("version"))
    live = next((book for book in books if book.state == RulebookState.LIVE), None)
    past = [book for book in books if book.state == RulebookState.SUPERSEDED and book.superseded_at]
    before = next((book for book in past if to is not None and book.pk == to.pk), None) if to else None
    if to is None and past:
        before = max(past, key=lambda book: (book.superseded_at or now, book.version))
    if live is None or before is None:
        raise PublishingRefused(_("There is no earlier version to return to."))
    Rulebook.objects.filter(pk=live.pk).update(state=RulebookState.REVERTED, superseded_at=now)
    words = _("Returns to version %(n)d.") % {"n": before.version}
    again = Rulebook.objects.create(
        version=books[-1].version + 1,
        name=before.name,
        definition=before.definition,
        content_hash=before.content_hash,
        summary=words,
        author=by,
        created_at=now,
        published_at=now,
        state=RulebookState.LIVE,
        review_by_on=max(before.review_by_on or now.date(), (now + REVIEW_AFTER).date()),
        based_on=live,
        restores=before,
        emergency_reason=reason.strip()[:500],
    )
    log(live, RulebookAction.REVERTED, by, now, reason=reason.strip(), is_emergency=True)
    log(again, RulebookAction.PUBLISHED, by, now, reason=f"{words} {reason.strip()}", is_emergency=True)
    return again


@transaction.atomic
def keep_rulebook(by: User, note: str, next_review_on: date, now: datetime) -> Rulebook:
    """The live rulebook was reviewed and stays; it is looked at again by `next_review_on`."""
    live = Rulebook.objects.select_for_update(no_key=True).filter(state=RulebookState.LIVE).first()
    if live is None:
        raise PublishingRefused(_("No rulebook is live."))
    if not note.strip():
        raise PublishingRefused(_("Say what the review found; everybody will read it."))
    if not now.date() < next_review_on <= (now + timedelta(days=366)).date():
        raise PublishingRefused(_("The next review is on a later day, within a year."))
    live.review_by_on = next_review_on
    live.save(update_fields=["review_by_on"])
    words = _("Next review by %(day)s. %(note)s") % {"day": f"{next_review_on:%-d %b %Y}", "note": note.strip()}
    log(live, RulebookAction.KEPT, by, now, reason=words)
    return live


def _counting_and(rulebook: Rulebook) -> list[Rulebook]:
    """The live version and this one, locked in one order for everybody."""
    return list(
        Rulebook.objects.select_for_update(no_key=True)
        .filter(pk__in=[rulebook.pk, *Rulebook.objects.filter(state=RulebookState.LIVE).values_list("pk", flat=True)])
        .order_by("version")
    )


def _check_signed(rulebook: Rulebook) -> None:
    if rulebook.state not in _PUBLISHABLE:
        raise PublishingRefused(_("Version %(version)d was already published.") % {"version": rulebook.version})
    missing = {SigningSide.SALES, SigningSide.MARKETING} - {signature.side for signature in signatures_of(rulebook)}
    if missing:
        sides = ", ".join(sorted(str(SigningSide(side).label) for side in missing))
        raise PublishingRefused(_("A signature is missing: %(sides)s.") % {"sides": sides})
