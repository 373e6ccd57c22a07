"""Signing in (allauth does the work), one-click demo users, and one's own settings."""

from typing import Any

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from revops.foundation.models import User
from revops.portal.session.demo import demo_users
from revops.portal.session.forms import OwnSettingsForm


class SignInView(LoginView):
    """allauth's page, with the demo company's people beside it in demo mode."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "demo_users": demo_users()}


@require_POST
def sign_in_as_demo_user(request: HttpRequest) -> HttpResponse:
    """Signs in as one of the demo people; does not exist outside demo mode."""
    email = request.POST.get("email", "")
    if not settings.DEMO_MODE or email not in {person.email for person in demo_users()}:
        raise Http404
    user = User.objects.get(email=email)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("home")


def not_here(request: HttpRequest, key: str = "") -> HttpResponse:
    """A page of allauth that this portal does not have."""
    raise Http404


@login_required
def own_settings(request: HttpRequest) -> HttpResponse:
    """Time zone, look and shortcuts of whoever is signed in."""
    form = OwnSettingsForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your settings are saved."))
        return redirect("own-settings")
    status = 422 if form.errors else 200
    return render(request, "session/settings.html", {"form": form}, status=status)
