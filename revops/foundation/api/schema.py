"""What the conventions add to the OpenAPI description of every operation."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from revops.foundation.api_keys import PATTERN

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_ALWAYS = ("400", "401", "403", "404", "406", "422", "429", "503")
_ON_WRITE = ("409", "412", "413", "415", "428")

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id", "retryable"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "retryable": {"type": "boolean"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
    },
}


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """How keys are sent."""

    target_class = "revops.foundation.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": PATTERN}


class PortalSchema(AutoSchema):
    """Adds problems, Idempotency-Key, If-Match and the parameters of lists."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            writes = self.method in _WRITES
            for status in (*_ALWAYS, *(_ON_WRITE if writes else ())):
                operation["responses"].setdefault(status, self._problem())
            operation.setdefault("parameters", []).extend(self._more_parameters(writes))
        return operation

    def _problem(self) -> dict[str, Any]:
        return {"description": "A problem", "content": {"application/problem+json": {"schema": PROBLEM}}}

    def _more_parameters(self, writes: bool) -> list[dict[str, Any]]:
        if writes:
            return [
                _parameter("header", "Idempotency-Key", {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"}),
                _parameter("header", "If-Match", {"type": "string"}),
            ]
        sorts = getattr(self.view, "sorts", None)
        if not sorts or self.method != "GET":
            return []
        names = [sign + name for name in sorted(sorts) for sign in ("", "-")]
        return [
            _parameter("query", "limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
            _parameter("query", "cursor", {"type": "string"}),
            _parameter("query", "sort", {"type": "string", "enum": names}),
            _parameter("query", "count", {"type": "string", "enum": ["exact", "estimate"]}),
        ]


def _parameter(place: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"in": place, "name": name, "schema": schema, "required": False}
