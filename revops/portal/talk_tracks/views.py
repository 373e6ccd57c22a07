"""The pages of talk tracks, and the vote of a rep on one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from feedback.models import TalkTrack
from feedback.talk_tracks import vote_on_track, with_votes
from revops.foundation.policy import can
from revops.portal.back_office import facts_of, needs, note, person_of
from revops.portal.lead_pages.visibility import lead_or_404
from revops.portal.reasons.tabs import tabs_for
from revops.portal.talk_tracks.forms import TalkTrackForm

_IN_LEDGER = (
    "name", "industry", "seniority", "function", "topic", "opener", "first_question", "second_question", "objection",
    "owner_id", "expires_on", "is_active",
)  # fmt: skip
SOON = timedelta(days=14)


@needs("leads.view")
@require_GET
def track_list(request: HttpRequest) -> HttpResponse:
    """All talk tracks with their votes; expired ones first, because somebody has to read them again."""
    today = timezone.localdate()
    rows = list(with_votes(TalkTrack.objects.select_related("owner")))
    rows.sort(key=lambda track: (not track.is_active, track.expires_on, track.name))
    context = {
        "rows": [(track, _state(track, today)) for track in rows],
        "tabs": tabs_for(request, "talk-tracks"),
        "may_manage": can(person_of(request), "talk_tracks.manage"),
    }
    return render(request, "talk_tracks/list.html", context)


@needs("talk_tracks.manage")
def track_new(request: HttpRequest) -> HttpResponse:
    """Writes a talk track."""
    return _edit(request, TalkTrack(owner=person_of(request)))


@needs("talk_tracks.manage")
def track_page(request: HttpRequest, track_id: UUID) -> HttpResponse:
    """Changes a talk track; a new date shows it again."""
    return _edit(request, get_object_or_404(with_votes(TalkTrack.objects.all()), pk=track_id))


@needs("leads.work")
@require_POST
def vote(request: HttpRequest, track_id: UUID, lead_id: str) -> HttpResponse:
    """Whether the track helped with this lead; its owner sees the count."""
    lead = lead_or_404(request.user, lead_id)
    track = get_object_or_404(TalkTrack, pk=track_id)
    is_useful = request.POST.get("useful") == "yes"
    vote_on_track(track, person_of(request).pk, lead.pk, is_useful, now=timezone.now())
    if getattr(request, "htmx", False):
        context = {"track": track, "vote": is_useful, "lead": lead}
        return render(request, "talk_tracks/_vote.html", context)
    messages.success(request, _("Thank you. The owner of the talk track sees it."))
    return redirect(reverse("lead", args=[lead.public_id]))


def _edit(request: HttpRequest, track: TalkTrack) -> HttpResponse:
    is_new = track._state.adding
    before = None if is_new else facts_of(track, _IN_LEDGER)
    form = TalkTrackForm(request.POST or None, instance=track, today=timezone.localdate())
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            if _save(request, form, before):
                messages.success(request, _("“%(name)s” is saved.") % {"name": track.name})
                return redirect("talk-tracks")
            form.add_error(None, _("Somebody changed it since you opened it. What you typed is kept; save again."))
            status = 409
    context = {"form": form, "track": None if is_new else track, "tabs": tabs_for(request, "talk-tracks")}
    return render(request, "talk_tracks/edit.html", context, status=status)


def _save(request: HttpRequest, form: TalkTrackForm, before: dict[str, object] | None) -> bool:
    """False if somebody was faster; the form then carries the new version."""
    track, now = form.instance, timezone.now()
    with transaction.atomic():
        if before is not None:
            current = TalkTrack.objects.select_for_update(of=("self",)).get(pk=track.pk)
            if form.cleaned_data["version"] != current.version:
                form.data = {**{name: form.data[name] for name in form.data}, "version": current.version}
                return False
            track.version = current.version + 1
            track.told_at = None if track.expires_on >= now.date() else current.told_at
        track.save()
        action = "talk_track.added" if before is None else "talk_track.changed"
        note(person_of(request), action, track, now, before=before, after=facts_of(track, _IN_LEDGER))
    return True


def _state(track: TalkTrack, today: object) -> tuple[str, str]:
    """What the list says about a track, with its tone."""
    if not track.is_active:
        return _("Out of use"), "neutral"
    if track.expires_on < today:  # type: ignore[operator]
        return _("Expired"), "bad"
    return (_("Expires soon"), "warn") if track.expires_on - SOON < today else (_("In use"), "good")  # type: ignore[operator]
