"""What the conventions add to the OpenAPI description of every operation."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

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
            parameters = operation.setdefault("parameters", [])
            described = {parameter["name"] for parameter in parameters}
            parameters += [more for more in self._more_parameters(writes) if more["name"] not in described]
        return operation

    def _problem(self) -> dict[str, Any]:
        return {"description": "A problem", "content": {"application/problem+json": {"schema": PROBLEM}}}

    def _more_parameters(self, writes: bool) -> list[dict[str, Any]]:
        if writes:
            return [
                _parameter("header", "Idempotency-Key", {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"}),
                _parameter("header", "If-Match", {"type": "string"}),
            ]
        if self.method != "GET":
            return []
        view: Any = self.view
        own = [_parameter("query", name, {"type": "string"}) for name in sorted(view.query_parameters)]
        if not view.sorts:
            return own
        names = [sign + name for name in sorted(view.sorts) for sign in ("", "-")]
        return [
            *own,
            _parameter("query", "limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
            _parameter("query", "cursor", {"type": "string"}),
            _parameter("query", "sort", {"type": "string", "enum": names}),
            _parameter("query", "count", {"type": "string", "enum": ["exact", "estimate"]}),
        ]


def paged(serializer: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The description of a page of what `serializer` describes, for `@extend_schema(responses=paged(…))`."""
    name = serializer.__name__.removesuffix("Serializer")
    fields = {
        "data": serializer(many=True),
        "has_more": serializers.BooleanField(),
        "next_cursor": serializers.CharField(allow_null=True),
        "next_url": serializers.CharField(allow_null=True),
    }
    return type(f"{name}PageSerializer", (serializers.Serializer,), fields)


def _parameter(place: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"in": place, "name": name, "schema": schema, "required": False}
