"""The register of overrides, granting one on a lead, and ending one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from revops.foundation.policy import can
from revops.portal.back_office import needs, note, page_of, person_of, status_of
from revops.portal.lead_pages.visibility import lead_or_404
from revops.portal.overrides.acting import end, grant
from revops.portal.overrides.forms import OverrideForm
from scoring.models import TierOverride
from scoring.overrides import OverrideRefused, active_overrides, newest_first


@needs("overrides.view")
@require_GET
def register(request: HttpRequest) -> HttpResponse:
    """Every override: who, why, until when, and what the rules say instead."""
    now = timezone.now()
    rows = newest_first()
    if request.GET.get("state") == "active":
        rows = rows.filter(pk__in=active_overrides(now).values("pk"))
    elif request.GET.get("state") == "over":
        rows = rows.filter(Q(expires_at__lte=now) | Q(ended_at__isnull=False))
    context = {
        "page": page_of(rows, ("-created_at", "pk"), request),
        "in_force": active_overrides(now).count(),
        "states": [("active", _("In force")), ("over", _("Over"))],
        "active": 1 if request.GET.get("state") else 0,
        "may_grant": can(person_of(request), "overrides.grant"),
        "now": now,
    }
    return render(request, "overrides/register.html", context)


@needs("overrides.grant")
def override(request: HttpRequest, lead_id: str) -> HttpResponse:
    """Grants one lead another tier for some days."""
    user, now = person_of(request), timezone.now()
    lead = lead_or_404(user, lead_id)
    form = OverrideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            (granted,) = grant([lead.pk], said["tier"], said["reason"], user, now + timedelta(days=said["days"]), now)
        except OverrideRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            note(
                user, "lead.tier_overridden", lead, now,
                after={"tier": granted.tier, "expires_at": str(granted.expires_at)}, cause=granted.reason,
            )  # fmt: skip
            messages.success(request, _("Recorded. It ends by itself on %(day)s.") % {
                "day": f"{granted.expires_at:%-d %b %Y}",
            })  # fmt: skip
            return redirect("lead", lead.public_id)
    in_force = active_overrides(now).filter(lead=lead).select_related("author").first()
    context = {"form": form, "lead": lead, "in_force": in_force, "now": now}
    return render(request, "overrides/grant.html", context, status=status_of(form))


@needs("overrides.grant")
@require_POST
def end_early(request: HttpRequest, override_id: UUID) -> HttpResponse:
    """Ends an override before its time."""
    user, now = person_of(request), timezone.now()
    granted = get_object_or_404(TierOverride.objects.select_related("lead"), pk=override_id)
    if end(granted, now):
        note(user, "lead.override_ended", granted.lead, now, after={"tier": granted.tier})
        messages.success(request, _("Ended. The lead is treated by its own tier again."))
    else:
        messages.error(request, _("It was over already."))
    return redirect("overrides")
