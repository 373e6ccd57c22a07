"""“Get next”: the most urgent lead of the pool becomes mine; two people never get the same."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leads.models import Lead
from revops.foundation.policy import check
from revops.portal import journey
from revops.portal.queue.card import lead_name
from revops.portal.session.requests import SignedInRequest
from sla.pool import NotInRouting


@login_required
@require_POST
def take(request: SignedInRequest) -> HttpResponse:
    """Takes the next lead of the pool and opens it in the queue."""
    check(request.user, "leads.decide")
    try:
        taken = journey.pull_next(request.user.pk, now=timezone.now())
    except NotInRouting as reason:
        messages.warning(request, str(reason))
        return redirect("queue")
    if taken is None:
        messages.info(request, _("The pool is empty. Somebody may have been quicker."))
        return redirect("queue")
    lead = Lead.objects.select_related("person", "account").get(pk=taken.lead_id)
    messages.success(request, _("%(name)s is yours now.") % {"name": lead_name(lead)})
    return redirect(f"{reverse('queue')}?lead={lead.public_id}")
