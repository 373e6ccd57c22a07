"""Practice leads: the desk without a lead behind it. Nothing here writes anything."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from feedback.models import ReasonCode
from revops.foundation.policy import check
from revops.portal.queue.practice import LESSONS
from revops.portal.queue.reasons import nurture_tracks
from revops.portal.queue.snoozing import snooze_options
from revops.portal.session.requests import SignedInRequest


@login_required
@require_GET
def intro(request: SignedInRequest) -> HttpResponse:
    """What practising is, and what it is not; after the last lesson, what was learned."""
    check(request.user, "leads.decide")
    return render(request, "queue/practice_intro.html", {"lessons": LESSONS, "is_done": "done" in request.GET})


@login_required
@require_http_methods(["GET", "POST"])
def lesson(request: SignedInRequest, number: int) -> HttpResponse:
    """One practice lead. The right answer leads to the next one, another one says what was asked."""
    check(request.user, "leads.decide")
    if not 1 <= number <= len(LESSONS):
        raise Http404
    taught, hint = LESSONS[number - 1], ""
    if request.method == "POST":
        done = {name: request.POST.get(name, "")[:500] for name in ("action", "reason", "evidence")}
        if taught.is_right(done):
            return (
                redirect("practice-lesson", number + 1) if number < len(LESSONS) else redirect("/queue/practice/?done")
            )
        hint = _("Not quite. %(task)s") % {"task": taught.task}
    context = {
        "lesson": taught,
        "number": number,
        "total": len(LESSONS),
        "before": LESSONS[number - 2] if number > 1 else None,
        "hint": hint,
        "families": _families(),
        "tracks": nurture_tracks(),
        "snooze_options": snooze_options(timezone.now(), timezone.get_current_timezone(), None),
    }
    return render(request, "queue/practice.html", context, status=422 if hint else 200)


def _families() -> list[tuple[object, list[ReasonCode]]]:
    """The real sheet, so that the keys that are learned are the true ones."""
    found: dict[object, list[ReasonCode]] = {}
    for reason in ReasonCode.objects.filter(is_active=True).select_related("family"):
        found.setdefault(reason.family, []).append(reason)
    return list(found.items())
