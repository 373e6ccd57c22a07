"""The gate over the API: its rules, changes of them, a trial that stores nothing, and addresses that bounce."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.gate import Bounce, ChangedMeanwhile, Hits, change_rule, hits_by_rule, remember_bounces
from leads.models import HygieneRule
from leads.models.hygiene import BounceOrigin, HygieneAction
from revops.foundation.api.etags import check_if_match
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, Serializer
from revops.foundation.api.views import BATCH_COST, ApiView
from revops.portal.api.shapes import SUBMISSION_FIELDS, check_object, problem_at
from revops.portal.api.submissions import invalid
from revops.portal.api.who import asker
from revops.portal.gate.trying import try_submission

MOST_BOUNCES = 1_000


class HygieneRuleSerializer(Serializer):
    code = serializers.CharField()
    sentence = serializers.CharField()
    action = serializers.ChoiceField(choices=HygieneAction.choices)
    is_active = serializers.BooleanField()
    terms = serializers.ListField(child=serializers.CharField(), help_text="Own domains, names, words or phrases.")
    allowed = serializers.ListField(child=serializers.CharField(), help_text="What the rule lets pass.")
    position = serializers.IntegerField()
    version = serializers.IntegerField()
    hits_7_days = serializers.IntegerField()
    hits_30_days = serializers.IntegerField()
    stopped_30_days = serializers.IntegerField()
    released_30_days = serializers.IntegerField(help_text="Of the stopped, those a person let in: the rule was wrong.")


class RuleChangeSerializer(Serializer):
    action = serializers.ChoiceField(choices=HygieneAction.choices, required=False)
    is_active = serializers.BooleanField(required=False)
    terms = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=5_000)
    allowed = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=5_000)
    reason = serializers.CharField(max_length=200, help_text="Stands in the ledger beside the change.")


class GateFindingSerializer(Serializer):
    rule = serializers.CharField()
    sentence = serializers.CharField()
    action = serializers.ChoiceField(choices=HygieneAction.choices)
    detail = serializers.CharField(help_text="Why it hits, in words.")
    decides = serializers.BooleanField()
    is_let_pass = serializers.BooleanField(help_text="The rule has an exception for it.")


class TrialSerializer(Serializer):
    outcome = serializers.ChoiceField(choices=["let_in", "quarantined", "refused"])
    rule = serializers.CharField()
    detail = serializers.CharField()
    flags = serializers.ListField(child=serializers.CharField())
    found = GateFindingSerializer(many=True)
    problems = serializers.DictField(child=serializers.CharField(), help_text="What could not be read, by field.")


class BounceSerializer(Serializer):
    email = serializers.CharField(max_length=320)
    bounced_at = InstantField(required=False)


class BouncesSerializer(Serializer):
    items = serializers.ListField(child=BounceSerializer(), min_length=1, max_length=MOST_BOUNCES)


class BouncesDoneSerializer(Serializer):
    received = serializers.IntegerField()
    new = serializers.IntegerField()


OUTCOMES = {"": "let_in", "quarantine": "quarantined", "refuse": "refused"}


class HygieneRuleListView(ApiView):
    """The hygiene rules, in the order they are asked, with their hits."""

    permissions = {"GET": "gate.view"}
    sorts = {"position": "position", "id": "pk"}
    usual_sort = "position"

    @extend_schema(responses=paged(HygieneRuleSerializer))
    def get(self, request: Request) -> Response:
        hits = hits_by_rule(timezone.now())
        return self.page(HygieneRule.objects.all(), lambda rows: [_shown(rule, hits) for rule in rows])


class HygieneRuleView(ApiView):
    """One hygiene rule. Changing it needs a person, a reason, and the version they read (If-Match)."""

    permissions = {"GET": "gate.view", "PATCH": "gate.change"}

    @extend_schema(responses=HygieneRuleSerializer)
    def get(self, request: Request, rule: str) -> Response:
        found = _rule(rule)
        return self.versioned(_shown(found, hits_by_rule(timezone.now())), found.version)

    @extend_schema(request=RuleChangeSerializer, responses=HygieneRuleSerializer)
    def patch(self, request: Request, rule: str) -> Response:
        found, now = _rule(rule), timezone.now()
        form = RuleChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        check_if_match(request, found.version, required=True)
        changes = dict(form.validated_data)
        try:
            changed = change_rule(
                found.code, changes, asker(request), changes.pop("reason"), now, version=found.version
            )
        except ChangedMeanwhile as problem:
            words = _("Somebody changed this rule at the same moment. Read it again.")
            raise ProblemError("version_mismatch", words, current_version=found.version + 1) from problem
        except ValidationError as problem:
            raise invalid(_errors(problem)) from problem
        return self.versioned(_shown(changed, hits_by_rule(now)), changed.version)


class HygieneTrialView(ApiView):
    """Ask the gate about a submission. Nothing is stored, nothing is counted."""

    permissions = {"POST": "gate.view"}

    @extend_schema(
        request={"application/json": {"$ref": "#/components/schemas/SubmissionIn"}}, responses=TrialSerializer
    )
    def post(self, request: Request) -> Response:
        data: Any = request.data
        errors = check_object(data, SUBMISSION_FIELDS, "", timezone.now())
        if errors:
            raise invalid(errors)
        trial = try_submission(data, has_external_id=bool((data.get("external_id") or "").strip()))
        document = {
            "outcome": OUTCOMES[trial.action],
            "rule": trial.rule,
            "detail": trial.detail,
            "flags": list(trial.flags),
            "found": [
                {
                    "rule": one.code,
                    "sentence": one.sentence,
                    "action": one.action,
                    "detail": one.detail,
                    "decides": one.decides,
                    "is_let_pass": one.is_let_pass,
                }
                for one in trial.hits
            ],
            "problems": trial.facts.problems,
        }
        return Response(TrialSerializer(document).data)


class BouncedAddressListView(ApiView):
    """Tell the gate which addresses bounce. Only a fingerprint of each is kept."""

    permissions = {"POST": "gate.bounces"}
    costs = {"POST": BATCH_COST}

    @extend_schema(request=BouncesSerializer, responses=BouncesDoneSerializer)
    def post(self, request: Request) -> Response:
        form = BouncesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        now, items = timezone.now(), form.validated_data["items"]
        bounces = [Bounce(item["email"], min(item.get("bounced_at") or now, now)) for item in items]
        new = remember_bounces(bounces, BounceOrigin.API, asker(request))
        return Response({"received": len(items), "new": new})


def _rule(code: str) -> HygieneRule:
    found = HygieneRule.objects.filter(pk=code).first()
    if found is None:
        raise Http404
    return found


def _shown(rule: HygieneRule, hits: dict[str, Hits]) -> dict[str, Any]:
    of_it = hits.get(rule.code, Hits())
    return {
        "code": rule.code,
        "sentence": rule.sentence,
        "action": rule.action,
        "is_active": rule.is_active,
        "terms": rule.terms,
        "allowed": rule.allowed,
        "position": rule.position,
        "version": rule.version,
        "hits_7_days": of_it.week,
        "hits_30_days": of_it.month,
        "stopped_30_days": of_it.stopped,
        "released_30_days": of_it.released,
    }


def _errors(problem: ValidationError) -> list[Any]:
    if not hasattr(problem, "error_dict"):
        return [problem_at("", "refused", " ".join(problem.messages))]
    return [problem_at(f"/{name}", "refused", " ".join(words)) for name, words in problem.message_dict.items()]
