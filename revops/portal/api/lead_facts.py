"""How the API shows a lead: its fields, what is masked, and the number behind its ETag."""

from __future__ import annotations

import zlib
from typing import Any

import orjson
from rest_framework import serializers

from leads.lifecycle import Stage
from leads.models import Lead
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.ids import encode
from revops.portal.api.who import MASKED


class PersonSerializer(Serializer):
    id = PublicIdField("person")
    name = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)
    title = serializers.CharField(allow_null=True)
    seniority = serializers.CharField()
    function = serializers.CharField()
    purchasing_role = serializers.CharField()
    country = serializers.CharField()
    city = serializers.CharField(allow_null=True)
    do_not_contact = serializers.BooleanField()
    flags = serializers.ListField(child=serializers.CharField())
    is_masked = serializers.BooleanField(help_text="True without the scope people:pii; masked facts are null.")


class AccountSerializer(Serializer):
    id = PublicIdField("account")
    name = serializers.CharField()
    domain = serializers.CharField(allow_null=True)
    industry = serializers.CharField()
    employees = serializers.IntegerField(allow_null=True)
    country = serializers.CharField()


class ScoreSerializer(Serializer):
    fit = serializers.FloatField()
    intent = serializers.FloatField()
    timing = serializers.FloatField()
    priority = serializers.FloatField()
    decided_at = InstantField()


class OwnerSerializer(Serializer):
    id = PublicIdField("user")
    name = serializers.CharField()


class LeadSerializer(Serializer):
    id = PublicIdField("lead")
    version = serializers.IntegerField()
    stage = serializers.ChoiceField(choices=Stage.choices)
    stage_at = InstantField()
    tier = serializers.IntegerField(allow_null=True, help_text="1, 2 or 3; null if it was never judged.")
    score = ScoreSerializer(allow_null=True)
    owner = OwnerSerializer(allow_null=True)
    person = PersonSerializer()
    account = AccountSerializer(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]
    campaign = serializers.CharField(allow_null=True)
    need = serializers.CharField(allow_null=True)
    attributes = serializers.DictField(allow_null=True)
    first_touch = serializers.DictField()
    last_touch = serializers.DictField()
    received_at = InstantField()
    occurred_at = InstantField(allow_null=True)
    last_signal_at = InstantField(allow_null=True)
    rejections = serializers.IntegerField()
    wakes_on = serializers.DateField(allow_null=True)
    is_history = serializers.BooleanField()
    why = serializers.CharField(required=False, allow_null=True, help_text="Only with expand=why.")


def version_of(shown: dict[str, Any]) -> int:
    """A number that rises with the lead's version and differs whenever something else that is shown differs."""
    content = orjson.dumps(shown, default=str, option=orjson.OPT_SORT_KEYS)
    return (int(shown["version"]) << 32) | zlib.crc32(content)


def shown_lead(row: Lead, *, has_persons: bool) -> dict[str, Any]:
    """A lead with its relations loaded, as the API shows it."""
    score = getattr(row, "score", None)
    account, owner = row.account, row.owner
    return {
        "id": encode("lead", row.pk),
        "version": row.version,
        "stage": row.stage,
        "stage_at": row.stage_at,
        "tier": score.tier if score else None,
        "score": {
            "fit": score.fit / 1000,
            "intent": score.intent / 1000,
            "timing": score.timing / 1000,
            "priority": score.priority / 1000,
            "decided_at": score.decided_at,
        }
        if score
        else None,
        "owner": {"id": encode("user", owner.pk), "name": owner.name} if owner else None,
        "person": _person(row.person, has_persons=has_persons),
        "account": {
            "id": encode("account", account.pk),
            "name": account.name,
            "domain": account.domain,
            "industry": account.industry,
            "employees": account.employees,
            "country": account.country,
        }
        if account
        else None,
        "source": row.source.key,
        "campaign": row.campaign.key if row.campaign else None,
        "need": row.need if has_persons else MASKED,
        "attributes": row.attributes if has_persons else MASKED,
        "first_touch": row.first_touch,
        "last_touch": row.last_touch,
        "received_at": row.received_at,
        "occurred_at": row.occurred_at,
        "last_signal_at": row.last_signal_at,
        "rejections": row.rejections,
        "wakes_on": row.wakes_on,
        "is_history": row.is_history,
    }


def _person(person: Any, *, has_persons: bool) -> dict[str, Any]:
    facts = {
        "name": person.name,
        "email": person.email,
        "phone": person.phone,
        "title": person.title,
        "city": person.city,
    }
    return {
        "id": encode("person", person.pk),
        **(facts if has_persons else dict.fromkeys(facts, MASKED)),
        "seniority": person.seniority,
        "function": person.function,
        "purchasing_role": person.purchasing_role,
        "country": person.country,
        "do_not_contact": person.do_not_contact,
        "flags": person.flags,
        "is_masked": not has_persons,
    }
