"""The register of nurture tracks: where a rep can return a lead to."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from feedback.models import NurtureTrack
from feedback.tracks import save_track
from revops.foundation.policy import can
from revops.portal.back_office import facts_of, needs, note, person_of
from revops.portal.reasons.forms import TrackForm
from revops.portal.reasons.tabs import tabs_for

_IN_LEDGER = ("code", "name", "description", "digit", "is_default", "is_active")


@needs("leads.view")
@require_GET
def track_list(request: HttpRequest) -> HttpResponse:
    """All tracks with how many leads were returned to each."""
    rows = NurtureTrack.objects.annotate(n=Count("disposition")).order_by("-is_active", "digit", "code")
    context = {
        "rows": rows,
        "tabs": tabs_for(request, "tracks"),
        "may_manage": can(person_of(request), "reasons.manage"),
    }
    return render(request, "reasons/tracks.html", context)


@needs("reasons.manage")
def track_new(request: HttpRequest) -> HttpResponse:
    """Adds a track."""
    return _edit(request, NurtureTrack())


@needs("reasons.manage")
def track_page(request: HttpRequest, code: str) -> HttpResponse:
    """Changes a track, or takes it out of use."""
    return _edit(request, get_object_or_404(NurtureTrack, code=code))


def _edit(request: HttpRequest, track: NurtureTrack) -> HttpResponse:
    is_new = track._state.adding
    before = None if is_new else facts_of(track, _IN_LEDGER)
    form = TrackForm(request.POST or None, instance=track)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            save_track(form.instance)
            action = "track.added" if is_new else "track.changed"
            after = facts_of(track, _IN_LEDGER)
            note(person_of(request), action, track, timezone.now(), before=before, after=after)
        messages.success(request, _("“%(name)s” is saved.") % {"name": track.name})
        return redirect("tracks")
    context = {"form": form, "track": None if is_new else track, "tabs": tabs_for(request, "tracks")}
    return render(request, "reasons/track.html", context, status=422 if form.errors else 200)
