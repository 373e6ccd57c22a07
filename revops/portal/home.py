"""The front door: everybody lands on the page of their daily question."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse

from revops.foundation.models.people import Role
from revops.portal.session.requests import SignedInRequest

FIRST_PAGES: dict[str, tuple[str, ...]] = {
    Role.REP: ("queue",),
    Role.SALES_MANAGER: ("queue",),
    Role.MARKETER: ("rejections",),
    Role.MARKETING_MANAGER: ("rejections", "review"),
    Role.EXECUTIVE: ("review",),
    Role.ADMIN: ("health", "imports"),
}
"""The first of these pages that this installation has; the list of leads if it has none."""


@login_required
def home(request: SignedInRequest) -> HttpResponse:
    """Sends a person to their first page."""
    for name in (*FIRST_PAGES.get(request.user.role, ()), "leads"):
        try:
            return redirect(reverse(name))
        except NoReverseMatch:
            continue
    return redirect("design")
