"""Routing: rules of territories, balances of turns, leads that wait, and dry runs that assign nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.etags import check_if_match
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.foundation.ids import encode
from revops.portal.api.who import asker, refused, visible_leads
from revops.portal.back_office import note
from revops.portal.routing.waiting import tell_owners
from revops.portal.routing.words import rows_of
from sla.handoffs import route_waiting
from sla.models import HandOff
from sla.queries import fairness_balance, unrouted
from sla.routing import requests_of_leads, try_routes
from sla.territories import Otherwise, RuleError, Segment
from sla.territory_rules import rules_in_force, write_rules

MOST_TRIED = 1000


class EmployeesSerializer(Serializer):
    at_least = serializers.IntegerField(required=False, min_value=0, max_value=2_000_000_000)
    at_most = serializers.IntegerField(required=False, min_value=0, max_value=2_000_000_000)


def _texts(most: int = 80, **more: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(max_length=most), required=False, max_length=250, **more)


class WhenSerializer(Serializer):
    country = _texts(2, help_text="ISO 3166 alpha-2.")
    segment = serializers.ListField(
        child=serializers.ChoiceField(choices=[segment.value for segment in Segment]), required=False, max_length=3
    )
    industry = _texts(120)
    language = _texts(8)
    source = _texts(64)  # type: ignore[assignment]
    tier = serializers.ListField(child=serializers.ChoiceField(choices=["1", "2", "3"]), required=False, max_length=3)
    employees = EmployeesSerializer(required=False)


class RoutingRuleSerializer(Serializer):
    key = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=80)
    is_on = serializers.BooleanField(default=True)
    when = WhenSerializer(required=False)
    team_ids = serializers.ListField(child=PublicIdField("team"), required=False, max_length=100)
    user_ids = serializers.ListField(child=PublicIdField("user"), required=False, max_length=100)
    otherwise = serializers.ChoiceField(choices=[one.value for one in Otherwise], default=Otherwise.NEXT.value)
    sentence = serializers.CharField(read_only=True)


class RoutingRulesSerializer(Serializer):
    version = serializers.IntegerField(read_only=True, help_text="0 while there are none.")
    note = serializers.CharField(max_length=300, help_text="What changed, in words.")
    rules = RoutingRuleSerializer(many=True, help_text="In their order: the first that fits decides.")


class RoutingRulesView(ApiView):
    """The rules in force; PUT writes the next version of all of them, with If-Match."""

    permissions = {"GET": "sla.view", "PUT": "sla.manage"}

    @extend_schema(responses=RoutingRulesSerializer)
    def get(self, request: Request) -> Response:
        document = _rules_document()
        return self.versioned(document, document["version"])

    @extend_schema(request=RoutingRulesSerializer, responses=RoutingRulesSerializer)
    def put(self, request: Request) -> Response:
        newest = rules_in_force()
        seen = newest.version if newest else 0
        check_if_match(request, seen, required=True)
        form = RoutingRulesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        now, author = timezone.now(), asker(request)
        try:
            rules = [_stored(rule) for rule in form.validated_data["rules"]]
            version = write_rules(rules, by=author, now=now, note=form.validated_data["note"], seen=seen)
        except RuleError as error:
            raise refused("/rules", "invalid_rule", str(error)) from error
        note(author, "routing_rules.changed", version, now, after={"version": version.version}, cause=version.note)
        return self.versioned(_rules_document(), version.version)


def _rules_document() -> dict[str, Any]:
    newest = rules_in_force()
    rows = rows_of(newest.rules) if newest else []
    return {
        "version": newest.version if newest else 0,
        "note": newest.note if newest else "",
        "rules": [{**_shown_rule(row.raw), "sentence": row.sentence} for row in rows],
    }


def _shown_rule(rule: dict[str, Any]) -> dict[str, Any]:
    when = dict(rule.get("when") or {})
    if size := when.pop("employees", None):
        named = {"at_least": size.get("from"), "at_most": size.get("to")}
        when["employees"] = {name: number for name, number in named.items() if number is not None}
    when["tier"] = [str(tier) for tier in when.get("tier", ())]
    return {
        "key": rule.get("key", ""),
        "name": rule["name"],
        "is_on": rule.get("is_on", True),
        "when": {name: values for name, values in when.items() if values},
        "team_ids": [encode("team", UUID(team)) for team in rule.get("teams") or ()],
        "user_ids": [encode("user", UUID(person)) for person in rule.get("people") or ()],
        "otherwise": rule.get("otherwise") or Otherwise.NEXT.value,
    }


def _stored(rule: dict[str, Any]) -> dict[str, Any]:
    when: dict[str, Any] = {
        name: list(values) for name, values in (rule.get("when") or {}).items() if name != "employees" and values
    }
    size = (rule.get("when") or {}).get("employees") or {}
    if size:
        when["employees"] = {name: size[key] for name, key in (("from", "at_least"), ("to", "at_most")) if key in size}
    return {
        "key": rule["key"],
        "name": rule["name"],
        "is_on": rule["is_on"],
        "when": when,
        "teams": [str(team) for team in rule.get("team_ids") or ()],
        "people": [str(person) for person in rule.get("user_ids") or ()],
        "otherwise": rule["otherwise"],
    }


class DryRunSerializer(Serializer):
    lead_ids = serializers.ListField(
        child=PublicIdField("lead"), required=False, max_length=MOST_TRIED, help_text="Missing: the leads that wait."
    )


class CandidateSerializer(Serializer):
    user_id = PublicIdField("user")
    test = serializers.CharField(help_text="The first test failed, in words.")


class RouteSerializer(Serializer):
    lead_id = PublicIdField("lead")
    user_id = PublicIdField("user", allow_null=True)
    reason = serializers.CharField()
    candidates = CandidateSerializer(many=True)


class ShareSerializer(Serializer):
    user_id = PublicIdField("user")
    weight = serializers.IntegerField()
    leads = serializers.IntegerField()
    turns = serializers.IntegerField()
    balance_before = serializers.FloatField()
    balance_after = serializers.FloatField()


class DryRunAnswerSerializer(Serializer):
    routes = RouteSerializer(many=True)
    split = ShareSerializer(many=True)
    nobody = serializers.IntegerField(help_text="Leads that nobody could take.")


class DryRunView(ApiView):
    """What routing would do now with some leads, or with those that wait; nothing is assigned."""

    permissions = {"POST": "sla.view"}

    @extend_schema(request=DryRunSerializer, responses=DryRunAnswerSerializer)
    def post(self, request: Request) -> Response:
        form = DryRunSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        now, mine = timezone.now(), visible_leads(request)
        if "lead_ids" in form.validated_data:
            asked = form.validated_data["lead_ids"]
            known = set(mine.filter(pk__in=asked).values_list("pk", flat=True))
            ids = [pk for pk in dict.fromkeys(asked) if pk in known]
            if len(ids) < len(set(asked)):
                raise refused("/lead_ids", "unknown_lead", _("There is no such lead."))
        else:
            ids = list(unrouted().filter(lead__in=mine).values_list("lead_id", flat=True)[:MOST_TRIED])
        run = try_routes(requests_of_leads(ids, at=now), now=now)
        return Response(
            {
                "routes": [
                    {
                        "lead_id": encode("lead", asked.lead_id),
                        "user_id": encode("user", choice.user_id) if choice.user_id else None,
                        "reason": str(choice.reason),
                        "candidates": [
                            {"user_id": encode("user", pk), "test": words} for pk, words in run.candidates_of(choice)
                        ],
                    }
                    for asked, choice in zip(run.requests, run.choices, strict=True)
                ],
                "split": [
                    {"user_id": encode("user", share.user_id), "weight": share.weight, "leads": share.leads,
                     "turns": share.turns, "balance_before": share.before, "balance_after": share.after}
                    for share in run.shares
                ],
                "nobody": run.nobody,
            }
        )  # fmt: skip


class BalanceSerializer(Serializer):
    user_id = PublicIdField("user")
    weight = serializers.IntegerField()
    capacity = serializers.IntegerField(allow_null=True)
    open_work = serializers.IntegerField()
    is_routable = serializers.BooleanField()
    balance = serializers.FloatField(help_text="Turns owed (above zero) or ahead (below); all sum to zero.")


class BalancesSerializer(Serializer):
    balances = BalanceSerializer(many=True)


class BalanceListView(ApiView):
    """How many turns everybody is owed or ahead."""

    permissions = {"GET": "sla.view"}

    @extend_schema(responses=BalancesSerializer)
    def get(self, request: Request) -> Response:
        return Response(
            {
                "balances": [
                    {"user_id": encode("user", row.user.pk), "weight": row.weight, "capacity": row.capacity,
                     "open_work": row.open_work, "is_routable": row.is_routable, "balance": row.turns}
                    for row in fairness_balance()
                ]
            }
        )  # fmt: skip


class UnroutedSerializer(Serializer):
    handoff_id = PublicIdField("handoff", source="pk")
    lead_id = PublicIdField("lead")
    reason = serializers.CharField(source="unrouted_reason")
    waits_since = InstantField(source="handed_off_at")
    due_at = InstantField(allow_null=True)
    alarmed_at = InstantField(allow_null=True, help_text="When managers were told.")


class UnroutedListView(ApiView):
    """Leads that nobody could take, oldest first, with the reason."""

    permissions = {"GET": "sla.view"}
    sorts = {"waits_since": "handed_off_at", "id": "pk"}
    usual_sort = "waits_since"

    @extend_schema(responses=paged(UnroutedSerializer))
    def get(self, request: Request) -> Response:
        rows = HandOff.objects.unrouted().filter(lead__in=visible_leads(request))
        return self.page(rows, lambda found: UnroutedSerializer(found, many=True).data)


class RouteAgainSerializer(Serializer):
    handoff_ids = serializers.ListField(
        child=PublicIdField("handoff"), required=False, max_length=MOST_TRIED, help_text="Missing: all that wait."
    )


class RoutedSerializer(Serializer):
    routed = serializers.ListField(child=PublicIdField("handoff"))


class RouteAgainView(ApiView):
    """Tries again to find somebody for leads that wait."""

    permissions = {"POST": "sla.manage"}

    @extend_schema(request=RouteAgainSerializer, responses=RoutedSerializer)
    def post(self, request: Request) -> Response:
        form = RouteAgainSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        now, author = timezone.now(), asker(request)
        with transaction.atomic():
            done = route_waiting(now=now, limit=MOST_TRIED, handoff_ids=form.validated_data.get("handoff_ids"))
            tell_owners(done)
            if done:
                note(author, "routing.tried_again", author, now, after={"routed": len(done)})
        return Response({"routed": [encode("handoff", pk) for pk in done]})
