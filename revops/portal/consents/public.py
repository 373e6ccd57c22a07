"""Pages behind links in mails: confirm an address, take consent back. Opening a link only asks; a button acts."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from leads.consents import proof_in, standings, withdraw_consents
from leads.models import Confirmation, Person
from leads.models.consents import ConsentChannel, ConsentKind, ConsentPurpose
from revops.foundation.ids import decode, encode
from revops.foundation.middleware import content_security_policy
from revops.portal.consents.confirming import CONFIRMED, confirm, send_again, state_of
from revops.portal.consents.mails import confirmation_of, person_withdrawing
from revops.portal.consents.proofs import proof_of
from revops.portal.lead_forms.guard import is_too_often
from revops.portal.lead_forms.visitors import remember, token_of_submission

small = content_security_policy(script_src="'none'", connect_src="'none'", font_src="'none'", manifest_src="'none'")


@small
@never_cache
@csrf_exempt  # the signed link is the token, and there is no session
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_page(request: HttpRequest, token: str) -> HttpResponse:
    """Asks whether the address is theirs; the button confirms it. Programs that only open links confirm nothing."""
    now, pk = timezone.now(), confirmation_of(token)
    row = Confirmation.objects.select_related("form").filter(pk=pk).first() if pk else None
    if row is None:
        raise Http404
    if request.method != "POST" or state_of(row, now) != "open":
        return _page(
            "confirm", {"form": row.form, "state": state_of(row, now), "token": token, "receipt": _receipt(row)}
        )
    if confirm(row.pk, now=now, proof=proof_of(request)) != CONFIRMED:
        return redirect("confirmation", token)
    if not row.form.asks_next:
        return _page("confirm", {"form": row.form, "state": CONFIRMED, "receipt": _receipt(row)})
    thanks = reverse("hosted-form-thanks", args=[row.form.slug])
    response = redirect(f"{thanks}?receipt={_receipt(row)}&t={token_of_submission(row.submission_id)}")
    remember(response, row.submission_id)
    return response


def _receipt(row: Confirmation) -> str:
    return encode("sub", row.submission_id)


@small
@never_cache
@csrf_exempt
@require_POST
def again(request: HttpRequest, receipt: str) -> HttpResponse:
    """Mails the link once more. The answer is the same whether there was anything to send: it tells nobody apart."""
    try:
        pk = decode("sub", receipt)
    except ValueError:
        raise Http404 from None
    if not is_too_often(request, "confirm-again"):
        send_again(pk, now=timezone.now())
    return _page("sent_again", {})


@small
@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_page(request: HttpRequest, token: str) -> HttpResponse:
    """Takes consent back, all of it or that to news. Mail programs post here by themselves (one click)."""
    pk = person_withdrawing(token)
    person = Person.objects.filter(pk=pk).first() if pk else None
    if person is None:
        raise Http404
    now = timezone.now()
    if request.method != "POST":
        standing = standings([person.pk], now=now).get(person.pk, {})
        is_done = bool(standing) and all(one.kind == ConsentKind.WITHDRAWN for one in standing.values())
        return _page("withdraw", {"token": token, "is_done": is_done or person.do_not_contact})
    purposes = [ConsentPurpose.NEWS] if request.POST.get("what") == "news" else list(ConsentPurpose)
    if request.POST.get("List-Unsubscribe") == "One-Click":
        purposes = [ConsentPurpose.NEWS]
    proof = proof_in(proof_of(request))
    withdraw_consents([person.pk], purposes, ConsentChannel.LINK, now=now, proof=proof)
    return _page("withdraw", {"token": token, "is_done": True, "only_news": len(purposes) == 1})


def _page(name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Without context processors: they would look for a session."""
    return HttpResponse(get_template(f"consents/public_{name}.html").render(context), status=status)
