"""Who a visitor of a form is, if we know: by the link they were mailed, or by what this browser sent before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from leads.models import Lead, Person, SubmissionOutcome

COOKIE = "form_visitor"
KEPT = timedelta(days=180)
_SALT = "visitor of a lead form"


def token_of_submission(submission_id: UUID) -> str:
    """Names whoever sent a submission, for their browser and for links that only they get."""
    return signing.dumps(f"s{submission_id.hex}", salt=_SALT)


def token_of_person(person_id: UUID) -> str:
    """Names a person in a link that is mailed to them."""
    return signing.dumps(f"p{person_id.hex}", salt=_SALT)


def lead_of(token: str) -> Lead | None:
    """The newest lead of the person behind a token, with person and account; None if nobody is known by it."""
    try:
        text = signing.loads(token, salt=_SALT, max_age=KEPT)
        kind, pk = str(text)[:1], UUID(hex=str(text)[1:])
    except (signing.BadSignature, ValueError, TypeError):
        return None
    leads = Lead.objects.shown().select_related("person", "account").filter(person__erased_at__isnull=True)
    if kind == "s":
        outcome = SubmissionOutcome.objects.filter(submission=pk, lead__isnull=False).order_by("-pk").first()
        if outcome is None or outcome.lead is None:
            return None
        leads = leads.filter(person=outcome.lead.person_id)
    else:
        leads = leads.filter(person=pk)
    return leads.order_by("-received_at", "-pk").first()


def visitor_of(request: HttpRequest, *, asks_next: bool) -> Lead | None:
    """Who opens a form that asks people it knows for more: the link's person before the browser's."""
    if not asks_next or (request.POST if request.method == "POST" else request.GET).get("new"):
        return None
    token = request.GET.get("v") or request.POST.get("v") or request.COOKIES.get(COOKIE, "")
    return lead_of(token) if token else None


def remember(response: HttpResponse, submission_id: UUID) -> None:
    """Lets this browser be known by forms (and by nothing else) for half a year."""
    response.set_cookie(
        COOKIE, token_of_submission(submission_id), max_age=KEPT, path="/f/", httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def forget(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, path="/f/", samesite="Lax")


def known_facts(lead: Lead) -> dict[str, Any]:
    """What we know of the person of a lead, under the names of the questions; empty facts are left out."""
    person, account = lead.person, lead.account
    facts = {
        "email": person.email,
        "phone": person.phone,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "name": f"{person.first_name} {person.last_name}".strip(),
        "title": person.title,
        "purchasing_role": person.purchasing_role,
        "country": person.country or (account.country if account else ""),
        "city": person.city,
        "company": account.name if account else "",
        "website": str(account.domain or "") if account else "",
        "industry": account.industry if account else "",
        "employees": account.employees if account else None,
        "timeline_on": lead.attributes.get("timeline_on"),
        "use_case": lead.attributes.get("use_case"),
    }
    return {name: value for name, value in facts.items() if value}


def identity_of(person: Person) -> dict[str, str]:
    """By what the journey finds this person again."""
    return {"email": str(person.email)} if person.email else {"phone": str(person.phone or "")}
