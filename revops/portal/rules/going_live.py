"""What happens around a publication by itself: versions go live at their time, and say later what they changed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from feedback.rule_effects import due_effects, measure_effect
from revops.foundation.models import User
from revops.portal.back_office import note
from revops.portal.rules.drafting import tell
from revops.portal.rules.rescoring import start_rescore
from scoring.models import Rulebook, RulebookEffect
from scoring.publishing import publish_scheduled


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
