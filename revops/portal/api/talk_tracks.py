"""Talk tracks: what reps are offered to say, to whom about which topic, and whether it helped."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.models import TalkTrack
from feedback.talk_tracks import with_votes
from revops.foundation.api.pagination import Page
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import PublicIdField, Serializer
from revops.foundation.api.views import ApiView


class TalkTrackSerializer(Serializer):
    id = PublicIdField("talktrack", source="pk")
    name = serializers.CharField()
    industry = serializers.CharField(help_text="Empty: any.")
    seniority = serializers.CharField(help_text="Empty: any.")
    function = serializers.CharField(help_text="Empty: any.")
    topic = serializers.CharField(help_text="As signals name it; empty: any.")
    opener = serializers.CharField()
    first_question = serializers.CharField()
    second_question = serializers.CharField()
    objection = serializers.CharField()
    owner_id = PublicIdField("user")
    expires_on = serializers.DateField(help_text="Afterwards it is not shown, and its owner is told.")
    useful = serializers.IntegerField(help_text="With how many leads it helped.")
    useless = serializers.IntegerField(help_text="With how many leads it did not.")


class TalkTrackListView(ApiView):
    """The talk tracks in use, by name, with how often reps found them useful."""

    permissions = {"GET": "leads.view"}

    @extend_schema(responses=paged(TalkTrackSerializer))
    def get(self, request: Request) -> Response:
        rows = list(with_votes(TalkTrack.objects.filter(is_active=True)))
        page = Page(rows, has_more=False, next_cursor=None, next_url=None)
        return Response(page.document(lambda found: TalkTrackSerializer(found, many=True).data))
