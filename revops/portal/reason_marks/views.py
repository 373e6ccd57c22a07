"""The tap on a reason."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from revops.portal.back_office import needs, person_of
from revops.portal.lead_pages.visibility import lead_or_404
from scoring.marks import UnknownReason, mark_reason


@needs("leads.decide")
@require_POST
def mark(request: HttpRequest, lead_id: str, rule_key: str) -> HttpResponse:
    """Keeps the word of this person on one reason and shows the two buttons again."""
    lead = lead_or_404(request.user, lead_id)
    is_helpful = request.POST.get("helpful") == "yes"
    try:
        mark_reason(lead.pk, rule_key, person_of(request), is_helpful, timezone.now())
    except UnknownReason:
        raise Http404 from None
    if request.htmx:  # type: ignore[attr-defined]
        context = {"lead": lead, "rule_key": rule_key, "marked": is_helpful, "said": True}
        return render(request, "rules/_mark.html", context)
    return redirect("lead", lead.public_id)
