"""Consents over the API: the ledger, what was agreed elsewhere, taking it back, and what may be mailed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.models import ConsentEvent, Person, Source
from leads.models.consents import ConsentChannel, ConsentKind, ConsentPurpose
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.portal.api.fields import PublicIdFilter, check_past
from revops.portal.api.intake_rows import CONSENT_COLUMNS, shown_consents
from revops.portal.api.who import asker, decode_or_404, refused, shows_persons, visible_leads
from revops.portal.consents.ledger import events_for, purposes_of
from revops.portal.consents.recording import record_consent, withdraw_consent


class ConsentProofSerializer(Serializer):
    """Where and with what it was given. Of the address only the network, and a digest to compare with."""

    network = serializers.CharField()
    address_digest = serializers.CharField()
    user_agent = serializers.CharField()
    page = serializers.CharField()
    note = serializers.CharField()


class ConsentSerializer(Serializer):
    id = PublicIdField("consent", source="pk")
    person_id = PublicIdField("person")
    kind = serializers.ChoiceField(choices=ConsentKind.choices)
    purpose = serializers.ChoiceField(choices=ConsentPurpose.choices)
    channel = serializers.ChoiceField(choices=ConsentChannel.choices)
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    text = serializers.CharField(allow_null=True, help_text="The words shown.")
    wording = serializers.CharField(allow_null=True, help_text="Their version.")
    receipt = serializers.CharField(help_text="Of the submission that proves it; empty if it came another way.")
    occurred_at = InstantField()
    recorded_at = InstantField()
    expires_at = InstantField(allow_null=True)
    proof = ConsentProofSerializer(allow_null=True, help_text="Null without people:pii, and once it was erased.")


class NewConsentSerializer(Serializer):
    lead_id = PublicIdField("lead", required=False)
    email = serializers.CharField(required=False, max_length=320, help_text="Instead of lead_id.")
    purpose = serializers.ChoiceField(choices=ConsentPurpose.choices)
    text = serializers.CharField(max_length=2000, help_text="The words they agreed to, as they were shown.")
    occurred_at = InstantField(required=False, help_text="Missing: now.")
    expires_at = InstantField(required=False, allow_null=True)
    source = serializers.SlugField(required=False, max_length=64)  # type: ignore[assignment]
    note = serializers.CharField(required=False, allow_blank=True, max_length=500, help_text="How you know.")


class ConsentWithdrawalSerializer(Serializer):
    lead_id = PublicIdField("lead", required=False)
    email = serializers.CharField(required=False, max_length=320, help_text="Instead of lead_id.")
    purposes = serializers.ListField(
        child=serializers.ChoiceField(choices=ConsentPurpose.choices), required=False, max_length=10,
        help_text="Missing: all of them.",
    )  # fmt: skip
    note = serializers.CharField(required=False, allow_blank=True, max_length=500, help_text="How they told you.")


class ConsentStandingSerializer(Serializer):
    purpose = serializers.ChoiceField(choices=ConsentPurpose.choices)
    kind = serializers.ChoiceField(choices=ConsentKind.choices, allow_null=True)
    since = InstantField(allow_null=True)
    expires_at = InstantField(allow_null=True)
    may_be_mailed = serializers.BooleanField()
    why = serializers.CharField()


class ConsentStandingsSerializer(Serializer):
    person_id = PublicIdField("person")
    do_not_contact = serializers.BooleanField()
    purposes = ConsentStandingSerializer(many=True)


class ConsentFilter(FilterSet):
    kind = ChoiceFilter(choices=ConsentKind.choices)
    purpose = ChoiceFilter(choices=ConsentPurpose.choices)
    person_id = PublicIdFilter(prefix="person", field_name="person_id")


class ConsentListView(ApiView):
    """The ledger, newest first; write down a consent that was given elsewhere."""

    permissions = {"GET": "consents.view", "POST": "consents.record"}
    filterset_class = ConsentFilter
    sorts = {"recorded_at": "recorded_at", "id": "pk"}
    usual_sort = "-recorded_at"

    @extend_schema(responses=paged(ConsentSerializer))
    def get(self, request: Request) -> Response:
        shows_people = shows_persons(request)
        rows = events_for(request.user).values(*CONSENT_COLUMNS)
        return self.page(rows, lambda found: shown_consents(found, shows_people=shows_people))

    @extend_schema(request=NewConsentSerializer, responses={201: ConsentSerializer})
    def post(self, request: Request) -> Response:
        form = NewConsentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked, now = form.validated_data, timezone.now()
        at = check_past(asked.get("occurred_at"), "/occurred_at", now) or now
        ends = asked.get("expires_at")
        if ends is not None and ends <= now:
            raise refused("/expires_at", "out_of_range", _("This is over. Leave it out, or send a time to come."))
        if not asked["text"].strip():
            raise refused("/text", "required", _("Say which words they agreed to."))
        pk = record_consent(
            _person(request, asked), asked["purpose"], asked["text"].strip(), asked.get("note", ""), asker(request),
            now,
            at=min(at, now), expires_at=ends, channel=ConsentChannel.API, source_id=_source(asked.get("source")),
        )  # fmt: skip
        rows = ConsentEvent.objects.filter(pk=pk).values(*CONSENT_COLUMNS)
        return Response(shown_consents(list(rows), shows_people=shows_persons(request))[0], status=201)


class ConsentWithdrawView(ApiView):
    """Take consent back; what is withdrawn already stays as it is."""

    permissions = {"POST": "consents.record"}

    @extend_schema(request=ConsentWithdrawalSerializer, responses=ConsentStandingsSerializer)
    def post(self, request: Request) -> Response:
        form = ConsentWithdrawalSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked, now = form.validated_data, timezone.now()
        person = _person(request, asked)
        purposes = asked.get("purposes") or ConsentPurpose.values
        withdraw_consent(person, purposes, asked.get("note", ""), asker(request), now, ConsentChannel.API)
        person.refresh_from_db()
        return Response(_standings(person))


class LeadConsentView(ApiView):
    """What the person of a lead may be mailed, and why."""

    permissions = {"GET": "consents.view"}

    @extend_schema(responses=ConsentStandingsSerializer)
    def get(self, request: Request, lead: str) -> Response:
        row = visible_leads(request).select_related("person").get(pk=decode_or_404("lead", lead))
        return Response(_standings(row.person))


def _standings(person: Person) -> dict[str, Any]:
    rows = [
        {
            "purpose": row.purpose,
            "kind": row.standing.kind if row.standing else None,
            "since": row.standing.at if row.standing else None,
            "expires_at": row.standing.expires_at if row.standing else None,
            "may_be_mailed": row.mail.is_allowed,
            "why": row.mail.why,
        }
        for row in purposes_of(person, timezone.now())
    ]
    data = {"person_id": person.pk, "do_not_contact": person.do_not_contact, "purposes": rows}
    return dict(ConsentStandingsSerializer(data).data)


def _person(request: Request, asked: dict[str, Any]) -> Person:
    """The person of the lead or address that is named; only of a lead that whoever asks may see."""
    leads = visible_leads(request).select_related("person")
    if "lead_id" in asked:
        found = leads.filter(pk=asked["lead_id"])
    elif asked.get("email", "").strip():
        found = leads.filter(person__email=asked["email"].strip())
    else:
        raise refused("/lead_id", "required", _("Name the person: lead_id or email."))
    lead = found.order_by("-received_at").first()
    if lead is None:
        pointer = "/lead_id" if "lead_id" in asked else "/email"
        raise refused(pointer, "unknown_person", _("No lead that you may see belongs to it."))
    return lead.person


def _source(key: str | None) -> UUID | None:
    if not key:
        return None
    source = Source.objects.filter(key=key).first()
    if source is None:
        raise refused("/source", "unknown_source", _("No source with this key is registered. Look at /sources/."))
    return source.pk
