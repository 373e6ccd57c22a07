"""The pages of people: list, invite, change, let go."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from leads.lifecycle import SALES_STAGES
from leads.models import Lead
from revops.foundation.ids import encode
from revops.foundation.models import Role, Team, User
from revops.foundation.policy import can
from revops.portal.back_office import (
    csv_response,
    facts_of,
    needs,
    note,
    page_of,
    person_of,
    query_of,
    row_or_404,
    status_of,
)
from revops.portal.people.changing import ChangeRefused, deactivate, open_work_of, reactivate
from revops.portal.people.forms import AbsenceForm, LeavingForm, PersonForm, RoutingForm
from revops.portal.people.handing_over import possible_heirs
from sla.models import Absence, RepProfile

OPEN_STAGES = urlencode({"stage": [stage.value for stage in SALES_STAGES]}, doseq=True)
"""What the list of leads is asked for behind a number of open leads."""

_IN_LEDGER = ("role", "team_id", "timezone")
_PERSONAL = ("name", "email")


@needs("people.view")
@require_GET
def people_list(request: HttpRequest) -> HttpResponseBase:
    """Everybody who can sign in, and the machines; the same as CSV."""
    now = timezone.now()
    people = _filtered(request, now)
    if request.GET.get("format") == "csv":
        header = ["name", "email", "role", "team", "active", "last_sign_in", "open_leads"]
        lines = (
            [one.name, one.email, one.role, one.team.name if one.team else "", one.is_active,
             one.last_login.isoformat() if one.last_login else "", one.n_leads]  # type: ignore[attr-defined]
            for one in people.order_by("name")
        )  # fmt: skip
        return csv_response("people", header, lines)
    page = page_of(people, ("name", "pk"), request)
    context = {
        "page": page,
        "rows": [(person, encode("user", person.pk)) for person in page.rows],
        "roles": Role.choices,
        "teams": [(name, name) for name in Team.objects.values_list("name", flat=True)],
        "states": [("active", _("Active")), ("away", _("Away now")), ("inactive", _("Deactivated"))],
        "active": sum(1 for name in ("q", "role", "team", "state") if request.GET.get(name)),
        "may_manage": can(person_of(request), "people.manage"),
        "csv_url": f"?{query_of(request, format='csv')}",
        "open_stages": OPEN_STAGES,
        "now": now,
    }
    return render(request, "people/list.html", context)


def _filtered(request: HttpRequest, now: datetime) -> QuerySet[User]:
    leads = Lead.objects.shown().filter(owner=OuterRef("pk"), stage__in=SALES_STAGES).order_by().values("owner")
    away = Absence.objects.filter(user=OuterRef("pk"), starts_at__lte=now, ends_at__gt=now)
    people = User.objects.select_related("team").annotate(
        n_leads=Coalesce(Subquery(leads.annotate(n=Count("pk")).values("n")), 0),
        away_until=Subquery(away.values("ends_at")[:1]),
    )
    asked = request.GET
    if words := asked.get("q", "").strip():
        people = people.filter(Q(name__icontains=words) | Q(email__icontains=words))
    if asked.get("role") in Role.values:
        people = people.filter(role=asked["role"])
    if team := asked.get("team"):
        people = people.filter(team__name=team)
    match asked.get("state"):
        case "active":
            people = people.filter(is_active=True)
        case "inactive":
            people = people.filter(is_active=False)
        case "away":
            people = people.filter(is_active=True, away_until__isnull=False)
    return people


@needs("people.manage")
def invite(request: HttpRequest) -> HttpResponse:
    """Makes an account; the next page has the link with which its owner chooses a password."""
    form = PersonForm(request.POST or None, initial={"timezone": person_of(request).timezone})
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        with transaction.atomic():
            person = form.save(commit=False)
            person.set_unusable_password()
            person.date_joined = now
            person.save()
            note(person_of(request), "person.invited", person, now, after=facts_of(person, _IN_LEDGER))
        if person.is_machine:
            messages.success(request, _("“%(name)s” is made. Give it an API key.") % {"name": person.name})
            return redirect("person", encode("user", person.pk))
        return _link_page(request, person, is_new=True)
    return render(request, "people/new.html", {"form": form}, status=status_of(form))


@needs("people.manage")
@never_cache
@require_POST
def sign_in_link(request: HttpRequest, public_id: str) -> HttpResponse:
    """A link with which somebody chooses a password; every call makes a new one."""
    person = person_or_404(public_id)
    if not person.is_active or person.is_machine:
        messages.error(request, _("Only active people sign in."))
        return redirect("person", public_id)
    note(person_of(request), "person.link_made", person, timezone.now())
    return _link_page(request, person)


def _link_page(request: HttpRequest, person: User, *, is_new: bool = False) -> HttpResponse:
    place = [user_pk_to_url_str(person), default_token_generator.make_token(person)]
    link = request.build_absolute_uri(reverse("account_reset_password_from_key", args=place))
    context = {"person": person, "public_id": encode("user", person.pk), "link": link, "is_new": is_new}
    answer = render(request, "people/link.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@needs("people.view")
def person_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One person: who they are, their place in routing, absences, and how they leave."""
    person = person_or_404(public_id)
    form = None
    if can(person_of(request), "people.manage"):
        before, personal = facts_of(person, _IN_LEDGER), facts_of(person, _PERSONAL)
        form = PersonForm(request.POST or None, instance=person)
        if request.method == "POST" and form.is_valid():
            _save(request, form, before, personal)
            return redirect("person", public_id)
    return shown_person(request, person_or_404(public_id) if form and form.errors else person, form=form)


def _save(request: HttpRequest, form: Any, before: dict[str, Any], personal: dict[str, Any]) -> None:
    with transaction.atomic():
        person = form.save()
        renamed = [name for name in _PERSONAL if str(getattr(person, name)) != str(personal[name])]
        after = facts_of(person, _IN_LEDGER) | ({"changed": renamed} if renamed else {})
        note(person_of(request), "person.changed", person, timezone.now(), before=before, after=after)
    messages.success(request, _("“%(name)s” is saved.") % {"name": person.name})


def shown_person(
    request: HttpRequest, person: User, *, form: Any = None, routing: Any = None, absence: Any = None,
    leaving: Any = None,
) -> HttpResponse:  # fmt: skip
    """The page of a person, with forms as they were sent where one was refused."""
    viewer, now = person_of(request), timezone.now()
    may_manage, may_plan = can(viewer, "people.manage"), can(viewer, "sla.manage")
    profile = RepProfile.objects.select_related("calendar").filter(user=person).first()
    if may_manage and form is None:
        form = PersonForm(instance=person)
    sent = [one for one in (form, routing, absence, leaving) if one is not None]
    context = {
        "person": person,
        "public_id": encode("user", person.pk),
        "form": form,
        "profile": profile,
        "routing": routing or RoutingForm(profile),
        "absence_form": absence or AbsenceForm(),
        "absences": _days(Absence.objects.filter(user=person, ends_at__gt=now).order_by("starts_at"), person),
        "past": _days(Absence.objects.filter(user=person, ends_at__lte=now).order_by("-starts_at")[:10], person),
        "leaving": leaving or LeavingForm(possible_heirs(person)),
        "work": open_work_of(person),
        "open_stages": OPEN_STAGES,
        "may_manage": may_manage,
        "may_plan": may_plan and not person.is_machine,
        "is_me": viewer.pk == person.pk,
        "now": now,
    }
    status = 422 if any(status_of(one) == 422 for one in sent) else 200
    return render(request, "people/person.html", context, status=status)


def _days(absences: QuerySet[Absence], person: User) -> list[tuple[Absence, date, date]]:
    """Absences with their first and last day in the person's own zone."""
    zone = ZoneInfo(person.timezone)
    return [
        (row, row.starts_at.astimezone(zone).date(), (row.ends_at - timedelta(seconds=1)).astimezone(zone).date())
        for row in absences
    ]


@needs("people.manage")
@require_POST
def deactivate_person(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ends somebody's access, once it is said who takes their leads over."""
    person = person_or_404(public_id)
    form = LeavingForm(possible_heirs(person), request.POST)
    if form.is_valid():
        try:
            heir, how = form.cleaned_data["heir"], form.cleaned_data["how"]
            moved = deactivate(person, person_of(request), timezone.now(), heir=heir, how=how)
        except ChangeRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            words = ngettext(
                "%(name)s is deactivated; %(n)s lead changed hands.",
                "%(name)s is deactivated; %(n)s leads changed hands.",
                moved,
            )
            messages.success(request, words % {"name": person.name, "n": moved})
            return redirect("people")
    return shown_person(request, person, leaving=form)


@needs("people.manage")
@require_POST
def reactivate_person(request: HttpRequest, public_id: str) -> HttpResponse:
    """Lets somebody in again."""
    person = person_or_404(public_id)
    reactivate(person, person_of(request), timezone.now())
    messages.success(request, _("%(name)s can sign in again.") % {"name": person.name})
    return redirect("person", public_id)


def person_or_404(public_id: str) -> User:
    person: User = row_or_404(User.objects.select_related("team"), "user", public_id)
    return person
