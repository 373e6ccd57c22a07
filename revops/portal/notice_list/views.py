"""One's own notices: newest first, read when opened."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from revops.foundation.models import Notice
from revops.portal.back_office import page_of, person_of

MOST_COUNTED = 99
"""Above so many the bell only says that there are more."""


@login_required
@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """What the portal told me."""
    mine = Notice.objects.filter(user=person_of(request))
    only_unread = request.GET.get("show") == "unread"
    page = page_of(mine.filter(read_at__isnull=True) if only_unread else mine, ("-created_at", "-pk"), request)
    context = {
        "page": page,
        "only_unread": only_unread,
        "unread": mine.filter(read_at__isnull=True).count(),
        "now": timezone.now(),
    }
    return render(request, "notices/list.html", context)


@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """How many notices are unread, for the bell of every page; the browser asks again with the tag of the answer."""
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    n = Notice.objects.filter(user=person_of(request), read_at__isnull=True)[: MOST_COUNTED + 1].count()
    tag = f'"{n}"'
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    else:
        response = render(request, "notices/_bell.html", {"n": n, "most": MOST_COUNTED})
    response["ETag"] = tag
    response["Vary"] = "Cookie"
    patch_cache_control(response, private=True, no_cache=True)
    return response


@login_required
@require_POST
def read_one(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Marks one notice as read, and stays."""
    Notice.objects.filter(pk=pk, user=person_of(request), read_at__isnull=True).update(read_at=timezone.now())
    return redirect("notices")


@login_required
@require_POST
def open_notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Marks one notice as read and goes where it points."""
    notice = get_object_or_404(Notice, pk=pk, user=person_of(request))
    Notice.objects.filter(pk=notice.pk, read_at__isnull=True).update(read_at=timezone.now())
    is_ours = url_has_allowed_host_and_scheme(notice.url, allowed_hosts=None)
    return redirect(notice.url if notice.url and is_ours else "notices")


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Marks all of them as read."""
    Notice.objects.filter(user=person_of(request), read_at__isnull=True).update(read_at=timezone.now())
    return redirect("notices")
