"""The pool: leads that anybody may take, and taking the next one. Two callers never get the same lead."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.problems import ProblemError
from revops.foundation.api.serializers import PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.portal import journey
from revops.portal.api.who import acting_user, asker
from sla.pool import NotInRouting, waiting_in_pool


class PoolSerializer(Serializer):
    waiting = serializers.IntegerField(help_text="How many leads you could take now.")


class TakeNextSerializer(Serializer):
    user_id = PublicIdField("user", required=False, help_text="Integrations say who takes it.")


class TakenSerializer(Serializer):
    lead_id = PublicIdField("lead", allow_null=True, help_text="Null: nothing waits.")
    handoff_id = PublicIdField("handoff", allow_null=True)


class PoolView(ApiView):
    """How many leads wait for somebody to take them: offered by others, or without anybody."""

    permissions = {"GET": "leads.work"}

    @extend_schema(responses=PoolSerializer)
    def get(self, request: Request) -> Response:
        return Response({"waiting": waiting_in_pool(asker(request).pk)})


class PoolNextView(ApiView):
    """Take the most urgent lead of the pool. It becomes yours, with a fresh promise in your hours."""

    permissions = {"POST": "leads.decide"}

    @extend_schema(request=TakeNextSerializer, responses=TakenSerializer)
    def post(self, request: Request) -> Response:
        form = TakeNextSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = acting_user(request, form.validated_data.get("user_id"), "leads.decide")
        try:
            taken = journey.pull_next(user.pk, now=timezone.now())
        except NotInRouting as error:
            raise ProblemError("conflict", str(error)) from error
        row = {"lead_id": taken.lead_id if taken else None, "handoff_id": taken.handoff_id if taken else None}
        return Response(TakenSerializer(row).data)
