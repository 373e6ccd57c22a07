"""My notification settings, my chat and my team's, and the page behind “no more digests”."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from revops.foundation.delivery import DeliveryRefused
from revops.foundation.models import (
    PERSONAL_CHANNELS,
    Cadence,
    ChatEndpoint,
    NoticePreference,
    NoticeSetting,
    Role,
    Team,
    User,
)
from revops.foundation.notice_kinds import GROUP_LABELS, cadence_of, kinds_for
from revops.foundation.telling import stop_digest_mail
from revops.portal.back_office import person_of
from revops.portal.notification_settings import saving
from revops.portal.notification_settings.forms import ChatForm, PreferenceForm


@login_required
@require_http_methods(["GET", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """Every kind of event on every channel, and what holds for all of them."""
    user = person_of(request)
    preference = NoticePreference.objects.filter(user=user).first() or NoticePreference(user=user)
    form = PreferenceForm(request.POST if request.method == "POST" else None, instance=preference)
    if request.method == "POST" and form.is_valid():
        saving.save_settings(user, _chosen(request, user), form.cleaned_data, now=timezone.now())
        messages.success(request, _("Saved. It holds from the next notice on."))
        return redirect("notification-settings")
    return _page(request, form)


@login_required
@require_POST
def save_chat(request: HttpRequest, whose: str) -> HttpResponse:
    """Sets my chat channel, or my team's."""
    user, team = _whose(request, whose)
    form = ChatForm(request.POST)
    if form.is_valid():
        try:
            saving.save_chat(form.cleaned_data["url"], user=user, team=team, by=person_of(request), now=timezone.now())
        except DeliveryRefused as refusal:
            form.add_error("url", str(refusal))
        else:
            messages.success(request, _("The chat channel is saved. Send a test to see that it works."))
            return redirect("notification-settings")
    return _page(request, None, chat_form=form, chat_of=whose)


@login_required
@require_POST
def test_chat(request: HttpRequest, whose: str) -> HttpResponse:
    """Sends a test to a chat channel; what came of it is on the page of the outbox, or in the chat."""
    endpoint = _endpoint_or_404(request, whose)
    saving.send_test(endpoint, by=person_of(request), now=timezone.now())
    messages.success(request, _("A test is on its way to %(host)s.") % {"host": endpoint.host})
    return redirect("notification-settings")


@login_required
@require_POST
def remove_chat(request: HttpRequest, whose: str) -> HttpResponse:
    saving.remove_chat(_endpoint_or_404(request, whose), by=person_of(request), now=timezone.now())
    messages.success(request, _("The chat channel is removed."))
    return redirect("notification-settings")


@csrf_exempt  # mail programs post here without a session; the signed token says who
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ends digests by e-mail. Opening the link only asks; mail programs and the button post."""
    if request.method == "GET":
        return render(request, "notification_settings/unsubscribe.html", {"token": token, "done": False})
    if stop_digest_mail(token, now=timezone.now()) is None:
        raise Http404
    return render(request, "notification_settings/unsubscribe.html", {"token": token, "done": True})


def _page(
    request: HttpRequest, form: PreferenceForm | None, *, chat_form: ChatForm | None = None, chat_of: str = ""
) -> HttpResponse:
    user = person_of(request)
    preference = NoticePreference.objects.filter(user=user).first() or NoticePreference(user=user)
    form = form or PreferenceForm(instance=preference)
    stored = {(row.kind, row.channel): row.cadence for row in NoticeSetting.objects.filter(user=user)}
    if request.method == "POST" and form.is_bound:
        stored = _chosen(request, user)
    team = _own_team(user)
    failed = form.errors or (chat_form is not None and chat_form.errors)
    context: dict[str, Any] = {
        "form": form,
        "groups": [
            {"label": GROUP_LABELS[group], "rows": [_row(kind, user, stored) for kind in kinds]}
            for group, kinds in groupby(kinds_for(user.role), key=lambda kind: kind.group)
        ],
        "channels": [channel.label for channel in PERSONAL_CHANNELS],
        "cadences": Cadence.choices,
        "is_rep": user.role == Role.REP,
        "chats": [_chat(whose, request, chat_form, chat_of) for whose in ("mine", *(("team",) if team else ()))],
        "team": team,
    }
    return render(request, "notification_settings/settings.html", context, status=422 if failed else 200)


def _row(kind: Any, user: User, stored: dict[tuple[str, str], str]) -> dict[str, Any]:
    cells = [
        {
            "name": f"{kind.code}|{channel.value}",
            "label": channel.label,
            "chosen": cadence_of(kind.code, channel.value, user.role, stored).value,
            "is_locked": kind.is_locked and channel == "in_app",
        }
        for channel in PERSONAL_CHANNELS
    ]
    return {"kind": kind, "cells": cells}


def _chosen(request: HttpRequest, user: User) -> dict[tuple[str, str], str]:
    """What the matrix was sent with."""
    found = {}
    for kind in kinds_for(user.role):
        for channel in PERSONAL_CHANNELS:
            value = request.POST.get(f"{kind.code}|{channel.value}", "")
            if value in Cadence.values:
                found[kind.code, channel.value] = value
    return found


def _chat(whose: str, request: HttpRequest, form: ChatForm | None, form_of: str) -> dict[str, Any]:
    user = person_of(request)
    rows = (
        ChatEndpoint.objects.filter(team=_own_team(user)) if whose == "team" else ChatEndpoint.objects.filter(user=user)
    )
    return {
        "whose": whose,
        "endpoint": rows.first(),
        "form": form if form is not None and form_of == whose else ChatForm(auto_id=f"id_{whose}_%s"),
    }


def _own_team(user: User) -> Team | None:
    """The team whose chat this person may set: the one they manage, or for admins their own."""
    return Team.objects.filter(manager=user).first() or (user.team if user.role == Role.ADMIN else None)


def _whose(request: HttpRequest, whose: str) -> tuple[User | None, Team | None]:
    user = person_of(request)
    if whose == "mine":
        return user, None
    team = _own_team(user) if whose == "team" else None
    if team is None:
        raise Http404
    return None, team


def _endpoint_or_404(request: HttpRequest, whose: str) -> ChatEndpoint:
    user, team = _whose(request, whose)
    endpoint = ChatEndpoint.objects.filter(user=user, team=team).first()
    if endpoint is None:
        raise Http404
    return endpoint
