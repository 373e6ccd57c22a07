"""The OpenAPI description: complete, true, and shown by a page of our own."""

import io
import json

import pytest
import requests
import schemathesis
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from schemathesis import openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from revops.foundation.api.problems import REGISTRY
from revops.portal.api.problem_words import WORDS
from tests.api.conftest import Client
from tests.api.routes import every_route

pytestmark = pytest.mark.django_db

schemathesis.serializer.alias("application/x-ndjson", "application/octet-stream")  # lines are sent as they are


@pytest.fixture(scope="module")
def document() -> dict:
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", stdout=out)
    return json.loads(out.getvalue())


def test_every_route_is_described(document, house, lead):
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    for route in every_route(house, lead["id"]):
        path = "/api/v1/" + route.pattern.replace("<str:", "{").replace(">", "}")
        assert (route.method, path) in described
    assert document["openapi"].startswith("3.1")


def test_the_reference_page_needs_nobody_else(client):
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert "https://" not in page.content.decode().replace("https://127.0.0.1", "")
    assert "script-src 'self';" in page["Content-Security-Policy"] + ";"
    assert "worker-src 'self' blob:" in page["Content-Security-Policy"]
    assert client.get("/api/schema/").status_code == 200


def test_every_problem_has_a_page_that_says_what_to_do(client):
    assert set(WORDS) == set(REGISTRY)
    for code, problem in REGISTRY.items():
        page = client.get(f"/docs/problems/{code}/")
        assert page.status_code == 200
        assert str(problem.title) in page.content.decode()
    assert client.get("/docs/problems/nonsense/").status_code == 404
    assert client.get("/docs/problems/").status_code == 200
    missing = Client().get("/api/v1/me/").json()
    assert client.get(missing["type"]).status_code == 200


@pytest.mark.slow
def test_generated_requests_get_the_answers_that_are_described(document, house, lead, machine, as_):
    schema = openapi.from_dict(document)
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    limits = settings(
        max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    for result in schema.get_all_operations():
        operation = result.ok()
        client = as_("admin") if "api_keys" in operation.path else machine
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            generated = limits(given(case=operation.as_strategy(generation_mode=mode))(_checker(client, checks)))
            generated()


def _checker(client, checks):
    def behave(case):
        check(case, client, checks)

    return behave


def check(case, client, checks):
    """Send a generated case through Django's own client and judge the answer by the description."""
    arguments = case.as_transport_kwargs(base_url="http://testserver")
    arguments.pop("cookies", None)
    sent = requests.Request(**{key: value for key, value in arguments.items() if key in _REQUEST}).prepare()
    headers = {
        name: value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in sent.headers.items()
        if name.lower() in ("idempotency-key", "if-match")
    }
    body = sent.body or b""
    answer = client.generic(
        sent.method,
        sent.path_url,
        body.encode() if isinstance(body, str) else body,
        sent.headers.get("Content-Type", "application/json"),
        headers=headers,
    )
    response = Response(
        status_code=answer.status_code,
        headers={name.lower(): [value] for name, value in answer.headers.items()},
        content=answer.content,
        request=sent,
        elapsed=0.0,
        verify=False,
    )
    case.validate_response(response, checks=checks)


_REQUEST = {"method", "url", "params", "data", "json", "headers"}
