"""One's own notices: newest first, read when opened."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from revops.foundation.models import Notice
from revops.portal.back_office import page_of, person_of


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
