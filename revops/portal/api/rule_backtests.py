"""Backtests over the API: at once for what is quick, as an operation for the whole past."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation import jobs
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.serializers import PublicIdField, Serializer
from revops.foundation.api.views import BATCH_COST, ApiView
from revops.foundation.ids import encode
from revops.portal.api.rule_drafts import invalid_rulebook
from revops.portal.api.rule_shapes import book_of
from revops.portal.api.who import asker, refused
from revops.portal.rules.backtesting import KIND, plain, plain_flip, scope_of
from scoring.backtest import ask_backtest, ask_flips
from scoring.publishing import NoLiveRulebook, stamp_kinds
from scoring.rules import InvalidRulebook, parse_rulebook


class PastScopeSerializer(Serializer):
    definition = serializers.DictField(required=False, help_text="The rules to try; or name a rulebook.")
    rulebook_id = serializers.CharField(required=False)
    against_id = serializers.CharField(required=False, help_text="Compared with this version; the live one if empty.")
    first_on = serializers.DateField(required=False)
    last_on = serializers.DateField(required=False)
    source_id = PublicIdField("source", required=False)
    user_id = PublicIdField("user", required=False, help_text="Only hand-offs of this rep.")


class BacktestInSerializer(PastScopeSerializer):
    mode = serializers.ChoiceField(
        choices=["sample", "exact", "operation"], default="sample",
        help_text="At once on a sample, at once and exact, or as an operation.",
    )  # fmt: skip


class FlipsInSerializer(PastScopeSerializer):
    offset = serializers.IntegerField(min_value=0, max_value=10_000_000, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)


class FlipSerializer(Serializer):
    case_id = serializers.IntegerField()
    lead_id = PublicIdField("lead")
    tier_before = serializers.IntegerField()
    tier_after = serializers.IntegerField()
    points_before = serializers.IntegerField(help_text="Twice intent plus fit plus timing, in thousandths.")
    points_after = serializers.IntegerField()
    moved_by = serializers.IntegerField()
    label = serializers.CharField(  # type: ignore[assignment]
        help_text="What became of it; unseen: sales never saw it.", allow_blank=True
    )
    reason = serializers.CharField(allow_blank=True)
    source_id = PublicIdField("source", allow_null=True)
    user_id = PublicIdField("user", allow_null=True)
    on = serializers.DateField(allow_null=True)


class FlipsSerializer(Serializer):
    flipped = serializers.IntegerField(help_text="Leads whose tier changes, in all.")
    data = FlipSerializer(many=True)  # type: ignore[assignment]


class BacktestSerializer(Serializer):
    is_exact = serializers.BooleanField()
    cases = serializers.IntegerField(help_text="Past cases looked at.")
    of = serializers.IntegerField(help_text="Past cases in all.")
    observed = serializers.IntegerField(help_text="Of them, those that sales saw.")
    undated = serializers.IntegerField()
    weeks = serializers.FloatField(allow_null=True)
    tiers = serializers.ListField(child=serializers.DictField())
    changes = serializers.DictField(help_text="kept, newly_in, newly_out: counts and shares with intervals.")
    unobservable = serializers.DictField()
    by_source = serializers.ListField(child=serializers.DictField())
    by_rep = serializers.ListField(child=serializers.DictField())
    flipped = serializers.IntegerField()
    flips = serializers.ListField(child=serializers.DictField())
    halves = serializers.ListField(child=serializers.DictField())
    cautions = serializers.ListField(child=serializers.DictField())
    currency = serializers.CharField()


class BacktestListView(ApiView):
    """Ask what a definition would have done to the past. Nothing is stored but the operation."""

    permissions = {"POST": "rules.view"}
    costs = {"POST": BATCH_COST}

    @extend_schema(request=BacktestInSerializer, responses=BacktestSerializer)
    def post(self, request: Request) -> Response:
        said = _said(BacktestInSerializer(data=request.data))
        candidate, against, scope = _candidate(said), _against(said), _scope(said)
        if said["mode"] == "operation":
            params = {"candidate": candidate, "against": against, "scope": scope}
            job = jobs.start_job(KIND, params, asker(request), timezone.now())
            location = f"/api/v1/operations/{encode('job', job.pk)}/"
            return Response(
                {"operation": encode("job", job.pk)}, status=202, headers={"Location": location, "Retry-After": "2"}
            )
        try:
            found = ask_backtest(candidate, against=against, scope=scope_of(scope), quick=said["mode"] == "sample")
        except NoLiveRulebook as refusal:
            raise ProblemError("conflict", str(refusal)) from refusal
        return Response(plain(found))


class BacktestFlipsView(ApiView):
    """Every lead whose tier a definition would change, the greatest change first, page by page."""

    permissions = {"POST": "rules.view"}
    costs = {"POST": BATCH_COST}

    @extend_schema(request=FlipsInSerializer, responses=FlipsSerializer)
    def post(self, request: Request) -> Response:
        said = _said(FlipsInSerializer(data=request.data))
        try:
            flipped, flips = ask_flips(
                _candidate(said), against=_against(said), scope=scope_of(_scope(said)),
                offset=said["offset"], limit=said["limit"],
            )  # fmt: skip
        except NoLiveRulebook as refusal:
            raise ProblemError("conflict", str(refusal)) from refusal
        return Response({"flipped": flipped, "data": [plain_flip(flip) for flip in flips]})


def _said(form: Serializer) -> dict[str, Any]:
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _against(said: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return book_of(said["against_id"]).definition if said.get("against_id") else None


def _scope(said: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(said[name]) for name in ("first_on", "last_on", "source_id", "user_id") if said.get(name)}


def _candidate(said: Mapping[str, Any]) -> dict[str, Any]:
    if said.get("rulebook_id"):
        return dict(book_of(said["rulebook_id"]).definition)
    if "definition" not in said:
        raise refused("/definition", "required", _("Send a definition, or the id of a rulebook."))
    definition = stamp_kinds(said["definition"])
    try:
        parse_rulebook(definition)
    except InvalidRulebook as refusal:
        raise invalid_rulebook(refusal) from refusal
    return definition
