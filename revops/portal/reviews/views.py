"""The weekly revenue review: its page, its files, and the three things one can do with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from feedback.metrics import METRICS, Week
from feedback.models import Review, ReviewDecision
from feedback.models.reviews import Answer
from feedback.reviews import (
    ReviewClosedError,
    ReviewNotClosableError,
    answer_decision,
    attendance_of,
    close_review,
    decisions_to_answer,
    effects_of,
    freeze_review,
    organisation_zone,
    record_attendance,
    record_decision,
    review_of,
)
from revops.foundation.models import Role, User
from revops.foundation.policy import can, check, refusal
from revops.portal.reviews import agenda
from revops.portal.reviews.exporting import decision_dicts, review_csv
from revops.portal.reviews.forms import AnswerForm, DecisionForm


@login_required
@require_GET
def current(request: HttpRequest) -> HttpResponse:
    """The review of the running week."""
    return redirect("review-week", Week.of(timezone.now(), organisation_zone()).name)


@login_required
@require_GET
def review(request: HttpRequest, week: str) -> HttpResponse:
    """What changed, is it real, what do we decide?"""
    check(request.user, "review.view")
    return _page(request, _week(week))


def _page(request: HttpRequest, week: Week, form: DecisionForm | None = None, status: int = 200) -> HttpResponse:
    now = timezone.now()
    data, frozen = review_of(week, now=now)
    earlier = list(decisions_to_answer(week))
    may_decide = can(request.user, "review.decide")
    effects = effects_of(earlier, week, agenda.known_values(data))
    is_over = now >= week.end
    context = {
        "week": week,
        "week_short": week.name.partition("-")[2],
        "review": data,
        "frozen": frozen,
        "is_over": is_over,
        "is_closed": bool(frozen and frozen.closed_at),
        "may_decide": may_decide,
        "may_freeze": may_decide and is_over and frozen is None,
        "may_close": may_decide and is_over and not (frozen and frozen.closed_at),
        "earlier": agenda.decision_rows(earlier, effects, data, user_id=request.user.pk, may_decide=may_decide),
        "sections": agenda.sections_of(data),
        "sources": agenda.sources_of(data),
        "promises": agenda.promises_of(data),
        **_attendance(week, may_edit=may_decide and is_over and not (frozen and frozen.closed_at)),
        "taken": [(one, METRICS[one.metric].name) for one in _taken(week)],
        "form": form or DecisionForm(week=week),
        "previous_week": week.plus(-1).name,
        "next_week": week.plus(1).name if now >= week.plus(1).start else "",
        "weeks": _recent(now, week),
        "answers": Answer.choices,
    }
    return render(request, "reviews/review.html", context, status=status)


def _attendance(week: Week, *, may_edit: bool) -> dict[str, Any]:
    """Who took part in the huddle over this week, and whom one may tick. Two queries at most."""
    there = [row.user for row in attendance_of(week)]
    people = User.objects.filter(is_active=True).exclude(role=Role.INTEGRATION).order_by("name") if may_edit else []
    return {"attended": there, "may_attend": [(person, person in there) for person in people]}


def _recent(now: datetime, shown: Week) -> list[tuple[Week, str]]:
    """The last weeks with a word about each, for the switch of weeks. One query."""
    newest = Week.of(now, shown.zone)
    weeks = [newest.plus(-ago) for ago in range(13)]
    kept = dict(Review.objects.filter(week_on__gte=weeks[-1].monday).values_list("week_on", "closed_at"))
    return [(week, _state(week, newest, kept)) for week in weeks]


def _state(week: Week, newest: Week, kept: Mapping[date, datetime | None]) -> str:
    if week.monday not in kept:
        return _("live") if week == newest else _("open")
    return _("closed") if kept[week.monday] else _("frozen")


def _taken(week: Week) -> QuerySet[ReviewDecision]:
    return ReviewDecision.objects.filter(week_on=week.monday).select_related("owner")


@login_required
@require_GET
def as_json(request: HttpRequest, week: str) -> HttpResponse:
    """The review as it is kept, with its hash, and the decisions taken in it."""
    check(request.user, "review.view")
    wanted = _week(week)
    data, frozen = review_of(wanted, now=timezone.now())
    answer = {
        "review": data,
        "is_frozen": frozen is not None,
        "snapshot_hash": frozen.snapshot_hash if frozen else None,
        "decisions": decision_dicts(_taken(wanted)),
    }
    response = JsonResponse(answer, json_dumps_params={"indent": 1, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="review-{wanted.name}.json"'
    return response


@login_required
@require_GET
def as_csv(request: HttpRequest, week: str) -> HttpResponse:
    """Every number of the review, one a row."""
    check(request.user, "review.view")
    wanted = _week(week)
    data, _frozen = review_of(wanted, now=timezone.now())
    response = HttpResponse(review_csv(data, _taken(wanted)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="review-{wanted.name}.csv"'
    return response


@login_required
@require_POST
def decide(request: HttpRequest, week: str) -> HttpResponse:
    """Records a decision; a form with problems comes back with what was typed."""
    check(request.user, "review.decide")
    wanted = _week(week)
    form = DecisionForm(request.POST, week=wanted)
    if form.is_valid():
        given = form.cleaned_data
        try:
            record_decision(
                wanted,
                text=given["text"],
                owner=given["owner"],
                due_on=given["due_on"],
                metric_key=given["metric"],
                direction=given["direction"],
                author=cast(User, request.user),
                now=timezone.now(),
            )
        except (ReviewClosedError, ValueError) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Decision recorded. It will be asked about when it is due."))
            return redirect(reverse("review-week", args=[wanted.name]) + "#decisions")
    return _page(request, wanted, form, status=422)


@login_required
@require_POST
def answer(request: HttpRequest, decision_id: UUID) -> HttpResponse:
    """Answers a decision of an earlier week. Its owner may, and whoever may decide."""
    decision = get_object_or_404(ReviewDecision, pk=decision_id)
    if decision.owner_id != request.user.pk and not can(request.user, "review.decide"):
        raise PermissionDenied(refusal("review.decide"))
    form = AnswerForm(request.POST)
    back = form["week"].value() or Week.of(timezone.now(), organisation_zone()).name
    if not form.is_valid():
        messages.error(request, _("Choose whether it was done."))
    elif answer_decision(
        decision.pk,
        answer=form.cleaned_data["answer"],
        note=form.cleaned_data["note"],
        user=cast(User, request.user),
        now=timezone.now(),
    ):
        messages.success(request, _("Answered: %(text)s") % {"text": decision.text})
    else:
        messages.warning(request, _("Somebody answered this decision before you; their answer stands."))
    return redirect(reverse("review-week", args=[_week(back).name]) + "#earlier")


@login_required
@require_POST
def freeze(request: HttpRequest, week: str) -> HttpResponse:
    """Keeps the numbers of a week that is over as they are now."""
    check(request.user, "review.decide")
    wanted = _week(week)
    try:
        freeze_review(wanted, now=timezone.now())
    except ValueError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("The numbers of %(week)s are frozen.") % {"week": wanted.name})
    return redirect("review-week", wanted.name)


@login_required
@require_POST
def attendance(request: HttpRequest, week: str) -> HttpResponse:
    """Writes down who takes part in the huddle over this week."""
    check(request.user, "review.decide")
    wanted = _week(week)
    try:
        ids = [UUID(text) for text in request.POST.getlist("person")]
        record_attendance(wanted, ids, by=cast(User, request.user), now=timezone.now())
    except (ReviewClosedError, ValueError) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Written down who takes part."))
    return redirect(reverse("review-week", args=[wanted.name]) + "#sla")


@login_required
@require_POST
def close(request: HttpRequest, week: str) -> HttpResponse:
    """Closes the review, unless a decision still waits for its answer."""
    check(request.user, "review.decide")
    wanted = _week(week)
    try:
        close_review(wanted, user=cast(User, request.user), now=timezone.now())
    except ReviewNotClosableError as problem:
        messages.error(request, str(problem))
        return redirect(reverse("review-week", args=[wanted.name]) + "#earlier")
    messages.success(request, _("The review of %(week)s is closed.") % {"week": wanted.name})
    return redirect("review-week", wanted.name)


def _week(text: str) -> Week:
    """The week an address names; 404 for what is no week or has not begun."""
    try:
        week = Week.parse(text, organisation_zone())
    except ValueError as problem:
        raise Http404(str(problem)) from None
    if timezone.now() < week.start:
        raise Http404(_("This week has not begun yet."))
    return week
