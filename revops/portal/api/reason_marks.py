"""What salespeople say of the reasons of a lead."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.portal.api.who import acting_user, decode_or_404, refused, visible_leads
from scoring.marks import UnknownReason, mark_reason


class ReasonMarkInSerializer(Serializer):
    rule = serializers.CharField(max_length=64, help_text="The key of the rule, as “why” names it.")
    is_helpful = serializers.BooleanField(help_text="False: the reason misled.")
    user_id = PublicIdField("user", required=False, help_text="For whom an integration speaks; the owner if empty.")


class ReasonMarkSerializer(Serializer):
    rule = serializers.CharField()
    is_helpful = serializers.BooleanField()
    user_id = PublicIdField("user")
    marked_at = InstantField()


class ReasonMarkView(ApiView):
    """Say that a reason helped or misled; the newest word of a person counts."""

    permissions = {"POST": "leads.decide"}

    @extend_schema(request=ReasonMarkInSerializer, responses=ReasonMarkSerializer)
    def post(self, request: Request, lead: str) -> Response:
        found = visible_leads(request).get(pk=decode_or_404("lead", lead))
        form = ReasonMarkInSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        user = acting_user(request, said.get("user_id"), "leads.decide", found.owner_id)
        try:
            mark = mark_reason(found.pk, said["rule"], user, said["is_helpful"], timezone.now())
        except UnknownReason:
            raise refused("/rule", "unknown", _("The rulebook that judged this lead has no such rule.")) from None
        return Response(ReasonMarkSerializer({
            "rule": mark.rule_key, "is_helpful": mark.is_helpful, "user_id": user.pk, "marked_at": mark.marked_at,
        }).data)  # fmt: skip
