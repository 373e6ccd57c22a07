"""The list of signal kinds, and sales' word on one."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from feedback.kind_lift import NO_LIFT, lift_of_kinds
from feedback.proving_kinds import VerdictRefused, judge_kind
from leads.models import SignalKind
from revops.foundation.policy import can
from revops.portal.back_office import needs, note, person_of
from scoring.models import KindVerdict, Rulebook
from scoring.rules import parse_rulebook
from scoring.rules.conditions import kinds_of


@needs("rules.view")
@require_GET
def kinds(request: HttpRequest) -> HttpResponse:
    """Every kind with what leads that showed it became, beside those that did not."""
    now = timezone.now()
    lifts = lift_of_kinds(now)
    verdicts = {
        row.kind_id: row
        for row in KindVerdict.objects.select_related("user").order_by("kind_id", "-given_at").distinct("kind_id")
    }
    used = _used()
    rows = [
        {
            "kind": kind,
            "lift": lifts.get(kind.pk, NO_LIFT),
            "verdict": verdicts.get(kind.pk),
            "rules": used.get(kind.code, []),
        }
        for kind in SignalKind.objects.order_by("is_proven", "family", "name")
    ]
    context = {"rows": rows, "may_confirm": can(person_of(request), "signals.confirm"), "now": now}
    return render(request, "signal_kinds/list.html", context)


def _used() -> dict[str, list[str]]:
    """The rules of the live rulebook that rest on each kind. One query."""
    definition = Rulebook.objects.filter(state="live").values_list("definition", flat=True).first()
    used: dict[str, list[str]] = {}
    for rule in parse_rulebook(definition).rules if definition else ():
        for code in kinds_of(rule.condition):
            used.setdefault(code, []).append(rule.key)
    return used


@needs("signals.confirm")
@require_POST
def judge(request: HttpRequest, code: str) -> HttpResponse:
    """Sales says that a kind is proven, or no longer."""
    kind, user, now = get_object_or_404(SignalKind, code=code), person_of(request), timezone.now()
    is_proven = request.POST.get("proven") == "yes"
    try:
        with transaction.atomic():
            verdict = judge_kind(kind, is_proven=is_proven, reason=request.POST.get("reason", ""), by=user, now=now)
            note(user, "signal_kind.judged", verdict, now, after={"kind": code, "is_proven": is_proven})
    except VerdictRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("Kept. The next version of the rules knows it; the live one stays as it was signed.")
        )
    return redirect("signal-kinds")
