"""The pages of teams, and of what each role may do."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from revops.foundation.ids import encode
from revops.foundation.models import Role, Side, Team
from revops.foundation.policy import PERMISSIONS, can
from revops.portal.back_office import facts_of, needs, note, page_of, person_of, row_or_404, status_of
from revops.portal.people.forms import TeamForm

_IN_LEDGER = ("name", "side", "manager_id", "timezone")


@needs("people.view")
@require_GET
def team_list(request: HttpRequest) -> HttpResponse:
    """All teams."""
    teams = Team.objects.select_related("manager").annotate(n=Count("members", filter=Q(members__is_active=True)))
    if words := request.GET.get("q", "").strip():
        teams = teams.filter(name__icontains=words)
    if request.GET.get("side") in Side.values:
        teams = teams.filter(side=request.GET["side"])
    page = page_of(teams, ("name", "pk"), request)
    context = {
        "page": page,
        "rows": [(team, encode("team", team.pk)) for team in page.rows],
        "sides": Side.choices,
        "active": sum(1 for name in ("q", "side") if request.GET.get(name)),
        "may_manage": can(person_of(request), "people.manage"),
    }
    return render(request, "people/teams.html", context)


@needs("people.manage")
def team_new(request: HttpRequest) -> HttpResponse:
    """Makes a team."""
    return _edit(request, Team(), "team.created")


@needs("people.manage")
def team_edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Changes a team."""
    return _edit(request, row_or_404(Team.objects.all(), "team", public_id), "team.changed")


def _edit(request: HttpRequest, team: Team, action: str) -> HttpResponse:
    is_new, name = team._state.adding, team.name
    before = None if is_new else facts_of(team, _IN_LEDGER)
    form = TeamForm(request.POST or None, instance=team)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            saved = form.save()
            after = facts_of(saved, _IN_LEDGER)
            note(person_of(request), action, saved, timezone.now(), before=before, after=after)
        messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
        return redirect("teams")
    context = {"form": form, "is_new": is_new, "name": name}
    return render(request, "people/team.html", context, status=status_of(form))


@needs("people.view")
@require_GET
def roles(request: HttpRequest) -> HttpResponse:
    """The policy table in words: what each role may do."""
    shown = [role for role in Role if role != Role.INTEGRATION]
    context = {
        "roles": [role.label for role in shown],
        "rows": [(row.sentence, [(role.label, role in row.roles) for role in shown]) for row in PERMISSIONS.values()],
    }
    return render(request, "people/roles.html", context)
