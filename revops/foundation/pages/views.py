"""The living design page, and the display settings of a person."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from revops.foundation.pages.design import ExampleForm, examples
from revops.foundation.pages.errors import ERRORS, error_page
from revops.foundation.pages.preferences import keep_display_settings


@login_required
def design(request: HttpRequest) -> HttpResponse:
    """Every component and chart in each of its states."""
    if "flash" in request.GET:
        messages.success(request, "Accepted Acme. The clock for first contact is running.")
    form = ExampleForm(request.GET if "check" in request.GET else {"email": "mara@", "company": "", "reason": ""})
    return render(request, "design.html", {**examples(timezone.now()), "form": form, "empty_form": ExampleForm()})


@login_required
def design_error(request: HttpRequest, status: int) -> HttpResponse:
    if status not in ERRORS:
        raise Http404
    return error_page(request, status)


@login_required
@require_POST
def display_settings(request: HttpRequest) -> HttpResponse:
    keep_display_settings(request.user, request.POST.get("theme"), request.POST.get("shortcuts"))
    back = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "/")
