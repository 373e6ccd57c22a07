"""Campaigns over the API: describe them, find the values nobody described, read what each brought and cost."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.campaign_register import CannotTakeUp, archive, save_campaign, take_up
from leads.models import Campaign, Source
from leads.models.campaigns import CampaignKind
from leads.money import NotMoney, minor_units
from leads.utm_rules import MOST_RULES, BadRule, check_rules
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, Money, MoneyField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.foundation.models import User
from revops.portal.api.intake_rows import CAMPAIGN_COLUMNS, shown_campaigns, shown_money
from revops.portal.api.who import asker, decode_or_404, refused, visible_leads
from revops.portal.campaigns.numbers import CampaignRow, rows_of
from revops.portal.campaigns.working import start_resolving
from revops.portal.lead_pages.touches import TouchRow, every_touch
from revops.portal.sources.numbers import Months

STATES = [("described", "described"), ("found", "found"), ("archived", "archived")]


class UtmRuleField(serializers.DictField):
    child = serializers.CharField(max_length=200)


class CampaignSerializer(Serializer):
    id = PublicIdField("campaign", source="pk")
    source = serializers.CharField(source="source.key", help_text="Key of the source.")  # type: ignore[assignment]
    key = serializers.CharField(help_text="The utm_campaign that marks its visitors.")
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=CampaignKind.choices)
    owner_id = PublicIdField("user", allow_null=True)
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    budget = serializers.SerializerMethodField()
    utm_rules = serializers.ListField(child=UtmRuleField(), source="match")
    note = serializers.CharField()
    created_at = InstantField()
    described_at = InstantField(allow_null=True, help_text="Null: found in traffic, nobody said what it is.")
    archived_at = InstantField(allow_null=True)

    @extend_schema(responses=MoneyField(allow_null=True))
    def get_budget(self, campaign: Campaign) -> dict[str, str] | None:
        return shown_money(campaign.budget_minor, campaign.currency)


class CampaignChangeSerializer(Serializer):
    name = serializers.CharField(max_length=200, required=False)
    kind = serializers.ChoiceField(choices=CampaignKind.choices, required=False)
    owner_id = PublicIdField("user", required=False, allow_null=True)
    starts_on = serializers.DateField(required=False, allow_null=True)
    ends_on = serializers.DateField(required=False, allow_null=True)
    budget = MoneyField(required=False, allow_null=True)
    utm_rules = serializers.ListField(child=UtmRuleField(), required=False, max_length=MOST_RULES)
    note = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class NewCampaignSerializer(CampaignChangeSerializer):
    source = serializers.SlugField(max_length=64, help_text="Key of a source.")  # type: ignore[assignment]
    key = serializers.CharField(max_length=120)
    name = serializers.CharField(max_length=200)


class TakeUpSerializer(Serializer):
    into_id = PublicIdField("campaign", help_text="The campaign of the same source that the value belongs to.")


class YieldSerializer(serializers.Serializer[Any]):
    months = serializers.IntegerField(help_text="Whole months up to and including this one.")
    leads = serializers.IntegerField()
    handed_off = serializers.IntegerField()
    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    spend = MoneyField(allow_null=True)
    cost_per_accepted = MoneyField(allow_null=True)
    acceptance_low = serializers.FloatField(allow_null=True, help_text="95 % interval of the acceptance rate.")
    acceptance_high = serializers.FloatField(allow_null=True)
    too_few = serializers.BooleanField(help_text="Under 20 answers: too few to judge.")


class CampaignFilter(FilterSet):
    source = CharFilter(field_name="source__key")
    kind = ChoiceFilter(choices=CampaignKind.choices)
    state = ChoiceFilter(choices=STATES, method="in_state")

    def in_state(self, rows: Any, _name: str, state: str) -> Any:
        if state == "archived":
            return rows.filter(archived_at__isnull=False)
        return rows.filter(archived_at__isnull=True, described_at__isnull=state == "found")


class CampaignListView(ApiView):
    """All campaigns; describe a new one."""

    permissions = {"GET": "sources.view", "POST": "campaigns.manage"}
    filterset_class = CampaignFilter
    sorts = {"name": "name", "created_at": "created_at", "id": "pk"}
    usual_sort = "name"

    @extend_schema(responses=paged(CampaignSerializer))
    def get(self, request: Request) -> Response:
        return self.page(Campaign.objects.values(*CAMPAIGN_COLUMNS), shown_campaigns)

    @extend_schema(request=NewCampaignSerializer, responses={201: CampaignSerializer})
    def post(self, request: Request) -> Response:
        form = NewCampaignSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        source = Source.objects.filter(key=values.pop("source")).first()
        if source is None:
            raise refused("/source", "unknown_source", _("No source of this key is registered."))
        if Campaign.objects.filter(source=source, key=values["key"]).exists():
            raise refused("/key", "taken", _("This source has a campaign of this key; change that one."))
        campaign = Campaign(source=source, key=values.pop("key"), created_at=timezone.now())
        return Response(_saved(request, campaign, values), status=201)


class CampaignView(ApiView):
    """One campaign. Its source and key stay."""

    permissions = {"GET": "sources.view", "PATCH": "campaigns.manage"}

    @extend_schema(responses=CampaignSerializer)
    def get(self, request: Request, campaign: str) -> Response:
        return Response(CampaignSerializer(_campaign(campaign)).data)

    @extend_schema(request=CampaignChangeSerializer, responses=CampaignSerializer)
    def patch(self, request: Request, campaign: str) -> Response:
        form = CampaignChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(_saved(request, _campaign(campaign), dict(form.validated_data)))


class CampaignYieldView(ApiView):
    """What a campaign brought and cost in the last 12 months, by the one definition of cost per accepted lead."""

    permissions = {"GET": "sources.view"}

    @extend_schema(responses=YieldSerializer)
    def get(self, request: Request, campaign: str) -> Response:
        (row,) = rows_of([_campaign(campaign)], Months.up_to(timezone.now(), 12))
        return Response(_yield(row))


class TouchSerializer(serializers.Serializer[Any]):
    touched_at = InstantField(source="touch.touched_at", allow_null=True, help_text="Null: history without a date.")
    source = serializers.CharField(source="touch.source.key")  # type: ignore[assignment]
    campaign_id = PublicIdField("campaign", source="touch.campaign_id", allow_null=True)
    utm = serializers.DictField(source="touch.utm", child=serializers.CharField())
    receipt = serializers.CharField(help_text="The submission that brought it.")
    url = serializers.CharField(help_text="What was looked at; empty if nobody said.")
    asset = serializers.SerializerMethodField(help_text="Key of the content asset of that address; null without.")

    def get_asset(self, row: TouchRow) -> str | None:
        return row.asset.key if row.asset else None


class TouchesSerializer(serializers.Serializer[Any]):
    data = TouchSerializer(many=True)  # type: ignore[assignment]


class LeadTouchesView(ApiView):
    """Every touch of the lead's person that carried UTM values, the first one first; kept for life.

    Of more than 200 the newest.
    """

    permissions = {"GET": "leads.view"}

    @extend_schema(responses=TouchesSerializer)
    def get(self, request: Request, lead: str) -> Response:
        found = visible_leads(request).select_related("person").filter(pk=decode_or_404("lead", lead)).first()
        if found is None:
            raise Http404
        return Response({"data": TouchSerializer(reversed(every_touch(found, 200)), many=True).data})


class CampaignTakeUpView(ApiView):
    """A found value belongs to another campaign of its source: its leads move there."""

    permissions = {"POST": "campaigns.manage"}

    @extend_schema(request=TakeUpSerializer, responses=CampaignSerializer)
    def post(self, request: Request, campaign: str) -> Response:
        form = TakeUpSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        found = _campaign(campaign)
        into = Campaign.objects.select_related("source").filter(pk=form.validated_data["into_id"]).first()
        if into is None:
            raise refused("/into_id", "not_found", _("There is no such campaign."))
        now, person = timezone.now(), asker(request)
        try:
            before = take_up(found, into, by=person, now=now)
        except CannotTakeUp as problem:
            raise ProblemError("invalid_transition", str(problem)) from problem
        start_resolving(found.source_id, before, person, now)
        return Response(CampaignSerializer(into).data)


class CampaignArchiveView(ApiView):
    """Put a campaign into the archive; its past stays in every number."""

    permissions = {"POST": "campaigns.manage"}

    @extend_schema(request=None, responses=CampaignSerializer)
    def post(self, request: Request, campaign: str) -> Response:
        return _archived(request, campaign, is_archived=True)


class CampaignRestoreView(ApiView):
    """Take a campaign out of the archive."""

    permissions = {"POST": "campaigns.manage"}

    @extend_schema(request=None, responses=CampaignSerializer)
    def post(self, request: Request, campaign: str) -> Response:
        return _archived(request, campaign, is_archived=False)


def _archived(request: Request, public_id: str, *, is_archived: bool) -> Response:
    campaign = _campaign(public_id)
    archive(campaign, is_archived=is_archived, by=asker(request), now=timezone.now())
    return Response(CampaignSerializer(campaign).data)


def _campaign(public_id: str) -> Campaign:
    pk = decode_or_404("campaign", public_id)
    campaign = Campaign.objects.select_related("source").filter(pk=pk).first()
    if campaign is None:
        raise Http404
    return campaign


def _saved(request: Request, campaign: Campaign, values: dict[str, Any]) -> Any:
    """The campaign after the change; raises problems in words."""
    if "budget" in values:
        _set_budget(campaign, values.pop("budget"))
    if "utm_rules" in values:
        try:
            campaign.match = check_rules(values.pop("utm_rules"))
        except BadRule as problem:
            raise refused("/utm_rules", "bad_rule", str(problem)) from None
    check_owner(values)
    for name, value in values.items():
        setattr(campaign, name, value)
    if campaign.starts_on and campaign.ends_on and campaign.ends_on < campaign.starts_on:
        raise refused("/ends_on", "before_start", _("The last day lies before the first one."))
    now, person = timezone.now(), asker(request)
    start_resolving(campaign.source_id, save_campaign(campaign, by=person, now=now), person, now)
    return CampaignSerializer(campaign).data


def check_owner(values: dict[str, Any]) -> None:
    """Raises a problem if the owner that values name does not exist."""
    owner = values.get("owner_id")
    if owner is not None and not User.objects.filter(pk=owner, is_active=True).exists():
        raise refused("/owner_id", "not_found", _("There is no such person, or they left."))


def _set_budget(campaign: Campaign, money: Money | None) -> None:
    if money is None:
        campaign.budget_minor, campaign.currency = None, ""
        return
    try:
        campaign.budget_minor, campaign.currency = minor_units(money.amount, money.currency), money.currency
    except NotMoney as problem:
        raise refused("/budget", "invalid_money", str(problem)) from None


def _yield(row: CampaignRow) -> dict[str, Any]:
    of, interval = row.yielded, row.interval
    currency = settings.REPORTING_CURRENCY
    return {
        "months": 12,
        "leads": of.leads,
        "handed_off": of.handed_off,
        "accepted": of.accepted,
        "rejected": of.rejected,
        "spend": None if of.spend is None else {"amount": f"{of.spend:.2f}", "currency": currency},
        "cost_per_accepted": None if of.cost is None else {"amount": f"{of.cost:.2f}", "currency": currency},
        "acceptance_low": interval.low if interval else None,
        "acceptance_high": interval.high if interval else None,
        "too_few": row.too_few,
    }
