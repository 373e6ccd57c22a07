"""API keys: made, rotated and revoked by people who may; a secret is shown once and never again."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation import ledger
from revops.foundation.api.schema import paged
from revops.foundation.api.secret_views import SecretView
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer, SpanField
from revops.foundation.api.views import ApiView
from revops.foundation.api_keys import LONGEST_LIFE, OVERLAP, create_api_key, revoke_api_keys, rotate_api_key
from revops.foundation.models import ApiKey, LedgerEntry, User
from revops.foundation.policy import SCOPES
from revops.portal.api.fields import check_nothing_sent
from revops.portal.api.shapes import problem_at
from revops.portal.api.submissions import invalid
from revops.portal.api.who import asker, decode_or_404, refused


class NewKeySerializer(Serializer):
    name = serializers.CharField(max_length=120)
    owner_id = PublicIdField("user", help_text="The service account it acts for; its role bounds what the key may do.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), min_length=1, max_length=len(SCOPES))
    expires_at = InstantField(required=False, help_text="At most two years ahead; missing: in a year.")
    requests_per_minute = serializers.IntegerField(required=False, min_value=1, max_value=1_000_000)
    requires_idempotency_key = serializers.BooleanField(required=False, default=False)


class ApiKeySerializer(Serializer):
    id = PublicIdField("key", source="pk")
    public_id = serializers.CharField(help_text="How the secret begins, to recognise it.")
    name = serializers.CharField()
    owner_id = PublicIdField("user")
    scopes = serializers.ListField(child=serializers.CharField())
    created_at = InstantField()
    expires_at = InstantField()
    rotated_at = InstantField(allow_null=True)
    previous_expires_at = InstantField(allow_null=True, help_text="Until when the secret before still works.")
    last_used_at = InstantField(allow_null=True)
    revoked_at = InstantField(allow_null=True)
    requests_per_minute = serializers.IntegerField(allow_null=True)
    requires_idempotency_key = serializers.BooleanField()


class SecretKeySerializer(ApiKeySerializer):
    secret = serializers.CharField(allow_null=True, help_text="Shown once: null when the answer is replayed.")


class RotationSerializer(Serializer):
    overlap = SpanField(required=False, help_text="How long the old secret still works; missing: P7D.")


class ApiKeyListView(SecretView):
    """List keys; make one."""

    permissions = {"GET": "api_keys.manage", "POST": "api_keys.manage"}
    sorts = {"name": "name", "created_at": "created_at", "expires_at": "expires_at", "id": "pk"}
    usual_sort = "-created_at"

    @extend_schema(responses=paged(ApiKeySerializer))
    def get(self, request: Request) -> Response:
        return self.page(ApiKey.objects.all(), lambda rows: ApiKeySerializer(rows, many=True).data)

    @extend_schema(request=NewKeySerializer, responses={201: SecretKeySerializer})
    def post(self, request: Request) -> Any:
        form = NewKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return self.once(request, lambda: _shown(*_make(request, form.validated_data)), 201)


class ApiKeyView(ApiView):
    permissions = {"GET": "api_keys.manage"}

    @extend_schema(responses=ApiKeySerializer)
    def get(self, request: Request, key: str) -> Response:
        return Response(ApiKeySerializer(ApiKey.objects.get(pk=decode_or_404("key", key))).data)


class RotateView(SecretView):
    """Give a key a new secret; the old one works until the overlap ends."""

    permissions = {"POST": "api_keys.manage"}

    @extend_schema(request=RotationSerializer, responses=SecretKeySerializer)
    def post(self, request: Request, key: str) -> Any:
        form = RotationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        overlap = form.validated_data.get("overlap", OVERLAP)
        if not OVERLAP * 0 <= overlap <= LONGEST_LIFE:
            raise refused("/overlap", "out_of_range", _("From PT0S to two years."))

        def rotate() -> tuple[dict[str, Any], str]:
            row = ApiKey.objects.select_for_update().get(pk=decode_or_404("key", key))
            if row.revoked_at is not None:
                raise refused("", "revoked", _("This key is revoked. Make a new one."))
            secret = rotate_api_key(row, timezone.now(), overlap)
            _note(request, row, "api_key.rotated")
            return _shown(row, secret)

        return self.once(request, rotate, 200)


class RevokeView(ApiView):
    """End a key at once."""

    permissions = {"POST": "api_keys.manage"}

    @extend_schema(request=None, responses=ApiKeySerializer)
    def post(self, request: Request, key: str) -> Response:
        check_nothing_sent(request)
        row = ApiKey.objects.get(pk=decode_or_404("key", key))
        if revoke_api_keys([row], timezone.now()):
            _note(request, row, "api_key.revoked")
        row.refresh_from_db()
        return Response(ApiKeySerializer(row).data)


def _shown(key: ApiKey, secret: str) -> tuple[dict[str, Any], str]:
    return dict(ApiKeySerializer(key).data), secret


def _make(request: Request, values: dict[str, Any]) -> tuple[ApiKey, str]:
    owner = User.objects.filter(pk=values["owner_id"], is_active=True).first()
    if owner is None:
        raise refused("/owner_id", "unknown_user", _("Nobody active has this id."))
    try:
        key, secret = create_api_key(
            values["name"], owner, values["scopes"], timezone.now(), created_by=asker(request),
            expires_at=values.get("expires_at"), requests_per_minute=values.get("requests_per_minute"),
        )  # fmt: skip
    except ValidationError as error:
        raise invalid([problem_at("/expires_at", "out_of_range", " ".join(error.messages))]) from None
    if values["requires_idempotency_key"]:
        key.requires_idempotency_key = True
        key.save(update_fields=["requires_idempotency_key"])
    _note(request, key, "api_key.created")
    return key, secret


def _note(request: Request, key: ApiKey, action: str) -> None:
    after = {"name": key.name, "scopes": key.scopes}
    ledger.record(
        [
            LedgerEntry(
                occurred_at=timezone.now(), actor=asker(request), action=action, subject_kind="api_key",
                subject_id=key.pk, after=after,
            )
        ]
    )  # fmt: skip
