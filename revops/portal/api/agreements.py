"""Agreements: every version of what both sides promise. Read, draft, change; people sign, on the page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.etags import check_if_match
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer, SpanField
from revops.foundation.api.views import ApiView
from revops.portal.agreement.notices import ask_for_signatures
from revops.portal.api.who import asker, decode_or_404, refused
from revops.portal.back_office import note
from sla.agreement_words import BY_CODE, PATTERNS
from sla.agreements import (
    AgreementError,
    change_draft,
    discard_draft,
    draft_from_template,
    drafts_of,
    live_agreement,
)
from sla.models import Agreement, AgreementState, Calendar, ClauseSide, Measure
from sla.starter import REVIEW_AFTER


class ClauseSerializer(Serializer):
    code = serializers.CharField()
    side = serializers.ChoiceField(choices=ClauseSide.choices)
    text = serializers.CharField()
    measure = serializers.ChoiceField(choices=Measure.choices)
    promise = SpanField(allow_null=True)
    business_time = serializers.BooleanField()
    target = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()


class AgreementSignatureSerializer(Serializer):
    side = serializers.ChoiceField(choices=ClauseSide.choices)
    user_id = PublicIdField("user")
    signed_at = InstantField()
    is_current = serializers.BooleanField(help_text="For the clauses as they are now.")


class AgreementSerializer(Serializer):
    id = PublicIdField("agreement", source="pk")
    version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=AgreementState.choices)
    summary = serializers.CharField()
    revision = serializers.IntegerField()
    calendar_id = PublicIdField("calendar")
    created_at = InstantField()
    takes_effect_on = serializers.DateField(allow_null=True)
    effective_at = InstantField(allow_null=True)
    superseded_at = InstantField(allow_null=True)
    review_on = serializers.DateField()


class AgreementDetailSerializer(AgreementSerializer):
    clauses = ClauseSerializer(many=True)
    signatures = AgreementSignatureSerializer(many=True)


class ClauseNumberSerializer(Serializer):
    code = serializers.ChoiceField(choices=[pattern.code for pattern in PATTERNS])
    number = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=0, allow_null=True, help_text="Null leaves the clause out."
    )


class AgreementDraftSerializer(Serializer):
    summary = serializers.CharField(max_length=300, allow_blank=True, default="")
    calendar_id = PublicIdField("calendar", required=False, help_text="Missing: that of the agreement in effect.")
    takes_effect_on = serializers.DateField(required=False, allow_null=True)
    review_on = serializers.DateField(required=False)
    numbers = ClauseNumberSerializer(
        many=True, required=False, help_text="What differs from the agreement in effect, else from the template."
    )


class ChangedDraftSerializer(Serializer):
    summary = serializers.CharField(max_length=300, allow_blank=True, required=False)
    calendar_id = PublicIdField("calendar", required=False)
    takes_effect_on = serializers.DateField(required=False, allow_null=True)
    review_on = serializers.DateField(required=False)
    numbers = ClauseNumberSerializer(many=True, required=False, help_text="What differs from the draft as it is.")


class AgreementFilter(FilterSet):
    state = ChoiceFilter(choices=AgreementState.choices)


class AgreementListView(ApiView):
    """All versions, the newest first; POST drafts the next one."""

    permissions = {"GET": "sla.view", "POST": "sla.manage"}
    filterset_class = AgreementFilter
    sorts = {"version": "version", "id": "pk"}
    usual_sort = "-version"

    @extend_schema(responses=paged(AgreementSerializer))
    def get(self, request: Request) -> Response:
        return self.page(Agreement.objects.all(), lambda rows: AgreementSerializer(rows, many=True).data)

    @extend_schema(request=AgreementDraftSerializer, responses={201: AgreementDetailSerializer})
    def post(self, request: Request) -> Response:
        form = AgreementDraftSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked, now, author = form.validated_data, timezone.now(), asker(request)
        if Agreement.objects.filter(state=AgreementState.DRAFT).exists():
            raise refused("", "draft_exists", _("There is a draft already. Change it, or discard it first."))
        live = live_agreement()
        calendar = _calendar(asked.get("calendar_id") or (live.calendar_id if live else None))
        review_on = _review_on(asked.get("review_on") or (now + REVIEW_AFTER).date(), now)
        made = draft_from_template(
            calendar,
            now=now,
            review_on=review_on,
            clauses=_clauses(live, asked.get("numbers") or ()),
            author=author,
            summary=asked["summary"],
            takes_effect_on=asked.get("takes_effect_on"),
        )
        note(author, "agreement.drafted", made, now, after={"version": made.version})
        ask_for_signatures(made, now, but=author)
        return Response(_detail(made), status=201)


class AgreementView(ApiView):
    """One version with its clauses and signatures; “live” is the one in effect.

    PATCH changes a draft, with If-Match; both heads then sign what is written. DELETE discards one nobody signed.
    """

    permissions = {"GET": "sla.view", "PATCH": "sla.manage", "DELETE": "sla.manage"}

    @extend_schema(responses=AgreementDetailSerializer)
    def get(self, request: Request, agreement: str) -> Response:
        if agreement == "live":
            found = Agreement.objects.get(state=AgreementState.LIVE)
        else:
            found = Agreement.objects.get(pk=decode_or_404("agreement", agreement))
        return self.versioned(_detail(found), found.revision)

    @extend_schema(request=ChangedDraftSerializer, responses=AgreementDetailSerializer)
    def patch(self, request: Request, agreement: str) -> Response:
        held = _draft(agreement)
        check_if_match(request, held.revision, required=True)
        form = ChangedDraftSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked, now, author = form.validated_data, timezone.now(), asker(request)
        changed = change_draft(
            held,
            _clauses(held, asked.get("numbers") or ()),
            calendar=_calendar(asked.get("calendar_id") or held.calendar_id),
            review_on=_review_on(asked.get("review_on") or held.review_on, now),
            summary=asked.get("summary", held.summary),
            takes_effect_on=asked.get("takes_effect_on", held.takes_effect_on),
            revision=held.revision,
        )
        if changed.revision != held.revision:
            before, after = {"revision": held.revision}, {"revision": changed.revision}
            note(author, "agreement.changed", changed, now, before=before, after=after)
            ask_for_signatures(changed, now, but=author)
        return self.versioned(_detail(changed), changed.revision)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, agreement: str) -> Response:
        held = _draft(agreement)
        check_if_match(request, held.revision)
        note(asker(request), "agreement.discarded", held, timezone.now(), before={"version": held.version})
        try:
            discard_draft(held)
        except AgreementError as error:
            raise refused("", "not_possible", str(error)) from error
        return Response(status=204)


def _draft(agreement: str) -> Agreement:
    """The draft of this id, held. Raises invalid_transition for one that is signed and in effect, or was."""
    found = Agreement.objects.select_for_update().get(pk=decode_or_404("agreement", agreement))
    if found.state != AgreementState.DRAFT:
        raise ProblemError("invalid_transition", _("Only a draft can be changed. What was signed stays as it is."))
    return found


def _calendar(pk: Any) -> Calendar:
    calendar = Calendar.objects.filter(pk=pk).first() if pk else None
    if calendar is None:
        raise refused("/calendar_id", "unknown_calendar", _("There is no such calendar."))
    return calendar


def _review_on(day: date, now: datetime) -> date:
    if not now.date() < day <= (now + timedelta(days=800)).date():
        raise refused("/review_on", "out_of_range", _("Choose a day within the next two years."))
    return day


def _clauses(base: Agreement | None, numbers: Any) -> list[Any]:
    """The clauses of an agreement, or the template's, with other numbers where asked."""
    usual = [pattern.draft(pattern.usual) for pattern in PATTERNS]
    standing = {clause.code: clause for clause in (drafts_of(base) if base else usual)}
    for change in numbers:
        code, number = change["code"], change["number"]
        pattern = BY_CODE[code]
        if number is None:
            standing.pop(code, None)
            continue
        if not 0 < number <= pattern.highest:
            words = _("“%(code)s” takes a number above 0, up to %(highest)s.")
            raise refused("/numbers", "out_of_range", words % {"code": code, "highest": pattern.highest})
        standing[code] = pattern.draft(number)
    for side in ClauseSide:
        if not any(clause.side == side for clause in standing.values()):
            words = _("%(side)s promises nothing. An agreement has at least one clause of each side.")
            raise refused("/numbers", "one_sided", words % {"side": side.label})
    order = {pattern.code: place for place, pattern in enumerate(PATTERNS)}
    return sorted(standing.values(), key=lambda clause: order.get(clause.code, len(order)))


def _detail(agreement: Agreement) -> dict[str, Any]:
    signatures = [
        {"side": row.side, "user_id": row.user_id, "signed_at": row.signed_at,
         "is_current": row.revision == agreement.revision}
        for row in agreement.signatures.all()
    ]  # fmt: skip
    return {
        **AgreementSerializer(agreement).data,
        "clauses": ClauseSerializer(agreement.clauses.order_by("position"), many=True).data,
        "signatures": AgreementSignatureSerializer(signatures, many=True).data,
    }
