"""Possible duplicates and merges. Keys may read them; deciding is for people, so no scope allows it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import ChoiceFilter, FilterSet, NumberFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.matching.proposing import MODELS, AnyProposal, refuse_proposal
from leads.matching.reasons import sentence_of
from leads.merging.choices import ACCOUNT_CHOICES, PERSON_CHOICES
from leads.merging.people import MergeRefused
from leads.models import AccountMerge, PersonMerge, PersonProposal, ProposalOrigin, ProposalState
from revops.foundation.api.pagination import Sort
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.foundation.ids import encode
from revops.portal.api.who import asker, decode_or_404
from revops.portal.back_office import note
from revops.portal.merges.acting import merge, merge_companies, undo, undo_companies

_PREFIX = {"people": "person", "accounts": "account"}
_CHOICES = {"people": PERSON_CHOICES, "accounts": ACCOUNT_CHOICES}
_KEYS = sorted({one.key for choices in _CHOICES.values() for one in choices})


class MatchSerializer(Serializer):
    id = PublicIdField("match")
    first_id = serializers.CharField(help_text="person_… or account_…")
    second_id = serializers.CharField()
    score = serializers.IntegerField(help_text="0 to 100")
    reasons = serializers.ListField(child=serializers.CharField())
    sentence = serializers.CharField()
    origin = serializers.ChoiceField(choices=ProposalOrigin.choices)
    state = serializers.ChoiceField(choices=ProposalState.choices)
    found_at = InstantField()
    decided_at = InstantField(allow_null=True)
    decided_by_id = PublicIdField("user", allow_null=True)


class MergeInSerializer(Serializer):
    keep = serializers.ChoiceField(choices=["first", "second"], help_text="Which of the two goes on.")
    take = serializers.ListField(
        child=serializers.ChoiceField(choices=_KEYS), required=False, help_text="Facts to take over from the other."
    )


class MergeSerializer(Serializer):
    id = PublicIdField("merge")
    survivor_id = serializers.CharField()
    merged_id = serializers.CharField()
    kept_lead_id = PublicIdField("lead", allow_null=True)
    merged_lead_id = PublicIdField("lead", allow_null=True)
    taken = serializers.ListField(child=serializers.CharField())
    merged_at = InstantField()
    undone_at = InstantField(allow_null=True)


class MatchFilter(FilterSet):
    state = ChoiceFilter(choices=ProposalState.choices)
    origin = ChoiceFilter(choices=ProposalOrigin.choices)
    score_gte = NumberFilter(field_name="score", lookup_expr="gte", min_value=0, max_value=100)

    class Meta:
        model = PersonProposal
        fields: list[str] = []


class MatchListView(ApiView):
    """Who may be the same, the surest first: of people or of accounts."""

    permissions = {"GET": "merges.view"}
    filterset_class = MatchFilter
    sorts: ClassVar[dict[str, Sort | str]] = {"score": "score", "id": "pk", "found_at": "found_at"}
    usual_sort = "-score"

    @extend_schema(operation_id="matches_list", responses=paged(MatchSerializer))
    def get(self, request: Request, of: str) -> Response:
        return self.page(_rows(of), lambda rows: [_shown(of, row) for row in rows])


class MatchView(ApiView):
    permissions = {"GET": "merges.view"}

    @extend_schema(responses=MatchSerializer)
    def get(self, request: Request, of: str, match: str) -> Response:
        return Response(_shown(of, _one(of, match)))


class MatchMergeView(ApiView):
    """They are the same: merges them. It can be taken back."""

    permissions = {"POST": "merges.decide"}

    @extend_schema(request=MergeInSerializer, responses={201: MergeSerializer})
    def post(self, request: Request, of: str, match: str) -> Response:
        found, now = _one(of, match), timezone.now()
        form = MergeInSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        if found.state != ProposalState.OPEN:
            raise ProblemError("conflict", _("Somebody decided this already."))
        pair = (found.first_id, found.second_id)
        survivor, merged = pair if said["keep"] == "first" else pair[::-1]
        taken = list(said.get("take", ()))
        try:
            if isinstance(found, PersonProposal):
                done: PersonMerge | AccountMerge = merge(
                    survivor, merged, taken, asker(request), now=now, proposal=found
                )
            else:
                done = merge_companies(survivor, merged, taken, asker(request), now=now, proposal=found)
        except MergeRefused as problem:
            raise ProblemError("conflict", str(problem)) from problem
        return Response(_shown_merge(of, done), status=201)


class MatchRefuseView(ApiView):
    """They are not the same: remembered, never asked again."""

    permissions = {"POST": "merges.decide"}

    @extend_schema(request=None, responses=MatchSerializer)
    def post(self, request: Request, of: str, match: str) -> Response:
        found, now = _one(of, match), timezone.now()
        Serializer(data=request.data or {}).is_valid(raise_exception=True)
        if not refuse_proposal(found, asker(request), now=now):
            raise ProblemError("conflict", _("Somebody decided this already."))
        note(asker(request), "match.refused", found, now)
        found.refresh_from_db()
        return Response(_shown(of, found))


class MergeUndoView(ApiView):
    """Takes a merge back; both are as they were."""

    permissions = {"POST": "merges.decide"}

    @extend_schema(request=None, responses=MergeSerializer)
    def post(self, request: Request, of: str, merge: str) -> Response:
        model: Any = {"people": PersonMerge, "accounts": AccountMerge}.get(of)
        found = model.objects.filter(pk=decode_or_404("merge", merge)).first() if model else None
        if found is None:
            raise Http404
        Serializer(data=request.data or {}).is_valid(raise_exception=True)
        take_back: Any = undo if of == "people" else undo_companies
        try:
            done = take_back(found.pk, asker(request), now=timezone.now())
        except MergeRefused as problem:
            raise ProblemError("conflict", str(problem)) from problem
        return Response(_shown_merge(of, done))


def _rows(kind: str) -> QuerySet[Any]:
    if kind not in MODELS:
        raise Http404
    return MODELS[kind]._default_manager.all()


def _one(kind: str, match: str) -> AnyProposal:
    found: AnyProposal | None = _rows(kind).filter(pk=decode_or_404("match", match)).first()
    if found is None:
        raise Http404
    return found


def _shown(kind: str, row: AnyProposal) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "first_id": encode(_PREFIX[kind], row.first_id),
        "second_id": encode(_PREFIX[kind], row.second_id),
        "score": row.score,
        "reasons": row.reasons,
        "sentence": sentence_of(row.reasons),
        "origin": row.origin,
        "state": row.state,
        "found_at": row.found_at,
        "decided_at": row.decided_at,
        "decided_by_id": encode("user", row.decided_by_id) if row.decided_by_id else None,
    }


def _shown_merge(kind: str, row: PersonMerge | AccountMerge) -> dict[str, Any]:
    leads = (row.kept_lead_id, row.merged_lead_id) if isinstance(row, PersonMerge) else (None, None)
    kept, merged = (encode("lead", pk) if pk else None for pk in leads)
    return {
        "id": row.public_id,
        "survivor_id": encode(_PREFIX[kind], row.survivor_id),
        "merged_id": encode(_PREFIX[kind], row.merged_id),
        "kept_lead_id": kept,
        "merged_lead_id": merged,
        "taken": row.taken,
        "merged_at": row.merged_at,
        "undone_at": row.undone_at,
    }
