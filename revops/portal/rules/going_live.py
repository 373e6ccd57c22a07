"""What happens around a publication by itself: versions go live at their time, and say later what they changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from feedback.rule_effects import due_effects, measure_effect
from revops.foundation.models import OutboxMessage, User
from revops.portal.back_office import note
from revops.portal.rules.drafting import tell
from revops.portal.rules.reading import SIDE_OF_ROLE
from revops.portal.rules.rescoring import start_rescore
from scoring.models import Rulebook, RulebookEffect, RulebookState
from scoring.publishing import is_overdue, publish_scheduled

OVERDUE = "rulebook.review_overdue"
REMIND_EVERY = timedelta(days=7)


def publish_due(now: datetime) -> int:
    """Publishes what is scheduled for now or earlier. Returns how many went live; who is concerned is told."""
    with transaction.atomic():
        live, refused = publish_scheduled(now)
        for book in live:
            start_rescore(book, book.author, now)
            note(book.author, "rulebook.published", book, now, after={"version": book.version}, cause="schedule")
            tell(concerned(book), "rulebook.published", book, now,
                 _("Version %(n)d of the rules is live, as scheduled.") % {"n": book.version})  # fmt: skip
        for book in refused:
            words = _("Version %(n)d of the rules could not go live as scheduled: it waits for you again.")
            tell(concerned(book), "rulebook.unscheduled", book, now, words % {"n": book.version})
        return len(live)


def report_effects(now: datetime) -> int:
    """Writes the reports that are due and tells author and signers. Returns how many."""
    due = due_effects(now)
    for one in due:
        with transaction.atomic():
            effect = measure_effect(one, now)
            words = _("What version %(n)d of the rules changed in %(weeks)d weeks: %(said)s")
            tell(concerned(one.rulebook), "rulebook.effect", one.rulebook, now,
                 words % {"n": one.rulebook.version, "weeks": one.weeks, "said": effect_words(effect)})  # fmt: skip
    return len(due)


def remind_of_review(now: datetime) -> int:
    """Tells both managers once a week that the live rules should have been reviewed. Returns how many were told."""
    with transaction.atomic():
        book = Rulebook.objects.select_for_update(no_key=True).filter(state=RulebookState.LIVE).first()
        if book is None or not is_overdue(book, now.date()):
            return 0
        earlier = OutboxMessage.objects.filter(kind=OVERDUE, subject_id=book.pk, created_at__gt=now - REMIND_EVERY)
        if earlier.exists():
            return 0
        heads = list(User.objects.filter(is_active=True, role__in=list(SIDE_OF_ROLE)))
        words = _("The rules should have been reviewed by %(day)s. Until they are, only an emergency is published.")
        tell(heads, OVERDUE, book, now, words % {"day": f"{book.review_by_on:%-d %b %Y}"})
        return len(heads)


def effect_words(effect: RulebookEffect) -> str:
    """The acceptance before and after, never without its n."""
    shares = effect.figures["acceptance"]
    told = [
        _("%(percent)d %% of %(n)d") % {"percent": round(100 * side["hits"] / side["n"]), "n": side["n"]}
        if side["n"]
        else _("none answered")
        for side in (shares["before"], shares["after"])
    ]
    few = any(side["too_few"] for side in (shares["before"], shares["after"]))
    words = _("accepted %(before)s before, %(after)s after") % {"before": told[0], "after": told[1]}
    return words + (_(" (too few to say)") if few else "")


def concerned(book: Rulebook) -> list[User]:
    """The author and those who signed the content."""
    signers = book.signatures.filter(content_hash=book.content_hash).select_related("user")
    people = {book.author_id: book.author, **{one.user_id: one.user for one in signers}}
    return list(people.values())
