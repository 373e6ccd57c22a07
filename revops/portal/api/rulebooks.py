"""Rulebooks: every version of what makes a good lead, in sentences."""

from __future__ import annotations

from typing import Any

from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.etags import etag
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import Serializer
from revops.foundation.api.views import ApiView
from revops.portal.api.rule_drafts import DraftChangeSerializer, DraftInSerializer, change_draft, start_draft
from revops.portal.api.rule_shapes import RulebookSerializer, book_of
from scoring.models import Rulebook
from scoring.models.rulebooks import RulebookState
from scoring.rules import disqualifier_sentence, parse_rulebook, rule_sentence
from scoring.rules.definition import RulebookDefinition
from scoring.rules.sentences import condition_clause


class RuleSerializer(Serializer):
    key = serializers.CharField()
    axis = serializers.CharField()
    sentence = serializers.CharField()
    points = serializers.FloatField()
    family = serializers.CharField()
    is_proven = serializers.BooleanField()


class DisqualifierSerializer(Serializer):
    key = serializers.CharField()
    sentence = serializers.CharField()


class TierSerializer(Serializer):
    tier = serializers.IntegerField()
    hand_raise = serializers.CharField(allow_null=True)
    minimum = serializers.DictField(child=serializers.FloatField())
    required_facts = serializers.ListField(child=serializers.CharField())


class RulebookDetailSerializer(RulebookSerializer):
    rules = RuleSerializer(many=True)
    disqualifiers = DisqualifierSerializer(many=True)
    tiers = TierSerializer(many=True)
    caps = serializers.DictField(child=serializers.FloatField())
    family_caps = serializers.DictField(child=serializers.FloatField())
    definition = serializers.DictField(help_text="As it can be sent again; points in thousandths.")


class RulebookFilter(FilterSet):
    state = ChoiceFilter(choices=RulebookState.choices)


class RulebookListView(ApiView):
    """All versions, the newest first. A new draft begins at a definition, a preset, or the live rules."""

    permissions = {"GET": "rules.view", "POST": "rules.propose"}
    filterset_class = RulebookFilter
    sorts = {"version": "version", "id": "pk"}
    usual_sort = "-version"

    @extend_schema(responses=paged(RulebookSerializer))
    def get(self, request: Request) -> Response:
        books = Rulebook.objects.defer("definition")
        return self.page(books, lambda rows: RulebookSerializer(rows, many=True).data)

    @extend_schema(request=DraftInSerializer, responses={201: RulebookDetailSerializer})
    def post(self, request: Request) -> Response:
        book = start_draft(request)
        return self.versioned(_detail(book), book.revision, status=201)


class RulebookView(ApiView):
    """One version; “live” is the one that counts now. A draft is changed by who read its latest revision (If-Match)."""

    permissions = {"GET": "rules.view", "PATCH": "rules.propose"}

    @extend_schema(responses=RulebookDetailSerializer)
    def get(self, request: Request, rulebook: str) -> Response:
        return Response(_detail(book := book_of(rulebook)), headers={"ETag": etag(book.revision)})

    @extend_schema(request=DraftChangeSerializer, responses=RulebookDetailSerializer)
    def patch(self, request: Request, rulebook: str) -> Response:
        book = change_draft(request, book_of(rulebook))
        return self.versioned(_detail(book), book.revision)


def _detail(book: Rulebook) -> dict[str, Any]:
    definition = {part: value for part, value in book.definition.items() if part != "kinds"}
    told = _in_sentences(parse_rulebook(book.definition))
    return {**RulebookSerializer(book).data, **told, "definition": definition}


def _in_sentences(definition: RulebookDefinition) -> dict[str, Any]:
    kinds = definition.kinds
    tiers = [(1, definition.tier_1), (2, definition.tier_2)]
    return {
        "rules": [
            {
                "key": rule.key,
                "axis": rule.axis.value,
                "sentence": rule_sentence(rule, kinds),
                "points": rule.points / 1000,
                "family": rule.family,
                "is_proven": not definition.is_unproven(rule),
            }
            for rule in definition.rules
        ],
        "disqualifiers": [
            {"key": no.key, "sentence": disqualifier_sentence(no, kinds)} for no in definition.disqualifiers
        ],
        "tiers": [
            {
                "tier": number,
                "hand_raise": condition_clause(definition.hand_raise, kinds) if number == 1 else None,
                "minimum": {axis.value: points / 1000 for axis, points in criteria.minimum.items()},
                "required_facts": list(criteria.required_facts),
            }
            for number, criteria in tiers
        ],
        "caps": {axis.value: points / 1000 for axis, points in definition.caps.items()},
        "family_caps": {family: points / 1000 for family, points in definition.family_caps.items()},
    }
