"""The public page of a lead form: no script, under 15 KB, in frames of the sites that the form allows."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads.cleaning import UTM_FACTS, one_line
from leads.models import Confirmation, Lead, LeadForm, SubmissionBody
from leads.models.forms import FormState
from leads.unread import unread_facts
from revops.foundation.ids import decode, encode
from revops.portal import journey
from revops.portal.consents.proofs import proof_of
from revops.portal.lead_forms.asking import answer_item, next_question, note_answers
from revops.portal.lead_forms.counting import count
from revops.portal.lead_forms.guard import FASTEST, OLDEST, TRAP, age_of, is_too_often, stamp
from revops.portal.lead_forms.hosted import HostedForm, item_of, question_field, refused_item, typed
from revops.portal.lead_forms.questions import QUESTIONS, Question
from revops.portal.lead_forms.visitors import (
    forget,
    identity_of,
    known_facts,
    lead_of,
    remember,
    token_of_submission,
    visitor_of,
)

_FOR_ONE_PURPOSE = {
    "script-src": "'none'", "connect-src": "'none'", "font-src": "'none'", "manifest-src": "'none'",
}  # fmt: skip


@never_cache
@csrf_exempt  # there is no session here to abuse; the signed stamp does what a token could
@require_http_methods(["GET", "HEAD", "POST"])
def hosted_form(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows a form, and takes what is posted on the journey."""
    lead_form = _form(slug)
    if lead_form.state == FormState.DRAFT:
        raise Http404
    if not lead_form.is_open:
        return _page("closed", {"lead_form": lead_form}, 410)
    lead = visitor_of(request, asks_next=lead_form.asks_next)
    if request.method != "POST":
        if request.method == "GET":
            count(lead_form, "opened", timezone.now())
        response = _form_page(request, lead_form, _hosted(lead_form, lead), lead)
        if request.GET.get("new"):
            forget(response)
        return response
    if is_too_often(request, slug):
        count(lead_form, "turned_away", timezone.now())
        words = _("Many forms came from your network just now. Wait ten minutes, then send it again.")
        return _form_page(request, lead_form, _hosted(lead_form, lead, request), lead, words, 429)
    return _posted(request, lead_form, lead)


def _posted(request: HttpRequest, lead_form: LeadForm, lead: Lead | None) -> HttpResponse:
    now, sent = timezone.now(), {name: str(value) for name, value in request.POST.items()}
    if sent.get(TRAP):
        return _admit(request, lead_form, typed(lead_form, sent), sent, "honeypot")
    form = _hosted(lead_form, lead, request)
    age = age_of(sent.get("opened", ""), lead_form.slug, now)
    is_old = age is not None and age > OLDEST
    if not form.is_valid() or is_old:
        words = _("This page was open for more than a day. Check what you typed and send it again.") if is_old else ""
        (receipt,) = journey.admit([refused_item(lead_form, sent, form.problems() or words)], now=now)
        count(lead_form, "corrected", now)
        return _form_page(
            request, lead_form, form, lead, words, 422, is_old=is_old, receipt=encode("sub", receipt.submission_id)
        )
    hold = "time_trap" if age is None or age < FASTEST else ""
    return _admit(request, lead_form, form.cleaned_data, sent, hold, lead)


def _admit(
    request: HttpRequest, lead_form: LeadForm, facts: dict[str, Any], sent: dict[str, str], hold: str,
    lead: Lead | None = None,
) -> HttpResponse:  # fmt: skip
    """The answer is the same whether it is held or not: robots learn nothing."""
    now = timezone.now()
    known = identity_of(lead.person) if lead is not None else {}
    item = item_of(lead_form, {**known, **facts}, sent, now, hold=hold, proof=proof_of(request, sent.get("page", "")))
    (receipt,) = journey.admit([item], now=now)
    if lead is not None:
        note_answers(lead.person_id, facts, receipt.submission_id, now)
    if not hold:
        count(lead_form, "sent", now)
    asks = lead_form.asks_next and lead is None  # whoever is known was asked by the form itself
    response = redirect(_next_address(lead_form, receipt.submission_id, asks_next=asks))
    if lead_form.asks_next:
        remember(response, receipt.submission_id)
    return _with_policy(response, lead_form)


def _next_address(lead_form: LeadForm, submission_id: UUID, *, asks_next: bool) -> str:
    if lead_form.redirect_url and not lead_form.needs_confirmation and not asks_next:
        return lead_form.redirect_url
    query = {"receipt": encode("sub", submission_id)}
    if asks_next:
        query["t"] = token_of_submission(submission_id)
    return f"{reverse('hosted-form-thanks', args=[lead_form.slug])}?{urlencode(query)}"


@never_cache
@require_safe
def thanks(request: HttpRequest, slug: str) -> HttpResponse:
    """Says thank you, with the receipt; asks whom we know for one fact more."""
    lead_form = _form(slug)
    token = request.GET.get("t", "")
    context: dict[str, Any] = {"lead_form": lead_form, **_received(request.GET.get("receipt", ""))}
    if lead_form.asks_next and lead_form.is_open and token and not context["waits"]:
        lead = lead_of(token)
        question = next_question(lead_form, lead, timezone.now()) if lead is not None else None
        context |= _asking(question, token)
    return _page("thanks", context)


def _received(receipt: str) -> dict[str, Any]:
    """The receipt, if it is one, whether its sender still has to confirm the address, and which answers (never what
    they say) nobody could read.
    """
    try:
        pk = decode("sub", receipt)
    except ValueError:
        return {"receipt": "", "waits": None, "unread": []}
    waits = Confirmation.objects.filter(submission=pk, confirmed_at__isnull=True).first()
    unread = unread_facts(SubmissionBody.objects.filter(submission=pk).first())
    return {
        "receipt": receipt,
        "waits": waits,
        "is_late": waits is not None and waits.expires_at <= timezone.now(),
        "unread": [QUESTIONS[name].label for name in unread if name in QUESTIONS],
    }


@never_cache
@csrf_exempt
@require_POST
def answer(request: HttpRequest, slug: str) -> HttpResponse:
    """Takes the one fact more that somebody was asked for; leaving it open is fine, too."""
    lead_form, token, now = _form(slug), request.POST.get("t", ""), timezone.now()
    lead, question = lead_of(token), QUESTIONS.get(request.POST.get("question", ""))
    if lead is None or question is None or not lead_form.is_open:
        raise Http404
    receipt = {"receipt": request.POST.get("receipt", "")}
    if is_too_often(request, f"{slug}/more"):
        words = _("Many answers came from your network just now. Wait ten minutes, then send it again.")
        context = {**_asking(question, token), "problem": words, "lead_form": lead_form, **receipt}
        return _page("thanks", context, 429)
    if "skip" in request.POST:
        note_answers(lead.person_id, {question.name: ""}, None, now)
        return _after_answer(lead_form, receipt["receipt"])
    form = HostedFormOfOne(question, request.POST)
    if not form.is_valid():
        context = {**_asking(question, token, form), "lead_form": lead_form, **receipt}
        return _page("thanks", context, 422)
    continued = _decoded(receipt["receipt"])
    item = answer_item(lead_form, lead, question, form.cleaned_data[question.name], continued)
    (taken,) = journey.admit([item], now=now)
    note_answers(lead.person_id, {question.name: True}, taken.submission_id, now)
    return _after_answer(lead_form, receipt["receipt"])


class HostedFormOfOne(HostedForm):
    """One question by itself, which has to be answered or skipped."""

    def __init__(self, question: Question, data: Any = None) -> None:
        super().__init__(LeadForm(fields=[]), data)
        self.fields[question.name] = question_field(question, required=True)


def _after_answer(lead_form: LeadForm, receipt: str) -> HttpResponse:
    if lead_form.redirect_url:
        return _with_policy(redirect(lead_form.redirect_url), lead_form)
    query = urlencode({"receipt": receipt, "more": "thanks"})
    return redirect(f"{reverse('hosted-form-thanks', args=[lead_form.slug])}?{query}")


def _asking(question: Question | None, token: str, form: HostedFormOfOne | None = None) -> dict[str, Any]:
    if question is None:
        return {}
    return {"question": question, "form": form or HostedFormOfOne(question), "t": token}


def preview_page(lead_form: LeadForm) -> HttpResponse:
    """The form as visitors will see it, whatever its state; nothing can be sent."""
    return _page("form", {"lead_form": lead_form, "form": HostedForm(lead_form), "is_preview": True})


def _form(slug: str) -> LeadForm:
    return get_object_or_404(LeadForm.objects.select_related("signal_kind"), slug=slug)


def _hosted(lead_form: LeadForm, lead: Lead | None, request: HttpRequest | None = None) -> HostedForm:
    """The form for a stranger, or what is still missing of somebody we know and one question more."""
    data = request.POST if request is not None else None
    if lead is None:
        return HostedForm(lead_form, data)
    return HostedForm(lead_form, data, known=known_facts(lead), extra=next_question(lead_form, lead, timezone.now()))


def _form_page(
    request: HttpRequest, lead_form: LeadForm, form: HostedForm, lead: Lead | None, problem: str = "",
    status: int = 200, *, is_old: bool = False, receipt: str = "",
) -> HttpResponse:  # fmt: skip
    is_post = request.method == "POST"
    sent = request.POST if is_post else request.GET
    opened = sent.get("opened", "") if is_post and not is_old else ""
    page = sent.get("page") or request.headers.get("Referer", "")
    hidden = {name: one_line(sent[name], 200) for name in (*UTM_FACTS, "v", "new") if sent.get(name)}
    hidden |= {name: one_line(text, 500) for name, text in (("page", page), ("referrer", sent.get("referrer"))) if text}
    context = {
        "lead_form": lead_form,
        "form": form,
        "problem": problem,
        "trap": TRAP,
        "opened": opened or stamp(lead_form.slug, timezone.now()),
        "hidden": list(hidden.items()),
        "is_known": lead is not None,
        "receipt": receipt,
    }
    return _page("form", context, status)


def _page(name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Without context processors: they would look for a session."""
    html = get_template(f"lead_forms/hosted_{name}.html").render(context)
    return _with_policy(HttpResponse(html, status=status), context["lead_form"])


def _with_policy(response: HttpResponse, lead_form: LeadForm) -> HttpResponse:
    """Frames only on the sites that the form names, and posts that may lead to where it sends people afterwards."""
    changes = dict(_FOR_ONE_PURPOSE)
    if lead_form.redirect_url:
        parts = urlsplit(lead_form.redirect_url)
        changes["form-action"] = f"'self' {parts.scheme}://{parts.netloc}"
    if lead_form.allowed_sites:
        changes["frame-ancestors"] = " ".join(lead_form.allowed_sites)
        response.xframe_options_exempt = True  # the older header cannot say it
    response._policy_changes = changes  # type: ignore[attr-defined]
    return response


def _decoded(receipt: str) -> Any:
    try:
        return decode("sub", receipt)
    except ValueError:
        return None
