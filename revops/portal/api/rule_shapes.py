"""How a rulebook looks over the API, and which one an address means."""

from __future__ import annotations

from rest_framework import serializers

from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.portal.api.who import decode_or_404
from scoring.models import Rulebook
from scoring.models.rulebooks import RulebookState


class RulebookSerializer(Serializer):
    id = PublicIdField("rulebook", source="pk")
    version = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=RulebookState.choices)
    summary = serializers.CharField()
    author_id = PublicIdField("user")
    content_hash = serializers.CharField()
    created_at = InstantField()
    published_at = InstantField(allow_null=True)
    superseded_at = InstantField(allow_null=True)
    review_by_on = serializers.DateField(allow_null=True)
    publish_at = InstantField(allow_null=True)
    based_on_id = PublicIdField("rulebook", allow_null=True)
    revision = serializers.IntegerField()


def book_of(named: str) -> Rulebook:
    """The version with this public id; “live” is the one that counts now. Raises DoesNotExist or Http404."""
    books = Rulebook.objects.select_related("based_on", "author")
    if named == "live":
        return books.get(state=RulebookState.LIVE)
    return books.get(pk=decode_or_404("rulebook", named))
