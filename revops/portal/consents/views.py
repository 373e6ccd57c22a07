"""The pages of the consent ledger: all entries, and one person with everything they agreed to and took back."""

from __future__ import annotations

from datetime import UTC, datetime, time

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads.models import ConsentEvent, Lead, LeadForm
from leads.models.consents import ConsentKind, ConsentPurpose
from leads.models.forms import FormState
from revops.foundation import ledger
from revops.foundation.ids import encode
from revops.foundation.models import LedgerEntry
from revops.foundation.policy import can
from revops.portal.back_office import csv_response, needs, page_of, person_of, query_of
from revops.portal.consents.forms import ConsentForm
from revops.portal.consents.ledger import FILTERS, HEADER, TONES, filtered, lines, person_or_404, purposes_of
from revops.portal.consents.mails import withdraw_url
from revops.portal.consents.recording import record_consent, withdraw_consent
from revops.portal.lead_forms.visitors import token_of_person


@needs("consents.view")
@require_GET
def consent_list(request: HttpRequest) -> HttpResponseBase:
    """Every entry, newest first; the same as CSV with its proof, which is written down in the ledger."""
    user = person_of(request)
    events = filtered(user, request.GET)
    if request.GET.get("format") == "csv" and can(user, "leads.export"):
        shown = events.order_by("-recorded_at", "-pk")
        filters = {name: request.GET[name] for name in FILTERS if name != "q" and request.GET.get(name)}
        what = {"count": events.count(), "filters": filters}
        entry = LedgerEntry(
            occurred_at=timezone.now(), actor=user, action="consents.exported", subject_kind="consent", after=what
        )
        ledger.record([entry])
        return csv_response("consents", HEADER, lines(shown, shows_people=can(user, "people.pii")))
    page = page_of(events, ("-recorded_at", "-pk"), request)
    context = {
        "page": page,
        "rows": [(event, encode("person", event.person_id), TONES[ConsentKind(event.kind)]) for event in page.rows],
        "kinds": ConsentKind.choices,
        "purposes": ConsentPurpose.choices,
        "active": sum(1 for name in FILTERS if request.GET.get(name)),
        "csv_url": f"?{query_of(request, format='csv')}" if can(user, "leads.export") else "",
    }
    return render(request, "consents/list.html", context)


@needs("consents.view")
@require_GET
def person_consents(request: HttpRequest, person: str) -> HttpResponse:
    """One person: what they may be mailed, and the words, time, way and proof of every entry."""
    return _page(request, person, ConsentForm(initial={"occurred_on": timezone.localdate()}))


@needs("consents.record")
@require_POST
def record(request: HttpRequest, person: str) -> HttpResponse:
    """Writes down a consent that was given some other way."""
    row = person_or_404(request.user, person)
    form = ConsentForm(request.POST)
    if not form.is_valid():
        return _page(request, person, form)
    asked, now = form.cleaned_data, timezone.now()
    ends = asked["expires_on"]
    record_consent(
        row, asked["purpose"], asked["text"], asked["note"], person_of(request), now,
        at=min(datetime.combine(asked["occurred_on"], time(), UTC), now),
        expires_at=datetime.combine(ends, time(), UTC) if ends else None,
    )  # fmt: skip
    messages.success(request, _("The consent is written down."))
    return redirect("person-consents", person)


@needs("consents.record")
@require_POST
def withdraw(request: HttpRequest, person: str) -> HttpResponse:
    """Takes consent back because they told a colleague."""
    row = person_or_404(request.user, person)
    wanted = [one for one in request.POST.getlist("purpose") if one in ConsentPurpose.values]
    words = request.POST.get("note", "").strip()[:500] or _("They told us.")
    if wanted and withdraw_consent(row, wanted, words, person_of(request), timezone.now()):
        messages.success(request, _("The consent is withdrawn. Nothing is mailed to them for it any more."))
    else:
        messages.info(request, _("There was nothing to withdraw."))
    return redirect("person-consents", person)


def _page(request: HttpRequest, public_id: str, form: ConsentForm) -> HttpResponse:
    user, now = person_of(request), timezone.now()
    person = person_or_404(user, public_id)
    events = ConsentEvent.objects.filter(person=person).select_related("source", "wording", "actor", "proof")
    lead = Lead.objects.shown().filter(person=person).order_by("-received_at").first()
    forms = LeadForm.objects.filter(state=FormState.OPEN, asks_next=True)[:5] if can(user, "forms.manage") else []
    token = token_of_person(person.pk)
    context = {
        "person": person,
        "public_id": public_id,
        "lead": lead,
        "purposes": purposes_of(person, now),
        "events": [(event, TONES[ConsentKind(event.kind)]) for event in events.order_by("-pk")[:200]],
        "form": form,
        "may_record": can(user, "consents.record"),
        "withdraw_url": withdraw_url(person.pk),
        "form_links": [(one, f"{settings.PUBLIC_URL}/f/{one.slug}/?v={token}") for one in forms],
        "sees_submissions": can(user, "submissions.view"),
    }
    return render(request, "consents/person.html", context, status=422 if form.is_bound and form.errors else 200)
