"""The pages of API keys. A secret is shown once, in the answer to the post that made it, and kept nowhere."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib import messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from revops.foundation.api_keys import create_api_key, revoke_api_keys, rotate_api_key
from revops.foundation.models import ApiKey
from revops.portal.api_keys.forms import ApiKeyForm, RotationForm, scope_sentences
from revops.portal.back_office import csv_response, needs, note, page_of, person_of, query_of, status_of

STATES = ("usable", "expired", "revoked")


@needs("api_keys.manage")
@require_GET
def key_list(request: HttpRequest) -> HttpResponseBase:
    """All keys, newest first; the same as CSV."""
    now = timezone.now()
    keys = _filtered(request, now)
    if request.GET.get("format") == "csv":
        return _csv(keys, now)
    page = page_of(keys, ("-created_at", "-pk"), request)
    context = {
        "page": page,
        "keys": [(key, *_state(key, now)) for key in page.rows],
        "now": now,
        "states": [("usable", _("In use")), ("expired", _("Expired")), ("revoked", _("Revoked"))],
        "active": sum(1 for name in ("q", "state") if request.GET.get(name)),
        "csv_url": f"?{query_of(request, format='csv')}",
    }
    return render(request, "api_keys/list.html", context)


def _filtered(request: HttpRequest, now: datetime) -> QuerySet[ApiKey]:
    keys = ApiKey.objects.select_related("owner", "created_by")
    if words := request.GET.get("q", "").strip():
        keys = keys.filter(Q(name__icontains=words) | Q(public_id=words) | Q(owner__name__icontains=words))
    match request.GET.get("state"):
        case "usable":
            keys = keys.filter(revoked_at__isnull=True, expires_at__gt=now)
        case "expired":
            keys = keys.filter(revoked_at__isnull=True, expires_at__lte=now)
        case "revoked":
            keys = keys.filter(revoked_at__isnull=False)
    return keys


def _state(key: ApiKey, now: datetime) -> tuple[str, str]:
    """Words and tone."""
    if key.revoked_at:
        return _("Revoked"), "neutral"
    if key.expires_at <= now:
        return _("Expired"), "warn"
    if not key.owner.is_active:
        return _("Its owner is deactivated"), "warn"
    return _("In use"), "good"


def _csv(keys: QuerySet[ApiKey], now: datetime) -> HttpResponseBase:
    header = ["id", "name", "owner", "scopes", "state", "created_at", "expires_at", "last_used_at"]
    rows = (
        [
            key.public_id, key.name, key.owner.name, " ".join(key.scopes), _state(key, now)[0],
            key.created_at.isoformat(), key.expires_at.isoformat(),
            key.last_used_at.isoformat() if key.last_used_at else "",
        ]
        for key in keys.order_by("-created_at")
    )  # fmt: skip
    return csv_response("api-keys", header, rows)


@needs("api_keys.manage")
@never_cache
def key_new(request: HttpRequest) -> HttpResponse:
    """A new key; its text is in the answer and nowhere else."""
    form = ApiKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now, actor = timezone.now(), person_of(request)
        asked = form.cleaned_data
        with transaction.atomic():
            key, text = create_api_key(
                asked["name"], asked["owner"], asked["scopes"], now, created_by=actor,
                expires_at=form.expires_at(now), requests_per_minute=asked["requests_per_minute"],
            )  # fmt: skip
            after = {"name": key.name, "scopes": key.scopes, "owner": str(key.owner_id), "public_id": key.public_id}
            note(actor, "api_key.created", key, now, after=after)
        return render(request, "api_keys/secret.html", {"key": key, "text": text, "is_new": True})
    return render(request, "api_keys/new.html", {"form": form}, status=status_of(form))


@needs("api_keys.manage")
@require_GET
def key_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One key: what it may do, when it was used, and what can be done with it."""
    now, key = timezone.now(), _key(public_id)
    words = scope_sentences()
    context = {
        "key": key,
        "state": _state(key, now),
        "scopes": [(scope, words.get(scope, "")) for scope in key.scopes],
        "rotation": RotationForm(),
        "is_usable": key.is_usable(now),
        "old_works": key.previous_expires_at is not None and key.previous_expires_at > now,
    }
    return render(request, "api_keys/key.html", context)


@needs("api_keys.manage")
@never_cache
@require_POST
def rotate(request: HttpRequest, public_id: str) -> HttpResponse:
    """A new secret for a key; the old one works until the overlap ends."""
    form = RotationForm(request.POST)
    days = form.cleaned_data["overlap"] if form.is_valid() else 7
    now = timezone.now()
    with transaction.atomic():
        key = _key(public_id, lock=True)
        if not key.is_usable(now):
            messages.error(request, _("This key has ended and gets no new secret. Create another one."))
            return redirect("api-key", key.public_id)
        text = rotate_api_key(key, now, timedelta(days=days))
        note(person_of(request), "api_key.rotated", key, now, after={"overlap_days": days})
    return render(request, "api_keys/secret.html", {"key": key, "text": text, "days": days})


@needs("api_keys.manage")
@require_POST
def revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ends a key at once, for good."""
    now = timezone.now()
    with transaction.atomic():
        key = _key(public_id)
        if revoke_api_keys([key], now):
            note(person_of(request), "api_key.revoked", key, now)
    messages.success(request, _("“%(name)s” is revoked. Whoever uses it is refused from now on.") % {"name": key.name})
    return redirect("api-keys")


def _key(public_id: str, *, lock: bool = False) -> ApiKey:
    keys = ApiKey.objects.select_related("owner", "created_by").filter(public_id=public_id)
    key = (keys.select_for_update(of=("self",)) if lock else keys).first()
    if key is None:
        raise Http404
    return key
