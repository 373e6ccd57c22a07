"""Who asks, and the people and teams that other answers name."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django_filters import BooleanFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.foundation.models import ApiKey, Role, Side, Team, User
from revops.foundation.policy import PERMISSIONS
from revops.portal.api.who import asker, decode_or_404, may


class TeamSerializer(Serializer):
    id = PublicIdField("team", source="pk")
    name = serializers.CharField()
    side = serializers.ChoiceField(choices=Side.choices)
    timezone = serializers.CharField()


class UserSerializer(Serializer):
    id = PublicIdField("user", source="pk")
    name = serializers.CharField()
    email = serializers.EmailField(allow_null=True, help_text="Needs people:pii.")
    role = serializers.ChoiceField(choices=Role.choices)
    team = TeamSerializer(allow_null=True)
    timezone = serializers.CharField()
    is_active = serializers.BooleanField()


class KeySerializer(Serializer):
    id = PublicIdField("key", source="pk")
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = InstantField()


class MeSerializer(Serializer):
    user = UserSerializer()
    api_key = KeySerializer(allow_null=True)
    permissions = serializers.ListField(child=serializers.CharField())
    time = InstantField()


class MeView(ApiView):
    """Who asks, and what they may do."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        key = request.auth if isinstance(request.auth, ApiKey) else None
        return Response(
            {
                "user": {**UserSerializer(request.user).data, "email": asker(request).email},
                "api_key": KeySerializer(key).data if key else None,
                "permissions": [name for name in PERMISSIONS if may(request, name)],
                "time": timezone.now(),
            }
        )


class TeamListView(ApiView):
    """Teams of both sides."""

    permissions = {"GET": "leads.view"}
    sorts = {"name": "name", "id": "pk"}
    usual_sort = "name"

    @extend_schema(responses=paged(TeamSerializer))
    def get(self, request: Request) -> Response:
        return self.page(Team.objects.all(), lambda rows: TeamSerializer(rows, many=True).data)


class UserFilter(FilterSet):
    role = ChoiceFilter(choices=Role.choices)
    side = ChoiceFilter(field_name="team__side", choices=Side.choices)
    is_active = BooleanFilter()


class UserListView(ApiView):
    """People and service accounts."""

    permissions = {"GET": "leads.view"}
    filterset_class = UserFilter
    sorts = {"name": "name", "id": "pk"}
    usual_sort = "name"

    @extend_schema(responses=paged(UserSerializer))
    def get(self, request: Request) -> Response:
        return self.page(User.objects.select_related("team"), lambda rows: [_shown(row, request) for row in rows])


class UserView(ApiView):
    permissions = {"GET": "leads.view"}

    @extend_schema(responses=UserSerializer)
    def get(self, request: Request, user: str) -> Response:
        return Response(_shown(User.objects.select_related("team").get(pk=decode_or_404("user", user)), request))


def _shown(user: User, request: Request) -> dict[str, Any]:
    shown = dict(UserSerializer(user).data)
    return shown if may(request, "people.pii") else shown | {"email": None}
