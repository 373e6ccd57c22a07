"""The page of the ladder: its steps, who stands in for whom, and what it did lately."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from revops.foundation.policy import can, check
from revops.portal.back_office import needs, note, person_of
from revops.portal.ladder.forms import BackupForm, LadderForm
from sla.agreements import live_agreement
from sla.escalation import Ladder, ladders_of, save_backup, save_ladder
from sla.ladder import Action
from sla.models import Escalation, RepBackup

NEWEST = 20
STEP_WORDS = {
    Action.REMIND: gettext_lazy("whoever has the lead is reminded"),
    Action.BACKUP: gettext_lazy("the stand-in and the team's manager are told"),
    Action.MANAGER: gettext_lazy("the manager decides who takes it"),
    Action.POOL: gettext_lazy("the lead is offered to others: whoever presses “Get next” has it"),
}


@needs("sla.view")
@require_http_methods(["GET", "POST"])
def ladder(request: HttpRequest) -> HttpResponseBase:
    """Shows the ladder of the agreement in effect; those who manage the SLA change it, as a new version."""
    agreement = live_agreement()
    if request.method == "GET" or agreement is None:
        return _page(request, None, None)
    user, now = person_of(request), timezone.now()
    check(user, "sla.manage")
    form = LadderForm(request.POST)
    if not form.is_valid():
        return _page(request, form, None)
    with transaction.atomic():
        before = ladders_of([agreement.pk])[agreement.pk]
        row = save_ladder(agreement, form.steps(), most_moves=form.cleaned_data["most_moves"], by=user, now=now)
        note(user, "ladder.saved", row, now, before=_facts(before),
             after={"steps": row.steps, "most_moves": row.most_moves})  # fmt: skip
    messages.success(request, _("The ladder is saved as version %(n)s.") % {"n": row.version})
    return redirect("sla-ladder")


@needs("sla.manage")
@require_POST
def backups(request: HttpRequest) -> HttpResponseBase:
    """Says who stands in for somebody."""
    form = BackupForm(request.POST)
    if not form.is_valid():
        return _page(request, None, form)
    user, backup, now = form.cleaned_data["user"], form.cleaned_data["backup"], timezone.now()
    with transaction.atomic():
        save_backup(user, backup, now=now)
        after = {"backup": str(backup.pk) if backup else None}
        note(person_of(request), "backup.saved", user, now, after=after)
    messages.success(request, _("Saved."))
    return redirect("sla-ladder")


def _page(request: HttpRequest, form: LadderForm | None, backup_form: BackupForm | None) -> HttpResponseBase:
    agreement = live_agreement()
    found = ladders_of([agreement.pk])[agreement.pk] if agreement else Ladder()
    usual = {step.action.value: step.after for step in found.steps} | {"most_moves": found.most_moves}
    context: dict[str, Any] = {
        "agreement": agreement,
        "ladder": found,
        "steps": [(step.after, STEP_WORDS[step.action]) for step in found.steps],
        "form": form or LadderForm(initial=usual),
        "backup_form": backup_form or BackupForm(),
        "stand_ins": RepBackup.objects.select_related("user", "backup").order_by("user__name"),
        "newest": _newest() if can(request.user, "people.view") else [],
        "may_manage": can(request.user, "sla.manage") and agreement is not None,
        "now": timezone.now(),
    }
    failed = (form is not None and form.errors) or (backup_form is not None and backup_form.errors)
    return render(request, "sla/ladder.html", context, status=422 if failed else 200)


def _newest() -> list[Escalation]:
    """The latest steps taken, with their leads. One query."""
    rows = Escalation.objects.select_related("receiver", "lead__account", "lead__person", "clock__clause")
    return list(rows.order_by("-pk")[:NEWEST])


def _facts(ladder: Ladder) -> dict[str, Any]:
    return {
        "steps": [{"action": step.action.value, "after": step.after} for step in ladder.steps],
        "most_moves": ladder.most_moves,
    }
