"""Contests: what one team says is wrong, and what a judge of the other decided. Judging is for people only."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.contests import ContestRequest, contests_for
from feedback.models import Contest, ContestAbout
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.portal.api.fields import PublicIdFilter
from revops.portal.api.who import acting_user, asker, decode_or_404, refused, shows_persons, visible_leads
from revops.portal.contests.acting import open_contest
from sla.models import ClauseSide

STATES = (("open", "Open"), ("upheld", "Upheld"), ("dismissed", "Dismissed"))


class ContestSerializer(Serializer):
    id = PublicIdField("contest", source="pk")
    about = serializers.ChoiceField(choices=ContestAbout.choices)
    key = serializers.CharField(help_text="The rule, clause or reason behind it.")
    lead_id = PublicIdField("lead")
    clock_id = PublicIdField("clock", allow_null=True)
    decision_id = serializers.IntegerField(allow_null=True, help_text="The score decision that was contested.")
    wrong = serializers.CharField()
    words = serializers.CharField()
    side = serializers.ChoiceField(choices=ClauseSide.choices)
    contested_by_id = PublicIdField("user")
    judge_id = PublicIdField("user")
    judge_reason = serializers.CharField()
    contested_at = InstantField()
    due_at = InstantField()
    state = serializers.ChoiceField(choices=STATES)
    verdict_words = serializers.CharField()
    decided_by_id = PublicIdField("user", allow_null=True)
    decided_at = InstantField(allow_null=True)
    effects = serializers.ListField(child=serializers.CharField())


class NewContestSerializer(Serializer):
    about = serializers.ChoiceField(choices=ContestAbout.choices)
    lead_id = PublicIdField("lead")
    clock_id = PublicIdField("clock", required=False, help_text="Which broken promise; else the latest of your side.")
    wrong = serializers.CharField(max_length=32, help_text="A code, like done_elsewhere.")
    words = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    key = serializers.CharField(required=False, allow_blank=True, max_length=80, help_text="The rule that misjudges.")
    user_id = PublicIdField("user", required=False, help_text="Integrations say who contests; else the lead's owner.")


class ContestFilter(FilterSet):
    about = ChoiceFilter(choices=ContestAbout.choices)
    side = ChoiceFilter(choices=ClauseSide.choices)
    key = CharFilter()
    lead = PublicIdFilter(prefix="lead")
    judge = PublicIdFilter(prefix="user")
    state = ChoiceFilter(choices=STATES, method="in_state")

    def in_state(self, queryset: QuerySet[Contest], name: str, value: str) -> QuerySet[Contest]:
        if value == "open":
            return queryset.filter(verdict__isnull=True)
        return queryset.filter(verdict__is_upheld=value == "upheld")


class ContestListView(ApiView):
    """Contest a score, tier, route, breach, duplicate match or rejection; list what was contested."""

    permissions = {"GET": "contests.view", "POST": "contests.open"}
    filterset_class = ContestFilter
    sorts = {"contested_at": "contested_at", "due_at": "due_at", "id": "pk"}
    usual_sort = "-contested_at"

    @extend_schema(responses=paged(ContestSerializer))
    def get(self, request: Request) -> Response:
        return self.page(contests_for(asker(request)), lambda rows: [shown_contest(row, request) for row in rows])

    @extend_schema(request=NewContestSerializer, responses={201: ContestSerializer})
    def post(self, request: Request) -> Response:
        form = NewContestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        lead = visible_leads(request).filter(pk=values["lead_id"]).only("pk", "owner_id").first()
        if lead is None:
            raise refused("/lead_id", "unknown_lead", _("There is no such lead."))
        wanted = ContestRequest(
            about=values["about"],
            lead_id=lead.pk,
            user=acting_user(request, values.get("user_id"), "contests.open", lead.owner_id),
            wrong=values["wrong"],
            words=values.get("words", ""),
            subject_id=str(values["clock_id"]) if values.get("clock_id") and values["about"] == "breach" else "",
            key=values.get("key", ""),
        )
        found = open_contest(wanted, now=timezone.now())
        if found.contest is None:
            raise _problem(found.code, found.refusal)
        return Response(shown_contest(found.contest, request), status=201)


class ContestView(ApiView):
    permissions = {"GET": "contests.view"}

    @extend_schema(responses=ContestSerializer)
    def get(self, request: Request, contest: str) -> Response:
        found = contests_for(asker(request)).get(pk=decode_or_404("contest", contest))
        return Response(shown_contest(found, request))


def _problem(code: str, words: str) -> Exception:
    """The refusal as a problem: what is sent wrongly is a field, what stands in the way a conflict."""
    if code in ("contested", "no_judge"):
        return ProblemError("conflict", words)
    pointer = {"unknown_wrong": "/wrong", "unknown_subject": "/about", "not_yours": "/about"}[code]
    return refused(pointer, code, words)


def shown_contest(contest: Any, request: Request) -> dict[str, Any]:
    verdict = getattr(contest, "verdict", None)
    contest.state = "open" if verdict is None else "upheld" if verdict.is_upheld else "dismissed"
    contest.verdict_words = verdict.words if verdict else ""
    contest.decided_by_id = verdict.judge_id if verdict else None
    contest.decided_at = verdict.decided_at if verdict else None
    contest.effects = verdict.effects if verdict else []
    shown = dict(ContestSerializer(contest).data)
    return shown if shows_persons(request) else shown | {"words": "", "verdict_words": ""}
