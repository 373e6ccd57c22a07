"""Who asks: an API key in the Authorization header, acting for the service account that owns it."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from revops.foundation.api_keys import find_api_key
from revops.foundation.models import ApiKey, User


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer rop_live_…`: request.user is the owner, request.auth the ApiKey. One query."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = find_api_key(text.strip(), timezone.now())
        if key is None:
            raise AuthenticationFailed(_("This API key is unknown, expired or revoked. Use another one."))
        return key.owner, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
