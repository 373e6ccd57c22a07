"""A small API about teams, made of the kit, for the kit's own tests."""

from typing import Any
from uuid import UUID

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api import etags
from revops.foundation.api.pagination import Sort
from revops.foundation.api.problems import ProblemError, problem_response
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, MoneyField, PublicIdField, Serializer, SpanField
from revops.foundation.api.views import ApiView, NotFoundView
from revops.foundation.middleware import content_security_policy
from revops.foundation.models import Team, User


class TeamSerializer(Serializer):
    id = PublicIdField("team", read_only=True)
    name = serializers.CharField(max_length=120)
    side = serializers.ChoiceField(choices=["sales", "marketing", "revops"], default="sales")
    budget = MoneyField(required=False, write_only=True)
    founded_at = InstantField(required=False, write_only=True)
    notice = SpanField(required=False, write_only=True)
    parent = PublicIdField("team", required=False, write_only=True)
    outcome = serializers.CharField(required=False, write_only=True)


class TeamListView(ApiView):
    permissions = {"GET": "leads.view", "POST": "leads.work"}
    sorts = {"name": "name", "id": "pk", "manager": Sort("manager_id", nullable=True)}
    usual_sort = "name"
    query_parameters = frozenset({"side"})

    @extend_schema(responses=paged(TeamSerializer))
    def get(self, request: Request) -> Response:
        teams = Team.objects.all()
        if side := request.query_params.get("side"):
            teams = teams.filter(side=side)
        return self.page(teams, lambda rows: TeamSerializer(rows, many=True).data)

    @extend_schema(request=TeamSerializer, responses={201: TeamSerializer})
    def post(self, request: Request) -> Response:
        form = TeamSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        team = Team.objects.create(name=values["name"], side=values["side"])
        match values.get("outcome"):
            case "refused":
                raise ProblemError("lead_taken", "Ana was faster.", taken_by="Ana")
            case "crash":
                raise RuntimeError("a secret detail")
            case "database":
                raise OperationalError("gone")
            case "gone":
                return Response({"gone": True}, status=410)
        return Response(TeamSerializer(team).data, status=201, headers={"Location": f"/api/v1/teams/{team.pk}/"})


class TeamView(ApiView):
    permissions = {"GET": "leads.view", "PATCH": "people.manage"}

    def get(self, request: Request, pk: UUID) -> Response:
        return self.versioned(TeamSerializer(Team.objects.get(pk=pk)).data, 17)

    def patch(self, request: Request, pk: UUID) -> Response:
        etags.check_if_match(request, 17, required=True, changed_fields=["name"])
        return self.versioned({"name": "changed"}, 18)


def failing(request: HttpRequest) -> HttpResponse:
    return problem_response(request, "gone", "It left.")


@content_security_policy(frame_ancestors="*")
def framed(request: HttpRequest) -> HttpResponse:
    user: Any = getattr(request, "user", None)
    return HttpResponse(f"hello {user if isinstance(user, User) else 'stranger'}")


urlpatterns = [
    path("api/v1/teams/", TeamListView.as_view()),
    path("api/v1/teams/<uuid:pk>/", TeamView.as_view()),
    path("api/v1/failing/", failing),
    path("framed/", framed),
    re_path(r"^api/v1/.*$", NotFoundView.as_view()),
]
