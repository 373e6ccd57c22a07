"""Requests about personal data over the API: opened, read with what is held, answered, erased, handed over."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import BooleanFilter, ChoiceFilter, FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.models import Lead, Person, PrivacyRequest, RequestKind, RequestState
from leads.subjects import people_asked_about
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.foundation.erasing import Held
from revops.portal.api.fields import check_nothing_sent
from revops.portal.api.who import asker, decode_or_404, refused
from revops.portal.back_office import note
from revops.portal.privacy.exporting import export_of
from revops.portal.privacy.holdings import held_of
from revops.portal.privacy.requests import (
    RequestRefused,
    close_request,
    open_request,
    refuse_request,
    start_erasing,
    subject_of_request,
)

OPEN = (RequestState.OPEN, RequestState.ERASING)


class PrivacyRequestSerializer(Serializer):
    id = PublicIdField("privacy", source="pk")
    kind = serializers.ChoiceField(choices=RequestKind.choices)
    state = serializers.ChoiceField(choices=RequestState.choices)
    person_id = PublicIdField("person", allow_null=True, help_text="Null: nobody is known by what they named.")
    asked_about = serializers.CharField(help_text="The address or number of somebody nobody knows; empty once over.")
    asked_on = serializers.DateField()
    due_on = serializers.DateField(help_text="30 days after they asked.")
    is_overdue = serializers.SerializerMethodField()
    opened_at = InstantField()
    closed_at = InstantField(allow_null=True)
    answer = serializers.CharField(help_text="What was done, or why it was refused.")
    keeps_silence = serializers.BooleanField()
    erased_rows = serializers.DictField(
        source="counts", child=serializers.IntegerField(), help_text="How many rows lost something, by table."
    )

    def get_is_overdue(self, row: PrivacyRequest) -> bool:
        return row.is_overdue(timezone.localdate())


class NewPrivacyRequestSerializer(Serializer):
    kind = serializers.ChoiceField(choices=RequestKind.choices)
    person_id = PublicIdField("person", required=False)
    lead_id = PublicIdField("lead", required=False, help_text="Instead of person_id: the person of this lead.")
    about = serializers.CharField(
        required=False, max_length=320, help_text="Instead of an id: an e-mail address, or a phone number in E.164."
    )
    asked_on = serializers.DateField(required=False, help_text="When they asked; today if it is left out.")
    note = serializers.CharField(required=False, max_length=1000, help_text="Erased when the request is over.")
    keeps_silence = serializers.BooleanField(
        default=False, help_text="Keep the address as a keyed hash, so that it waits in quarantine when it comes back."
    )


class PrivacyAnswerSerializer(Serializer):
    answer = serializers.CharField(max_length=500, help_text="Name nobody: it outlives them.")


class HoldingSerializer(Serializer):
    table = serializers.CharField(source="holding.table")
    what = serializers.CharField(source="holding.what")
    rows = serializers.IntegerField()
    goes = serializers.IntegerField(help_text="Rows that lose something when they are erased.")
    stays = serializers.CharField(source="holding.stays", help_text="Why the rest of it stays; empty if nothing does.")


class HoldingsSerializer(Serializer):
    data = HoldingSerializer(many=True)  # type: ignore[assignment]


class PrivacyRequestFilter(FilterSet):
    kind = ChoiceFilter(choices=RequestKind.choices)
    state = ChoiceFilter(choices=RequestState.choices)
    overdue = BooleanFilter(method="is_overdue")

    def is_overdue(self, rows: QuerySet[PrivacyRequest], name: str, wanted: bool) -> QuerySet[PrivacyRequest]:
        late = {"state__in": OPEN, "due_on__lt": timezone.localdate()}
        return rows.filter(**late) if wanted else rows.exclude(**late)


class PrivacyRequestListView(ApiView):
    """Requests, the newest first. A new one is due 30 days after the person asked."""

    permissions = {"GET": "privacy.manage", "POST": "privacy.manage"}
    filterset_class = PrivacyRequestFilter
    sorts = {"opened_at": "opened_at", "due_on": "due_on", "id": "pk"}
    usual_sort = "-opened_at"

    @extend_schema(responses=paged(PrivacyRequestSerializer))
    def get(self, request: Request) -> Response:
        return self.page(PrivacyRequest.objects.all(), lambda rows: PrivacyRequestSerializer(rows, many=True).data)

    @extend_schema(request=NewPrivacyRequestSerializer, responses={201: PrivacyRequestSerializer})
    def post(self, request: Request) -> Response:
        form = NewPrivacyRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said, now = form.validated_data, timezone.now()
        person, about = _meant(said)
        try:
            opened = open_request(
                said["kind"], asker(request), now, asked_on=said.get("asked_on") or timezone.localdate(),
                person=person, said=about, words=said.get("note", ""), keeps_silence=said["keeps_silence"],
            )  # fmt: skip
        except RequestRefused as refusal:
            raise refused(f"/{'asked_on' if refusal.field == 'asked_on' else _named(said)}", "refused", str(refusal)) \
                from refusal  # fmt: skip
        return Response(PrivacyRequestSerializer(opened).data, status=201)


class PrivacyRequestView(ApiView):
    """One request."""

    permissions = {"GET": "privacy.manage"}

    @extend_schema(responses=PrivacyRequestSerializer)
    def get(self, request: Request, privacy: str) -> Response:
        return Response(PrivacyRequestSerializer(_request(privacy)).data)


class PrivacyHoldingsView(ApiView):
    """What is held of whoever a request is about, table by table: what would go, what stays and why."""

    permissions = {"GET": "privacy.manage"}

    @extend_schema(responses=HoldingsSerializer)
    def get(self, request: Request, privacy: str) -> Response:
        asked = _request(privacy)
        held: list[Held] = [] if asked.is_over else held_of(subject_of_request(asked), timezone.now())
        return Response({"data": HoldingSerializer(held, many=True).data})


class PrivacyExportView(ApiView):
    """Every row about them, as JSON, to hand over. Nothing of it is stored; the ledger says who took it."""

    permissions = {"GET": "privacy.manage"}
    costs: ClassVar[dict[str, int]] = {"GET": 50}

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, privacy: str) -> Response:
        asked, now = _request(privacy), timezone.now()
        if asked.is_over:
            raise ProblemError("gone", _("This request is over. What was held then is erased, or asked for anew."))
        data = export_of(subject_of_request(asked), now)
        note(asker(request), "person.exported", asked, now, cause=asked.public_id, after={"as": "json"})
        return Response(data, headers={"Cache-Control": "no-store"})


class PrivacyEraseView(ApiView):
    """Erase them, for good. A job does it; the request is done when it is."""

    permissions = {"POST": "privacy.manage"}

    @extend_schema(request=None, responses={202: PrivacyRequestSerializer})
    def post(self, request: Request, privacy: str) -> Response:
        check_nothing_sent(request)
        asked = _request(privacy)
        try:
            start_erasing(asked, asker(request), timezone.now())
        except RequestRefused as refusal:
            raise ProblemError("invalid_transition", str(refusal)) from refusal
        return Response(PrivacyRequestSerializer(_request(privacy)).data, status=202)


class _AnswerView(ApiView):
    """Closes a request without erasing anything."""

    permissions = {"POST": "privacy.manage"}
    act: ClassVar[Any]

    def answered(self, request: Request, privacy: str) -> Response:
        form = PrivacyAnswerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = _request(privacy)
        try:
            type(self).act(asked, asker(request), form.validated_data["answer"], timezone.now())
        except RequestRefused as refusal:
            raise ProblemError("invalid_transition", str(refusal)) from refusal
        return Response(PrivacyRequestSerializer(_request(privacy)).data)


class PrivacyCloseView(_AnswerView):
    """Close a request that was answered, like a copy that was handed over."""

    act = close_request

    @extend_schema(request=PrivacyAnswerSerializer, responses=PrivacyRequestSerializer)
    def post(self, request: Request, privacy: str) -> Response:
        return self.answered(request, privacy)


class PrivacyRefuseView(_AnswerView):
    """Refuse a request, with the reason that they are told."""

    act = refuse_request

    @extend_schema(request=PrivacyAnswerSerializer, responses=PrivacyRequestSerializer)
    def post(self, request: Request, privacy: str) -> Response:
        return self.answered(request, privacy)


def _request(public_id: str) -> PrivacyRequest:
    return PrivacyRequest.objects.get(pk=decode_or_404("privacy", public_id))


def _named(said: dict[str, Any]) -> str:
    return next((name for name in ("person_id", "lead_id", "about") if name in said), "about")


def _meant(said: dict[str, Any]) -> tuple[Person | None, str]:
    """The person who is meant, or what they named. Raises validation_error."""
    given = [name for name in ("person_id", "lead_id", "about") if said.get(name)]
    if len(given) != 1:
        raise refused("/about", "one_name_needed", _("Name exactly one of person_id, lead_id or about."))
    people = Person.objects.select_related("merged_into")
    if given == ["about"]:
        found = people_asked_about(said["about"]) if "@" in said["about"] or said["about"].startswith("+") else []
        return (found[0], "") if len(found) == 1 else (None, said["about"])
    if given == ["lead_id"]:
        lead = Lead.objects.filter(pk=said["lead_id"]).values_list("person_id", flat=True)
        person = people.filter(pk__in=lead).first()
    else:
        person = people.filter(pk=said["person_id"]).first()
    if person is None:
        raise refused(f"/{given[0]}", "unknown_person", _("There is no such person."))
    return person, ""
