"""Inbound webhooks over the API: register senders, map their fields, rotate secrets, replay what they posted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.models import HookDelivery, InboundHook, Source
from leads.models.hooks import DeliveryState, HookScheme
from revops.foundation.api.schema import paged
from revops.foundation.api.secret_views import SecretView
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer, SpanField
from revops.foundation.api.views import ApiView
from revops.foundation.ids import encode
from revops.portal.api.who import asker, decode_or_404, refused
from revops.portal.back_office import facts_of
from revops.portal.hooks.changing import (
    IN_LEDGER,
    LONGEST_OVERLAP,
    OVERLAP,
    address_of_hook,
    change_hook,
    create_hook,
    rotate_secret,
)
from revops.portal.hooks.taking import replay


class MappingRowSerializer(Serializer):
    target = serializers.CharField(max_length=80, help_text="A fact of submissions, or attributes.NAME.")
    pointer = serializers.CharField(required=False, max_length=300, help_text="JSON pointer; #/… begins at the body.")
    constant = serializers.CharField(required=False, max_length=500, help_text="Instead of a pointer.")


class ChangedHookSerializer(Serializer):
    name = serializers.CharField(required=False, max_length=120)
    source = serializers.SlugField(required=False, max_length=64)  # type: ignore[assignment]
    signature_header = serializers.CharField(required=False, max_length=80)
    timestamp_header = serializers.CharField(required=False, allow_blank=True, max_length=80)
    id_header = serializers.CharField(required=False, allow_blank=True, max_length=80)
    id_pointer = serializers.CharField(required=False, allow_blank=True, max_length=300)
    items_pointer = serializers.CharField(required=False, allow_blank=True, max_length=300)
    unpacks = serializers.BooleanField(required=False)
    mapping = serializers.ListField(child=MappingRowSerializer(), required=False, max_length=100)
    is_active = serializers.BooleanField(required=False)


class NewHookSerializer(ChangedHookSerializer):
    name = serializers.CharField(max_length=120)
    source = serializers.SlugField(max_length=64)
    scheme = serializers.ChoiceField(choices=HookScheme.choices)
    mapping = serializers.ListField(child=MappingRowSerializer(), max_length=100)
    secret = serializers.CharField(
        required=False, min_length=16, max_length=300, write_only=True, help_text="Only if the sender made it."
    )


class HookSerializer(Serializer):
    id = PublicIdField("hook", source="pk")
    name = serializers.CharField()
    url = serializers.CharField(help_text="Where it posts.")
    source = serializers.CharField(source="source.key")  # type: ignore[assignment]
    scheme = serializers.ChoiceField(choices=HookScheme.choices)
    signature_header = serializers.CharField()
    timestamp_header = serializers.CharField()
    id_header = serializers.CharField()
    id_pointer = serializers.CharField()
    items_pointer = serializers.CharField()
    unpacks = serializers.BooleanField()
    mapping = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    is_active = serializers.BooleanField()
    received = serializers.IntegerField()
    repeats = serializers.IntegerField()
    refused = serializers.IntegerField(help_text="Posts whose sender was not proved.")
    failed = serializers.IntegerField(help_text="Posts that wait to be mended.")
    last_received_at = InstantField(allow_null=True)
    previous_until = InstantField(allow_null=True, help_text="Until when the secret before still works.")


class SecretHookSerializer(HookSerializer):
    secret = serializers.CharField(allow_null=True, help_text="Shown once: null when the answer is replayed.")


class HookDeliverySerializer(Serializer):
    id = PublicIdField("delivery", source="pk")
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    event_id = serializers.CharField(source="sender_key", allow_null=True)
    error = serializers.CharField()
    attempts = serializers.IntegerField()
    receipts = serializers.ListField(child=serializers.CharField(), help_text="The submissions it became.")
    received_at = InstantField()
    settled_at = InstantField(allow_null=True)


class HookRotationSerializer(Serializer):
    overlap = SpanField(required=False, help_text="How long the old secret still works; missing: P7D.")


class ReplaySerializer(Serializer):
    delivery_ids = serializers.ListField(
        child=PublicIdField("delivery"), required=False, max_length=1000, help_text="Missing: all that failed."
    )


class ReplayedSerializer(Serializer):
    replayed = serializers.IntegerField()


class HookDeliveryFilter(FilterSet):
    state = ChoiceFilter(choices=DeliveryState.choices)


class HookListView(SecretView):
    """Senders; register one."""

    permissions = {"GET": "hooks.manage", "POST": "hooks.manage"}
    sorts = {"name": "name", "created_at": "created_at", "id": "pk"}
    usual_sort = "name"

    @extend_schema(responses=paged(HookSerializer))
    def get(self, request: Request) -> Response:
        return self.page(_hooks(), lambda rows: [_shown(row) for row in rows])

    @extend_schema(request=NewHookSerializer, responses={201: SecretHookSerializer})
    def post(self, request: Request) -> Any:
        form = NewHookSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = dict(form.validated_data)

        def make() -> tuple[dict[str, Any], str]:
            secret = asked.pop("secret", "")
            hook = InboundHook(**{**asked, "source": _source(asked["source"])})
            with _worded():
                text = create_hook(hook, asker(request), timezone.now(), secret)
            return _shown(hook), text

        return self.once(request, make, 201)


class HookView(ApiView):
    """One sender; change it, or switch it off (`is_active: false`)."""

    permissions = {"GET": "hooks.manage", "PATCH": "hooks.manage"}

    @extend_schema(responses=HookSerializer)
    def get(self, request: Request, hook: str) -> Response:
        row = _hook(hook)
        return self.versioned(_shown(row), row.version)

    @extend_schema(request=ChangedHookSerializer, responses=HookSerializer)
    def patch(self, request: Request, hook: str) -> Response:
        form = ChangedHookSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = (
            InboundHook.objects.select_related("source")
            .select_for_update(of=("self",))
            .get(pk=decode_or_404("hook", hook))
        )
        before = facts_of(row, IN_LEDGER)
        for name, value in form.validated_data.items():
            setattr(row, name, _source(value) if name == "source" else value)
        with _worded():
            change_hook(row, before, asker(request), timezone.now())
        return self.versioned(_shown(row), row.version)


class HookRotateView(SecretView):
    """A new secret; the old one works until the overlap ends."""

    permissions = {"POST": "hooks.manage"}

    @extend_schema(request=HookRotationSerializer, responses=SecretHookSerializer)
    def post(self, request: Request, hook: str) -> Any:
        form = HookRotationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        overlap = form.validated_data.get("overlap", OVERLAP)
        if not OVERLAP * 0 <= overlap <= LONGEST_OVERLAP:
            raise refused("/overlap", "out_of_range", _("From PT0S to P60D."))

        def rotate() -> tuple[dict[str, Any], str]:
            row = _hook(hook)
            secret = rotate_secret(row, asker(request), timezone.now(), overlap)
            return _shown(row), secret

        return self.once(request, rotate, 200)


class HookDeliveryListView(ApiView):
    """What a sender posted, newest first. Bodies are shown on the page only."""

    permissions = {"GET": "hooks.manage"}
    filterset_class = HookDeliveryFilter
    sorts = {"received_at": "received_at", "id": "pk"}
    usual_sort = "-received_at"

    @extend_schema(responses=paged(HookDeliverySerializer))
    def get(self, request: Request, hook: str) -> Response:
        return self.page(HookDelivery.objects.filter(hook=_hook(hook)).defer("body"), _deliveries)


class HookReplayView(ApiView):
    """Try failed posts again, by the mapping as it is now."""

    permissions = {"POST": "hooks.manage"}

    @extend_schema(request=ReplaySerializer, responses=ReplayedSerializer)
    def post(self, request: Request, hook: str) -> Response:
        form = ReplaySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        failed = HookDelivery.objects.filter(hook=_hook(hook), state=DeliveryState.FAILED)
        if (asked := form.validated_data.get("delivery_ids")) is not None:
            failed = failed.filter(pk__in=asked)
        return Response({"replayed": replay(list(failed.values_list("pk", flat=True)[:1000]))})


@contextmanager
def _worded() -> Iterator[None]:
    """Turns what a change refuses into a problem of the field."""
    try:
        yield
    except ValidationError as error:
        field, words = next(iter(error.message_dict.items()))
        raise refused(f"/{field}", "invalid_value", " ".join(words)) from None


def _hooks() -> Any:
    failed = Count("deliveries", filter=Q(deliveries__state=DeliveryState.FAILED))
    return InboundHook.objects.select_related("source").annotate(failed=failed)


def _hook(public_id: str) -> InboundHook:
    row: InboundHook = _hooks().get(pk=decode_or_404("hook", public_id))
    return row


def _shown(row: InboundHook) -> dict[str, Any]:
    row.url = address_of_hook(row)  # type: ignore[attr-defined]
    if not hasattr(row, "failed"):
        row.failed = HookDelivery.objects.filter(hook=row, state=DeliveryState.FAILED).count()  # type: ignore[attr-defined]
    return dict(HookSerializer(row).data)


def _deliveries(rows: list[HookDelivery]) -> list[dict[str, Any]]:
    for row in rows:
        row.receipts = [encode("sub", pk) for pk in row.submission_ids]  # type: ignore[attr-defined]
    return [dict(HookDeliverySerializer(row).data) for row in rows]


def _source(key: str) -> Source:
    source = Source.objects.filter(key=key).first()
    if source is None:
        raise refused("/source", "unknown_source", _("No source with this key is registered. Look at /sources/."))
    return source
