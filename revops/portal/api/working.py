"""When people work: business calendars, absences, and handing leads over before somebody leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.etags import check_if_match
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.foundation.ids import encode
from revops.foundation.models import Role, User
from revops.foundation.policy import can
from revops.portal.api.fields import PublicIdFilter
from revops.portal.api.who import asker, decode_or_404, refused
from revops.portal.back_office import note
from revops.portal.people.changing import ChangeRefused, deactivate
from revops.portal.people.handing_over import How, preview
from sla.absences import AbsenceRefused, cancel_absence, move_absence, plan_absence
from sla.calendar_changes import change_calendar
from sla.calendar_spec import CalendarError
from sla.calendars import newest_versions
from sla.models import Absence, AbsenceKind, Calendar, CalendarVersion

_TIME = re.compile(r"^\d{2}:\d{2}\Z")


def _windows() -> serializers.ListField:
    time = serializers.RegexField(_TIME, help_text="Like 09:00.")
    window = serializers.ListField(child=time, min_length=2, max_length=2)
    return serializers.ListField(child=window, max_length=12, required=False)


class WorkingWeekSerializer(Serializer):
    """Windows by day; one that ends at or before its start ends the next morning."""

    mon = _windows()
    tue = _windows()
    wed = _windows()
    thu = _windows()
    fri = _windows()
    sat = _windows()
    sun = _windows()


class OwnDaySerializer(Serializer):
    on = serializers.DateField()
    name = serializers.CharField(max_length=80)
    windows = _windows()


class CalendarSerializer(Serializer):
    id = PublicIdField("calendar", read_only=True)
    name = serializers.CharField(read_only=True)
    version = serializers.IntegerField(read_only=True)
    zone = serializers.CharField(max_length=64)
    week = WorkingWeekSerializer()
    country = serializers.CharField(max_length=2, allow_blank=True, default="", help_text="Whose public holidays.")
    region = serializers.CharField(max_length=16, allow_blank=True, default="")
    own_days = OwnDaySerializer(many=True, required=False, help_text="Half days, or without windows days off.")


class NewCalendarSerializer(CalendarSerializer):
    name = serializers.CharField(max_length=120)


class CalendarListView(ApiView):
    """Business calendars, each as it counts now. POST makes one."""

    permissions = {"GET": "sla.view", "POST": "sla.manage"}
    sorts = {"name": "name", "id": "pk"}
    usual_sort = "name"

    @extend_schema(responses=paged(CalendarSerializer))
    def get(self, request: Request) -> Response:
        def shown(rows: list[Calendar]) -> list[dict[str, Any]]:
            newest = newest_versions([row.pk for row in rows])
            return [_shown_calendar(row, newest[row.pk]) for row in rows]

        return self.page(Calendar.objects.all(), shown)

    @extend_schema(request=NewCalendarSerializer, responses={201: CalendarSerializer})
    def post(self, request: Request) -> Response:
        form = NewCalendarSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked, now, author = form.validated_data, timezone.now(), asker(request)
        if Calendar.objects.filter(name=asked["name"]).exists():
            raise refused(
                "/name", "name_taken", _("There is a calendar of this name. Change that one, or choose another.")
            )
        version = _write(asked["name"], asked, by=author, now=now)
        made = Calendar.objects.get(pk=version.calendar_id)
        note(author, "calendar.added", made, now, after={"version": version.version})
        return Response(_shown_calendar(made, version), status=201)


class CalendarView(ApiView):
    """One calendar; PUT makes its next version, with If-Match. Clocks that still run are worked out anew."""

    permissions = {"GET": "sla.view", "PUT": "sla.manage"}

    @extend_schema(responses=CalendarSerializer)
    def get(self, request: Request, calendar: str) -> Response:
        found = Calendar.objects.get(pk=decode_or_404("calendar", calendar))
        newest = newest_versions([found.pk])[found.pk]
        return self.versioned(_shown_calendar(found, newest), newest.version)

    @extend_schema(request=CalendarSerializer, responses=CalendarSerializer)
    def put(self, request: Request, calendar: str) -> Response:
        found = Calendar.objects.select_for_update().get(pk=decode_or_404("calendar", calendar))
        check_if_match(request, newest_versions([found.pk])[found.pk].version, required=True)
        form = CalendarSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        now, author = timezone.now(), asker(request)
        version = _write(found.name, form.validated_data, by=author, now=now)
        note(author, "calendar.changed", found, now, after={"version": version.version})
        return self.versioned(_shown_calendar(found, version), version.version)


def _write(name: str, asked: Mapping[str, Any], *, by: User, now: datetime) -> CalendarVersion:
    """The next version of a calendar, or its first, as the serializer read it."""
    own = {
        str(day["on"]): {"name": day["name"], "windows": day.get("windows", [])} for day in asked.get("own_days") or ()
    }
    try:
        return change_calendar(
            name,
            zone=asked["zone"],
            week=asked["week"],
            now=now,
            by=by,
            country=asked["country"].upper(),
            region=asked["region"],
            own=own,
        )
    except CalendarError as error:
        raise refused("", "invalid_calendar", str(error)) from error


def _shown_calendar(calendar: Calendar, version: CalendarVersion) -> dict[str, Any]:
    own = version.spec.get("own") or {}
    return {
        "id": calendar.public_id,
        "name": calendar.name,
        "version": version.version,
        "zone": version.zone,
        "week": {day: windows for day, windows in version.spec["week"].items() if windows},
        "country": version.country,
        "region": version.region,
        "own_days": [{"on": day, "name": about["name"], "windows": about["windows"]} for day, about in own.items()],
    }


class AbsenceSerializer(Serializer):
    id = PublicIdField("absence", source="pk", read_only=True)
    user_id = PublicIdField("user", required=False, help_text="Missing: whoever asks.")
    starts_at = InstantField()
    ends_at = InstantField()
    kind = serializers.ChoiceField(choices=AbsenceKind.choices, default=AbsenceKind.LEAVE)


class MovedAbsenceSerializer(Serializer):
    starts_at = InstantField(required=False)
    ends_at = InstantField(required=False)
    kind = serializers.ChoiceField(choices=AbsenceKind.choices, required=False)


class AbsenceFilter(FilterSet):
    user = PublicIdFilter(prefix="user")


class AbsenceListView(ApiView):
    """Absences: one's own, and everybody's for whoever plans for all. POST plans one."""

    permissions = {"GET": "absences.plan", "POST": "absences.plan"}
    filterset_class = AbsenceFilter
    sorts = {"starts_at": "starts_at", "id": "pk"}
    usual_sort = "starts_at"

    @extend_schema(responses=paged(AbsenceSerializer))
    def get(self, request: Request) -> Response:
        return self.page(_absences(request), lambda rows: AbsenceSerializer(rows, many=True).data)

    @extend_schema(request=AbsenceSerializer, responses={201: AbsenceSerializer})
    def post(self, request: Request) -> Response:
        form = AbsenceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked, now, planner = form.validated_data, timezone.now(), asker(request)
        person = _planned_for(asked.get("user_id"), planner)
        try:
            absence = plan_absence(
                person, asked["starts_at"], asked["ends_at"], kind=asked["kind"], by=planner, now=now
            )
        except AbsenceRefused as refusal:
            raise refused("/starts_at", "not_possible", str(refusal)) from refusal
        note(planner, "absence.added", person, now, after=_span(absence))
        return Response(AbsenceSerializer(absence).data, status=201)


class AbsenceView(ApiView):
    """One absence; PATCH moves it, DELETE cancels it."""

    permissions = {"GET": "absences.plan", "PATCH": "absences.plan", "DELETE": "absences.plan"}

    @extend_schema(responses=AbsenceSerializer)
    def get(self, request: Request, absence: str) -> Response:
        found = _absences(request).get(pk=decode_or_404("absence", absence))
        return self.versioned(AbsenceSerializer(found).data, found.version)

    @extend_schema(request=MovedAbsenceSerializer, responses=AbsenceSerializer)
    def patch(self, request: Request, absence: str) -> Response:
        mine = _absences(request).select_related("user").select_for_update(of=("self",))
        found = mine.get(pk=decode_or_404("absence", absence))
        check_if_match(request, found.version)
        form = MovedAbsenceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked, now, planner, before = form.validated_data, timezone.now(), asker(request), _span(found)
        try:
            moved = move_absence(
                found,
                asked.get("starts_at", found.starts_at),
                asked.get("ends_at", found.ends_at),
                kind=asked.get("kind", found.kind),
                by=planner,
                now=now,
            )
        except AbsenceRefused as refusal:
            raise refused("/starts_at", "not_possible", str(refusal)) from refusal
        note(planner, "absence.moved", found.user, now, before=before, after=_span(moved))
        return self.versioned(AbsenceSerializer(moved).data, moved.version)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, absence: str) -> Response:
        found = _absences(request).select_related("user").get(pk=decode_or_404("absence", absence))
        planner, now = asker(request), timezone.now()
        note(planner, "absence.removed", found.user, now, before=_span(found))
        cancel_absence(found, by=planner, now=now)
        return Response(status=204)


def _planned_for(given: UUID | None, planner: User) -> User:
    """Whose absence it is: one's own, or anybody's for whoever plans for all. A machine is never away itself."""
    if given in {None, planner.pk} and planner.role != Role.INTEGRATION:
        return planner
    people = User.objects.filter(is_active=True) if can(planner, "sla.manage") else User.objects.none()
    found = people.exclude(role=Role.INTEGRATION).filter(pk=given).first() if given else None
    if found is None:
        raise refused("/user_id", "unknown_user", _("There is nobody of this id whom you plan for."))
    return found


def _absences(request: Request) -> Any:
    planner = asker(request)
    return Absence.objects.all() if can(planner, "sla.manage") else Absence.objects.filter(user=planner)


def _span(absence: Absence) -> dict[str, Any]:
    return {"starts_at": absence.starts_at.isoformat(), "ends_at": absence.ends_at.isoformat()}


class LeavingSerializer(Serializer):
    how = serializers.ChoiceField(choices=How.choices, default=How.HEIR)
    heir_id = PublicIdField("user", required=False, allow_null=True)
    preview = serializers.BooleanField(default=False, help_text="Only show who would have which lead; change nothing.")


class NextOwnerSerializer(Serializer):
    lead_id = PublicIdField("lead")
    name = serializers.CharField(allow_blank=True, help_text="Empty: nobody yet.")
    reason = serializers.CharField()


class LeftSerializer(Serializer):
    leads = serializers.IntegerField(help_text="How many leads changed hands, or would.")
    next = NextOwnerSerializer(many=True)


class DeactivateView(ApiView):
    """Ends somebody's access. Their open leads force a decision: to one colleague, routed anew, or the pool."""

    permissions = {"POST": "people.manage"}

    @extend_schema(request=LeavingSerializer, responses=LeftSerializer)
    def post(self, request: Request, user: str) -> Response:
        person = get_object_or_404(User, pk=decode_or_404("user", user))
        form = LeavingSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked, now = form.validated_data, timezone.now()
        heir = _heir(asked.get("heir_id"))
        if asked["preview"]:
            rows = preview(person, asked["how"], heir, now=now)
            shown = [{"lead_id": encode("lead", row.lead.pk), "name": row.name, "reason": row.reason} for row in rows]
            return Response({"leads": len(rows), "next": shown})
        try:
            moved = deactivate(person, asker(request), now, heir=heir, how=asked["how"])
        except ChangeRefused as refusal:
            raise refused("/how", "decision_needed", str(refusal)) from refusal
        return Response({"leads": moved, "next": []})


def _heir(given: UUID | None) -> User | None:
    """The colleague who takes over, if one is named; a mistyped id must not count as none."""
    heir = User.objects.filter(pk=given, is_active=True).first() if given else None
    if given and heir is None:
        raise refused("/heir_id", "unknown_user", _("Nobody active has this id. Look at /api/v1/users/."))
    return heir
