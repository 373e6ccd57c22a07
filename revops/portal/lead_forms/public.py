"""The public page of a lead form: no script, no cookie, under 15 KB, may stand in a frame of any site."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from leads.cleaning import UTM_FACTS, one_line
from leads.models import LeadForm
from revops.foundation.ids import decode, encode
from revops.foundation.middleware import content_security_policy
from revops.portal import journey
from revops.portal.lead_forms.guard import FASTEST, OLDEST, TRAP, age_of, is_too_often, stamp
from revops.portal.lead_forms.hosted import HostedForm, item_of, typed

framed = content_security_policy(
    frame_ancestors="*", script_src="'none'", connect_src="'none'", font_src="'none'", manifest_src="'none'"
)


@framed
@never_cache
@csrf_exempt  # there is no session here to abuse; the signed stamp does what a token could
@require_http_methods(["GET", "HEAD", "POST"])
def hosted_form(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows a form, and takes what is posted on the journey."""
    lead_form = get_object_or_404(LeadForm.objects.select_related("signal_kind"), slug=slug)
    if not lead_form.is_open:
        return _page("closed", {"lead_form": lead_form}, 410)
    if request.method != "POST":
        return _form_page(request, lead_form, HostedForm(lead_form))
    if is_too_often(request):
        words = _("Many forms came from your network just now. Wait ten minutes, then send it again.")
        return _form_page(request, lead_form, HostedForm(lead_form, request.POST), words, 429)
    return _posted(request, lead_form)


def _posted(request: HttpRequest, lead_form: LeadForm) -> HttpResponse:
    now, sent = timezone.now(), {name: str(value) for name, value in request.POST.items()}
    if sent.get(TRAP):
        return _admit(lead_form, typed(lead_form, sent), sent, "honeypot")
    form = HostedForm(lead_form, request.POST)
    if not form.is_valid():
        return _form_page(request, lead_form, form, status=422)
    age = age_of(sent.get("opened", ""), lead_form.slug, now)
    if age is not None and age > OLDEST:
        words = _("This page was open for more than a day. Check what you typed and send it again.")
        return _form_page(request, lead_form, form, words, 422, is_old=True)
    hold = "time_trap" if age is None or age < FASTEST else ""
    return _admit(lead_form, form.cleaned_data, sent, hold)


def _admit(lead_form: LeadForm, facts: dict[str, Any], sent: dict[str, str], hold: str) -> HttpResponse:
    """The answer is the same whether it is held or not: robots learn nothing."""
    now = timezone.now()
    item = item_of(lead_form, facts, sent, now, page=sent.get("page", ""), hold=hold)
    (receipt,) = journey.admit([item], now=now)
    thanks = reverse("hosted-form-thanks", args=[lead_form.slug])
    return redirect(f"{thanks}?receipt={encode('sub', receipt.submission_id)}")


@framed
@require_safe
def thanks(request: HttpRequest, slug: str) -> HttpResponse:
    """Says thank you, with the receipt."""
    lead_form = get_object_or_404(LeadForm, slug=slug)
    receipt = request.GET.get("receipt", "")
    try:
        decode("sub", receipt)
    except ValueError:
        receipt = ""
    return _page("thanks", {"lead_form": lead_form, "receipt": receipt})


def _form_page(
    request: HttpRequest, lead_form: LeadForm, form: HostedForm, problem: str = "", status: int = 200, *,
    is_old: bool = False,
) -> HttpResponse:  # fmt: skip
    sent = request.POST if request.method == "POST" else request.GET
    opened = sent.get("opened", "") if request.method == "POST" and not is_old else ""
    page = sent.get("page") or request.headers.get("Referer", "")
    context = {
        "lead_form": lead_form,
        "form": form,
        "problem": problem,
        "trap": TRAP,
        "opened": opened or stamp(lead_form.slug, timezone.now()),
        "hidden": [(name, one_line(sent[name], 200)) for name in UTM_FACTS if sent.get(name)],
        "page": one_line(page, 500),
    }
    return _page("form", context, status)


def _page(name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Without context processors: they would look for a session."""
    return HttpResponse(get_template(f"lead_forms/hosted_{name}.html").render(context), status=status)
