"""Hostile bodies at every write: a worded 4xx problem document, never an error of the server."""

import json
from typing import Any

import pytest

from leads.models import Submission
from leads.queries import conservation
from revops.foundation import policy
from tests.api.routes import BODIES, every_route

pytestmark = pytest.mark.django_db

CORPUS: list[bytes] = [
    b"", b" ", b"\x00", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"{", b"}", b"[]", b"[[]]", b"null", b"true", b"0",
    b"-1", b"1e400", b"-1e400", b'"text"', b"NaN", b"Infinity", b"{'a': 1}", b'{"a": 1,}', b'{"a": 1} {"b": 2}',
    b'{"a": 1, "a": 2}', b'{"a": {"b": 1, "b": 2}}', b'{"source": "\\u0000"}', b'{"\\u0000": 1}',
    b'{"source": "\\ud800"}', b'{"\\udfff": 1}', b'{"source": "\\ud800\\ud800"}', b'{"x": 1e400}', b'{"x": -1e999}',
    b'{"x": 9223372036854775808}', b'{"x": ' + b"9" * 5000 + b"}", b'{"x": 0.' + b"1" * 5000 + b"}",
    b"[" * 100_000, b'{"a":' * 1000 + b"1" + b"}" * 1000, b"[" * 33 + b"]" * 33, b'{"' + b"a" * 100_000 + b'": 1}',
    b'{"source": "' + b"x" * 500_000 + b'"}', b'{"items": ' + b"[" + b"{}," * 20_000 + b"{}]}", b'{"items": {}}',
    b'{"items": null}', b'{"items": [null, 1, "x", [], {}, true]}', '{"source": "\u202e\u0007\ufeff"}'.encode(),
    b'{"constructor": {"prototype": 1}, "__proto__": {}}', b"a=b&c=d", b"<xml/>", b"%PDF-1.7", b"\x1f\x8b\x08",
]  # fmt: skip

VALUES: list[Any] = [
    None, True, False, 0, -1, 2**31, 2**62,
    1.5, -0.0, 1e300, "", " ", "x" * 6000, "\u202eabc", "😀" * 90, "<script>",
    "%s{0}", [], [None], ["x"], [[]], {}, {"": ""}, {"a": {"b": []}}, "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T00:00:00Z", "lead_zzzzzzzzzzzzzzzzzzzzzzzzzz", "P999999999Y", "-P1D",
]  # fmt: skip


@pytest.fixture
def clients(machine, as_):
    """The key of a system where systems may write, else a person who may: the admin, or whom the policy names."""

    def of(route):
        row = policy.PERMISSIONS.get(route.permission)
        if row is None or (row.scope is not None and "integration" in row.roles):
            return machine
        return as_("admin" if "admin" in row.roles else min(row.roles))

    return of


def check(response, what):
    assert response.status_code < 500, (what, response.content[:500])
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json", what
        assert response.json()["detail"], what
    for answer in lines_of(response):
        assert answer["outcome"] != "refused" or answer["detail"], (what, answer)


def lines_of(response):
    """The answers to lines, where each line has its own."""
    is_lines = response.get("Content-Type", "").startswith("application/x-ndjson")
    return [json.loads(line) for line in response.content.splitlines()] if is_lines else []


def is_refused(response):
    """Whether the body was refused; where each line has its own answer, whether each of them was."""
    answers = lines_of(response)
    return all(one["outcome"] == "refused" for one in answers) if answers else 400 <= response.status_code < 500


def test_hostile_bodies_are_refused_in_words(house, lead, clients):
    harmless = {b"", b"{}"}
    for route in every_route(house, lead["id"]):
        if route.method == "GET":
            continue
        for body in CORPUS:
            response = clients(route).generic(route.method, route.path, body, route.media_type)
            check(response, (str(route), body[:60]))
            takes_nothing = not BODIES[route.pattern] or body in harmless or b'"items": [' in body
            assert takes_nothing or is_refused(response), (str(route), body[:60])


def test_wrong_values_in_every_field_never_break_the_server(house, lead, clients):
    for route in every_route(house, lead["id"]):
        for name in BODIES.get(route.pattern, {}) if route.method == "POST" else ():
            for value in VALUES:
                body = json.dumps({**BODIES[route.pattern], name: value})
                response = clients(route).generic("POST", route.path, body, route.media_type)
                check(response, (str(route), name, value))
        if route.method == "POST":
            check(clients(route).post(route.path, {"a": "b"}), str(route))  # multipart
            text = clients(route).generic("POST", route.path, b"{}", "text/plain")
            assert text.status_code in (415, 404), str(route)


def test_too_much_is_refused_before_it_is_read(machine):
    body = b'{"source": "' + b"x" * 1_100_000 + b'"}'
    assert machine.generic("POST", "/api/v1/submissions/", body, "application/json").status_code == 413


def test_wrong_parameters_never_break_the_server(house, lead, clients):
    odd = ["", "\x00", "x", "-1", "1e9", "99999999999999999999", "0001-01-01", "9999-12-31", "%", "é" * 300, "a,b"]
    for route in every_route(house, lead["id"]):
        if route.method != "GET":
            continue
        filters = route.view.filterset_class.base_filters if route.view.filterset_class else ()
        for name in (*route.view.query_parameters, *filters, "limit", "cursor", "sort", "count", "unknown"):
            for value in odd:
                response = clients(route).get(route.path, {name: value})
                check(response, (str(route), name, value))
        parts = route.pattern.split("<")[0]
        if "<" in route.pattern:
            for value in ("x", "%00", "é", "lead_" + "z" * 26, "a" * 3000, "..", "'"):
                check(clients(route).get(f"/api/v1/{parts}{value}/"), (str(route), value))


def test_everything_hostile_that_was_received_is_accounted_for(house, machine):
    for body in CORPUS:
        machine.generic("POST", "/api/v1/submissions/", body, "application/json")
        machine.generic("POST", "/api/v1/submissions/batch/", body, "application/json")
    days = sorted({at.date() for at in Submission.objects.values_list("received_at", flat=True)})
    rows = conservation(days[0], days[-1])
    assert sum(row.received for row in rows) == Submission.objects.count() >= 2 * len(CORPUS)
    assert sum(row.missing for row in rows) == 0
    assert sum(row.pending for row in rows) == 0
