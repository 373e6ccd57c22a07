"""Reason codes and nurture tracks: what a rejection has to say, and where a lead can be returned to."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.models import EvidenceKind, NurtureTrack, ReasonCode, ReasonFamily, RootCause
from feedback.reasons import save_reason
from revops.foundation.api.etags import check_if_match
from revops.foundation.api.pagination import Page
from revops.foundation.api.problems import FieldError, ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import Serializer
from revops.foundation.api.views import ApiView
from revops.portal.api.shapes import problem_at
from revops.portal.api.who import asker, refused

_SIDES = [("marketing", "Marketing"), ("sales", "Sales")]
_COLUMNS = {"gives_turn_back": "is_creditable", "key": "digit", "family": "family_id", "in_use": "is_active"}
"""What a field of the API is called in the catalogue, where the names differ."""
_WORDS = ("label", "evidence_question")


class ReasonCodeSerializer(Serializer):
    code = serializers.CharField(help_text="Send it as reason_code.")
    label = serializers.CharField()  # type: ignore[assignment]
    family = serializers.CharField(source="family_id")
    key = serializers.IntegerField(source="digit", help_text="Its key within the family; 10 is the key 0.")
    evidence_kind = serializers.ChoiceField(choices=EvidenceKind.choices)
    evidence_question = serializers.CharField(help_text="What evidence has to answer.")
    root_cause = serializers.ChoiceField(choices=RootCause.choices)
    mended_by = serializers.CharField()
    consequence = serializers.CharField(help_text="What happens to the lead, besides the way back.")
    way_back = serializers.CharField(source="recycle", help_text="How the lead comes back, in words.")
    wakes_days_before = serializers.IntegerField(allow_null=True, help_text="So many days before the date of evidence.")
    wakes_after_days = serializers.IntegerField(allow_null=True, help_text="So many days after the rejection.")
    criterion = serializers.CharField(help_text="The attribute it refers to; empty: a criteria gap.")
    gives_turn_back = serializers.BooleanField(source="is_creditable")
    in_use = serializers.BooleanField(source="is_active")
    version = serializers.IntegerField()


class ReasonChangeSerializer(Serializer):
    label = serializers.CharField(required=False, max_length=120)  # type: ignore[assignment]
    family = serializers.SlugField(required=False, max_length=32)
    key = serializers.IntegerField(required=False, min_value=1, max_value=10)
    evidence_kind = serializers.ChoiceField(required=False, choices=EvidenceKind.choices)
    evidence_question = serializers.CharField(required=False, max_length=160)
    root_cause = serializers.ChoiceField(required=False, choices=RootCause.choices)
    mended_by = serializers.ChoiceField(required=False, choices=_SIDES)
    consequence = serializers.CharField(required=False, max_length=160)
    wakes_days_before = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=730)
    wakes_after_days = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=730)
    criterion = serializers.CharField(required=False, allow_blank=True, max_length=64)
    gives_turn_back = serializers.BooleanField(required=False)
    in_use = serializers.BooleanField(required=False)


class NewReasonSerializer(ReasonChangeSerializer):
    code = serializers.SlugField(max_length=48)
    label = serializers.CharField(max_length=120)
    family = serializers.SlugField(max_length=32)
    key = serializers.IntegerField(min_value=1, max_value=10)
    evidence_kind = serializers.ChoiceField(choices=EvidenceKind.choices)
    evidence_question = serializers.CharField(max_length=160)
    root_cause = serializers.ChoiceField(choices=RootCause.choices)
    mended_by = serializers.ChoiceField(choices=_SIDES)
    consequence = serializers.CharField(max_length=160)


class ReasonCodeListView(ApiView):
    """The reasons in use, in the order of the reject sheet (`retired=true`: the others); add one."""

    permissions = {"GET": "leads.view", "POST": "reasons.manage"}
    query_parameters = frozenset({"retired"})

    @extend_schema(responses=paged(ReasonCodeSerializer))
    def get(self, request: Request) -> Response:
        retired = request.query_params.get("retired", "false")
        if retired not in ("true", "false"):
            words = _("Write true or false.")
            raise ProblemError("validation_error", words, errors=[_at("#/query/retired", "invalid_value", words)])
        rows = list(ReasonCode.objects.filter(is_active=retired == "false"))
        page = Page(rows, has_more=False, next_cursor=None, next_url=None)
        return Response(page.document(lambda found: ReasonCodeSerializer(found, many=True).data))

    @extend_schema(request=NewReasonSerializer, responses={201: ReasonCodeSerializer})
    def post(self, request: Request) -> Response:
        form = NewReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        if ReasonCode.objects.filter(pk=form.validated_data["code"]).exists():
            raise refused("/code", "taken", _("This code is taken. Retired reasons keep theirs."))
        reason = ReasonCode(code=form.validated_data["code"])
        return self.versioned(_saved(request, reason, form.validated_data), reason.version, 201)


class ReasonCodeView(ApiView):
    """One reason; change it, or retire it (`in_use: false`). Where it was given it stays readable."""

    permissions = {"GET": "leads.view", "PATCH": "reasons.manage"}

    @extend_schema(responses=ReasonCodeSerializer)
    def get(self, request: Request, code: str) -> Response:
        reason = ReasonCode.objects.get(pk=code)
        return self.versioned(ReasonCodeSerializer(reason).data, reason.version)

    @extend_schema(request=ReasonChangeSerializer, responses=ReasonCodeSerializer)
    def patch(self, request: Request, code: str) -> Response:
        form = ReasonChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        reason = ReasonCode.objects.select_for_update().get(pk=code)
        check_if_match(request, reason.version)
        return self.versioned(_saved(request, reason, form.validated_data), reason.version)


class NurtureTrackSerializer(Serializer):
    code = serializers.CharField(help_text="Send it as track.")
    name = serializers.CharField()
    description = serializers.CharField()
    is_default = serializers.BooleanField(help_text="Taken where no track is named.")


class NurtureTrackListView(ApiView):
    """Where a lead can be returned to, in the order of their keys."""

    permissions = {"GET": "leads.view"}

    @extend_schema(responses=paged(NurtureTrackSerializer))
    def get(self, request: Request) -> Response:
        rows = list(NurtureTrack.objects.filter(is_active=True))
        page = Page(rows, has_more=False, next_cursor=None, next_url=None)
        return Response(page.document(lambda found: NurtureTrackSerializer(found, many=True).data))


def _saved(request: Request, reason: ReasonCode, values: dict[str, Any]) -> dict[str, Any]:
    """The reason after the change; raises the problem in the words of the catalogue."""
    for name, value in values.items():
        setattr(reason, _COLUMNS.get(name, name), value)
    if values.get("family") and not ReasonFamily.objects.filter(pk=values["family"]).exists():
        raise refused("/family", "unknown_family", _("There is no such family."))
    try:
        save_reason(reason, asker(request), now=timezone.now())
    except ValidationError as problem:
        names = {column: name for name, column in _COLUMNS.items()} | {"digit": "key"}
        errors = [
            problem_at(f"/{names.get(field, field)}", "vague" if field in _WORDS else "invalid", word)
            for field, words in problem.message_dict.items()
            for word in words
        ]
        raise ProblemError("validation_error", errors[0]["detail"], errors=errors) from None
    reason.refresh_from_db()
    return dict(ReasonCodeSerializer(reason).data)


def _at(pointer: str, code: str, detail: str) -> FieldError:
    return {"pointer": pointer, "code": code, "detail": detail}
