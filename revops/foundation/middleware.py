"""What every request gets: an id that can be quoted, a strict content policy, and the viewer's time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from revops.foundation.correlation import request_id
from revops.foundation.ids import encode, new_id

GetResponse = Callable[[HttpRequest], HttpResponse]

POLICY: dict[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}

_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Takes over a well-formed X-Request-Id or makes one, and returns it on every answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        chosen = given if _ACCEPTED_ID.fullmatch(given) else encode("req", new_id())
        request.request_id = chosen  # type: ignore[attr-defined]
        token = request_id.set(chosen)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-Id"] = chosen
        return response


class ContentSecurityPolicyMiddleware:
    """Adds the strict policy; a view loosens single directives with `content_security_policy`."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.strict = _policy_text(POLICY)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Content-Security-Policy" not in response:
            changes = getattr(response, "_policy_changes", None)
            response["Content-Security-Policy"] = _policy_text(POLICY | changes) if changes else self.strict
        return response


def content_security_policy(**directives: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace directives of the policy for one view, like `content_security_policy(frame_ancestors="*")`."""
    changes = {name.replace("_", "-"): value for name, value in directives.items()}

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def view_with_policy(*args: Any, **kwargs: Any) -> Any:
            response = view(*args, **kwargs)
            response._policy_changes = changes
            if "frame-ancestors" in changes:
                response.xframe_options_exempt = True  # the older header cannot say it
            return response

        return view_with_policy

    return decorate


class TimezoneMiddleware:
    """Shows times in the zone of whoever is signed in. Comes after the authentication middleware."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return self.get_response(request)  # machines and strangers: UTC, without touching the session
        with timezone.override(request.user.timezone):
            return self.get_response(request)


def _policy_text(directives: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}".strip() for name, value in directives.items())
