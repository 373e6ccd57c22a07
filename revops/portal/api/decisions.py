"""What sales does with a lead: accept, reject with a reason, snooze, return to nurture, and the undo of an answer.

Decisions are acts, never a change of a status field. Of two people who answer at once, one wins; the other is told
who was faster and when.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.dispositions import Answer, Answered
from feedback.models import Disposition, DispositionKind
from leads.lifecycle import Stage, moves_from
from leads.models import Lead
from revops.foundation.api.etags import check_if_match
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.foundation.ids import encode
from revops.portal import journey
from revops.portal.api.lead_facts import LEAD_COLUMNS, shown_lead, version_of
from revops.portal.api.leads import find_lead
from revops.portal.api.who import acting_user, asker, decode_or_404, refused, shows_persons, visible_leads
from sla.handoffs import latest_handoffs, snooze_handoffs
from sla.models import Assignment, HandOff

LONGEST_SNOOZE = timedelta(days=366)
_POINTERS = {"unknown_reason": "/reason_code", "missing_evidence": "/evidence", "bad_evidence": "/evidence",
             "no_response_locked": "/reason_code", "second_look_needed": "/second_look", "unknown_track": "/track",
             "bad_wake_date": "/wakes_on"}  # fmt: skip


class AnswerSerializer(Serializer):
    user_id = PublicIdField("user", required=False, help_text="Integrations say who decided; else the lead's owner.")
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class RejectionSerializer(AnswerSerializer):
    reason_code = serializers.CharField(max_length=48, help_text="One of /api/v1/reason_codes/.")
    evidence = serializers.CharField(
        required=False, allow_blank=True, max_length=500, help_text="The answer to the evidence_question of the reason."
    )

    second_look = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=300,
        help_text="What it found, where second_look_needed asks for it.",
    )


class ReturnSerializer(AnswerSerializer):
    track = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=48,
        help_text="One of /api/v1/nurture_tracks/; empty: the usual one.",
    )
    wakes_on = serializers.DateField(required=False, allow_null=True, help_text="Look again on this day, after today.")


class SnoozeSerializer(Serializer):
    user_id = PublicIdField("user", required=False, help_text="Integrations say who waits; else the lead's owner.")
    until = InstantField()
    reason = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="Needed past a deadline."
    )


class UndoSerializer(Serializer):
    user_id = PublicIdField("user", required=False, help_text="Integrations say who takes it back.")


class DecisionSerializer(Serializer):
    lead_id = PublicIdField("lead")
    stage = serializers.ChoiceField(choices=Stage.choices)
    decision = serializers.ChoiceField(choices=[*DispositionKind.values, "snoozed"])
    decision_id = PublicIdField("decision", allow_null=True)
    user_id = PublicIdField("user")
    decided_at = InstantField()
    snoozed_until = InstantField(allow_null=True)


class _AnswerView(ApiView):
    permissions = {"POST": "leads.decide"}
    kind: ClassVar[DispositionKind]
    serializer: ClassVar[type[Serializer]] = AnswerSerializer

    def answer(self, request: Request, lead: str) -> Response:
        form = self.serializer(data=request.data)
        form.is_valid(raise_exception=True)
        values, now = form.validated_data, timezone.now()
        row = _lead_to_decide(request, lead)
        user = acting_user(request, values.get("user_id"), "leads.decide", row.owner_id)
        answer = Answer(
            lead_id=row.pk,
            user_id=user.pk,
            kind=self.kind,
            at=now,
            reason=values.get("reason_code", ""),
            evidence=values.get("evidence", ""),
            note=values.get("note", ""),
            second_look=values.get("second_look", ""),
            track=values.get("track", ""),
            wakes_on=values.get("wakes_on"),
        )
        (answered,) = journey.decide([answer], now=now)
        return _decided(answered, row)


class AcceptView(_AnswerView):
    """Take the lead. It becomes yours if nobody had it."""

    kind = DispositionKind.ACCEPTED

    @extend_schema(request=AnswerSerializer, responses=DecisionSerializer)
    def post(self, request: Request, lead: str) -> Response:
        return self.answer(request, lead)


class RejectView(_AnswerView):
    """Reject the lead, with the reason and its evidence."""

    kind = DispositionKind.REJECTED
    serializer = RejectionSerializer

    @extend_schema(request=RejectionSerializer, responses=DecisionSerializer)
    def post(self, request: Request, lead: str) -> Response:
        return self.answer(request, lead)


class ReturnToNurtureView(_AnswerView):
    """Give the lead back to marketing: good, but not now. It may name a track, and the day to look again."""

    kind = DispositionKind.RETURNED
    serializer = ReturnSerializer

    @extend_schema(request=ReturnSerializer, responses=DecisionSerializer)
    def post(self, request: Request, lead: str) -> Response:
        return self.answer(request, lead)


class ReopenView(ApiView):
    """Take the latest answer back; the hand-off is open again with its old deadlines."""

    permissions = {"POST": "leads.decide"}

    @extend_schema(request=UndoSerializer, responses=DecisionSerializer)
    def post(self, request: Request, lead: str) -> Response:
        form = UndoSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = _lead_to_decide(request, lead)
        user = acting_user(request, form.validated_data.get("user_id"), "leads.decide", row.owner_id)
        latest = (
            Disposition.objects.filter(lead=row, undone_by__isnull=True)
            .exclude(kind=DispositionKind.UNDONE)
            .order_by("-recorded_at", "-pk")
            .first()
        )
        if latest is None:
            raise ProblemError("invalid_transition", _("There is no answer that could be taken back."), allowed=[])
        (answered,) = journey.undo([latest.pk], user.pk, now=timezone.now())
        return _decided(answered, row)


class SnoozeView(ApiView):
    """Put the lead out of the queue until then. No clock stops."""

    permissions = {"POST": "leads.work"}

    @extend_schema(request=SnoozeSerializer, responses=DecisionSerializer)
    def post(self, request: Request, lead: str) -> Response:
        form = SnoozeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values, now = form.validated_data, timezone.now()
        if values["until"] > now + LONGEST_SNOOZE:
            raise refused("/until", "out_of_range", _("A year at most."))
        row = _lead_to_decide(request, lead)
        user = acting_user(request, values.get("user_id"), "leads.work", row.owner_id)
        handoff = latest_handoffs([row.pk]).get(row.pk)
        if handoff is None or handoff.state != "open":
            raise _taken(row, handoff, _("Only a lead that waits for an answer can be snoozed."))
        reason = values.get("reason", "")
        snoozed = snooze_handoffs([handoff.pk], until=values["until"], now=now, user_id=user.pk, reason=reason)
        if words := snoozed.refused.get(handoff.pk):
            pointer = "/reason" if handoff.due_at and values["until"] > max(handoff.due_at, now) else "/until"
            raise refused(pointer, "cannot_be_snoozed", words)
        return _answer(row, "snoozed", None, user.pk, now, values["until"])


def _lead_to_decide(request: Request, public_id: str) -> Lead:
    """A lead that the request may see. One that was to be seen until a colleague took it is a conflict, not a 404."""
    try:
        row = find_lead(visible_leads(request), public_id)
    except Http404:
        raise _taken_or_404(request, public_id) from None
    if "If-Match" in request.headers:
        facts = Lead.objects.values(*LEAD_COLUMNS).get(pk=row.pk)
        shown = shown_lead(facts, has_persons=shows_persons(request))
        check_if_match(request, version_of(shown))
    return row


def _taken_or_404(request: Request, public_id: str) -> Exception:
    row = Lead.objects.shown().filter(pk=decode_or_404("lead", public_id)).first()
    handoff = latest_handoffs([row.pk]).get(row.pk) if row else None
    if row is None or handoff is None or handoff.answered_by is None:
        return Http404()
    seen = Assignment.objects.filter(handoff=handoff, user__isnull=True) | Assignment.objects.filter(
        handoff=handoff, user=asker(request)
    )
    return _taken(row, handoff, "") if seen.exists() else Http404()


def _taken(lead: Lead, handoff: HandOff | None, words: str) -> ProblemError:
    """What somebody is told who was not the first: who was, and when; or where the lead could go from here."""
    if handoff is not None and handoff.answered_by is not None:
        taken_by = {"id": encode("user", handoff.answered_by.pk), "name": handoff.answered_by.name}
        detail = words or _("%(name)s %(did)s this lead.") % {
            "name": handoff.answered_by.name,
            "did": handoff.get_state_display().lower(),
        }
        return ProblemError("lead_taken", detail, taken_by=taken_by, taken_at=handoff.answered_at, stage=lead.stage)
    return ProblemError("invalid_transition", words, stage=lead.stage, allowed=sorted(moves_from(lead.stage)))


def _decided(answered: Answered, lead: Lead) -> Response:
    """The answer as it was recorded; raises the problem if it was refused."""
    row, answer = answered.disposition, answered.answer
    if row is not None:
        return _answer(lead, row.kind, row, answer.user_id, answer.at, None)
    if answered.code in _POINTERS:
        look = answered.look
        more = {"causes": list(look.causes), "proposed_wakes_on": look.wakes_on.isoformat()} if look else {}
        raise refused(_POINTERS[answered.code], answered.code, answered.refusal, **more)
    if answered.code == "not_found":
        raise Http404
    lead.refresh_from_db(fields=["stage"])
    handoff = latest_handoffs([lead.pk]).get(lead.pk) if answered.code == "lead_taken" else None
    raise _taken(lead, handoff, answered.refusal)


def _answer(lead: Lead, decision: str, row: Disposition | None, user_id: Any, at: Any, until: Any) -> Response:
    lead.refresh_from_db(fields=["stage"])
    return Response(
        {
            "lead_id": encode("lead", lead.pk),
            "stage": lead.stage,
            "decision": str(decision),
            "decision_id": encode("decision", row.pk) if row else None,
            "user_id": encode("user", user_id),
            "decided_at": at,
            "snoozed_until": until,
        }
    )
