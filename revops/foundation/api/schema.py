"""What the conventions add to the OpenAPI description of every operation."""

from __future__ import annotations

from typing import Any

import django_filters
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

    def get_operation_id(self) -> str:
        """GET of a collection is a list, also where the answer is a page object."""
        name: str = super().get_operation_id()
        is_collection = self.method == "GET" and not self.path.rstrip("/").endswith("}")
        return name.removesuffix("_retrieve") + "_list" if is_collection and name.endswith("_retrieve") else name

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
        own = [_parameter("query", name, {"type": "string"}) for name in ("fields", *sorted(view.query_parameters))]
        filters = view.filterset_class.base_filters if view.filterset_class else {}
        own += [_parameter("query", name, _schema_of_filter(each)) for name, each in filters.items()]
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


def _schema_of_filter(each: Any) -> dict[str, Any]:
    """What a filter of django-filter accepts."""
    if isinstance(each, django_filters.DateFilter):
        return {"type": "string", "format": "date"}
    if isinstance(each, django_filters.BooleanFilter):
        return {"type": "string", "enum": ["true", "false"]}
    if isinstance(each, django_filters.ChoiceFilter | django_filters.MultipleChoiceFilter) and (
        choices := each.extra.get("choices")
    ):
        return {"type": "string", "enum": [str(value) for value, _label in choices]}
    if prefix := each.extra.get("prefix"):
        return {"type": "string", "pattern": f"^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"}
    return {"type": "string", "maxLength": each.extra.get("max_length", 200)}


def _parameter(place: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"in": place, "name": name, "schema": schema, "required": False}
