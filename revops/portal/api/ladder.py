"""The escalation ladder: its steps, and which of them were taken about a lead."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.etags import check_if_match
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.foundation.ids import encode
from revops.portal.api.who import asker, decode_or_404, refused, visible_leads
from revops.portal.back_office import note
from sla.agreements import live_agreement
from sla.escalation import Ladder, escalations_of, ladders_of, save_ladder
from sla.ladder import LEAST, MOST, Action, LadderError, read_steps
from sla.models import Agreement, ClauseSide

MOST_MOVES = 10


class LadderStepSerializer(Serializer):
    action = serializers.ChoiceField(choices=[action.value for action in Action])
    after = serializers.IntegerField(min_value=LEAST, max_value=MOST, help_text="Percent of the promise.")


class LadderSerializer(Serializer):
    agreement_id = PublicIdField("agreement", read_only=True, allow_null=True)
    version = serializers.IntegerField(read_only=True, help_text="0: the usual steps, or those of an agreement before.")
    steps = LadderStepSerializer(many=True)
    most_moves = serializers.IntegerField(
        min_value=0, max_value=MOST_MOVES, help_text="How often escalation may move one lead."
    )


class EscalationSerializer(Serializer):
    action = serializers.ChoiceField(choices=[action.value for action in Action])
    after = serializers.IntegerField(help_text="Percent of the promise.")
    side = serializers.ChoiceField(choices=ClauseSide.choices)
    clause = serializers.CharField()
    due_at = InstantField()
    taken_at = InstantField(help_text="Later than it was due if nothing ran meanwhile.")
    tell_at = InstantField(help_text="When the receiver works: nobody is told before.")
    user_id = PublicIdField("user", allow_null=True, help_text="Who was told.")
    passed_over_ids = serializers.ListField(child=serializers.CharField(), help_text="Whom it left out: they are away.")
    reason = serializers.CharField(allow_blank=True)


class EscalationsSerializer(Serializer):
    data = EscalationSerializer(many=True)  # type: ignore[assignment]


class LadderView(ApiView):
    """The ladder of the agreement in effect; PUT writes its next version, with If-Match."""

    permissions = {"GET": "sla.view", "PUT": "sla.manage"}

    @extend_schema(responses=LadderSerializer)
    def get(self, request: Request) -> Response:
        return _answer(self, live_agreement())

    @extend_schema(request=LadderSerializer, responses=LadderSerializer)
    def put(self, request: Request) -> Response:
        agreement = live_agreement()
        if agreement is None:
            raise ProblemError("conflict", _("No agreement is in effect, so there is nothing to escalate."))
        before = ladders_of([agreement.pk])[agreement.pk]
        check_if_match(request, _version(before, agreement), required=True)
        form = LadderSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said, author, now = form.validated_data, asker(request), timezone.now()
        try:
            with transaction.atomic():
                row = save_ladder(
                    agreement, read_steps(list(said["steps"])), most_moves=said["most_moves"], by=author, now=now
                )
                note(author, "ladder.saved", row, now, before=_facts(before),
                     after={"steps": row.steps, "most_moves": row.most_moves})  # fmt: skip
        except LadderError as error:
            raise refused("/steps", "invalid_ladder", str(error)) from error
        return _answer(self, agreement)


class LeadEscalationsView(ApiView):
    """Every step that was taken about a lead, the oldest first."""

    permissions = {"GET": "leads.view"}

    @extend_schema(responses=EscalationsSerializer)
    def get(self, request: Request, lead: str) -> Response:
        pk = visible_leads(request).values_list("pk", flat=True).get(pk=decode_or_404("lead", lead))
        rows = escalations_of([pk]).get(pk, [])
        data = [
            {
                **{name: getattr(row, name) for name in
                   ("action", "after", "side", "due_at", "taken_at", "tell_at", "reason")},
                "clause": row.clock.clause.code,
                "user_id": row.receiver_id,
                "passed_over_ids": [encode("user", UUID(one)) for one in row.passed_over],
            }
            for row in rows
        ]  # fmt: skip
        return Response(EscalationsSerializer({"data": data}).data)


def _answer(view: ApiView, agreement: Agreement | None) -> Response:
    ladder = ladders_of([agreement.pk])[agreement.pk] if agreement else Ladder()
    version = _version(ladder, agreement)
    document = {"agreement_id": agreement.pk if agreement else None, "version": version, **_facts(ladder)}
    return view.versioned(LadderSerializer(document).data, version)


def _version(ladder: Ladder, agreement: Agreement | None) -> int:
    """The number of the row that counts, if it is this agreement's own."""
    row = ladder.row
    return row.version if row is not None and agreement is not None and row.agreement_id == agreement.pk else 0


def _facts(ladder: Ladder) -> dict[str, Any]:
    return {
        "steps": [{"action": step.action.value, "after": step.after} for step in ladder.steps],
        "most_moves": ladder.most_moves,
    }
