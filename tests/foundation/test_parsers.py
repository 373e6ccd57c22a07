"""Strict JSON: each hostile body gets its own words and never reaches a view."""

import io
import json
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revops.foundation.api.parsers import parse_json, read_body
from revops.foundation.api.problems import ProblemError

MALFORMED = {
    "empty": b"",
    "cut off": b'{"a": ',
    "key twice": b'{"a": 1, "a": 2}',
    "key twice deep inside": b'{"x": [{"a": ":", "a": ":"}]}',
    "key twice, once escaped": b'{"a": 1, "\\u0061": 2}',
    "escaped colons hide a second key": b'{"a": "\\u003a", "b": 1, "b": 1}',
    "not a number": b'{"a": NaN}',
    "infinity": b"[Infinity]",
    "not utf-8": b'{"a": "\xff"}',
    "raw control character": b'{"a": "\x01"}',
    "trailing comma": b'{"a": 1,}',
    "two values": b"{} {}",
    "single quotes": b"{'a': 1}",
    "five thousand digits": b"[" + b"9" * 5000 + b"]",
    "utf-16": '{"a": 1}'.encode("utf-16"),
}
UNSTORABLE = {
    "nul": (b'{"a": "x\\u0000"}', "nul_character", "#/a"),
    "nul in a name": (b'{"a\\u0000": 1}', "nul_character", None),
    "lone high surrogate": (b'{"a": ["\\ud800"]}', "lone_surrogate", "#/a/0"),
    "lone low surrogate": (b'{"a": "\\udc00x"}', "lone_surrogate", "#/a"),
    "lone surrogate as a name": (b'{"\\ud800": 1}', "lone_surrogate", None),
    "large integer": (b'{"a": 9223372036854775808}', "number_out_of_range", "#/a"),
    "larger integer": (b'{"a": -123456789012345678901234567890}', "number_out_of_range", "#/a"),
    "1e400": (b'{"a": 1e400}', "number_out_of_range", "#/a"),
    "33 levels": (b"[" * 33 + b"]" * 33, "too_deep", "#"),
    "a million levels": (b"[" * 1_000_000, "too_deep", "#"),
    "a million objects": (b'{"a":' * 200_000, "too_deep", "#"),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed_json_is_a_bad_request(body: bytes):
    with pytest.raises(ProblemError) as raised:
        parse_json(body)
    assert (raised.value.code, raised.value.status) == ("malformed_json", 400)
    assert raised.value.detail
    json.dumps(raised.value.detail).encode()


@pytest.mark.parametrize(("body", "code", "pointer"), UNSTORABLE.values(), ids=UNSTORABLE)
def test_what_cannot_be_stored_is_refused_with_its_place(body: bytes, code: str, pointer: str | None):
    with pytest.raises(ProblemError) as raised:
        parse_json(body)
    assert raised.value.status == 422
    assert raised.value.errors[0]["code"] == code
    if pointer:
        assert raised.value.errors[0]["pointer"] == pointer
    raised.value.errors[0]["pointer"].encode()


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=30,
)


@given(JSON, st.booleans())
def test_ordinary_json_comes_through_unchanged(value: Any, ascii_only: bool):
    text = json.dumps(value, ensure_ascii=ascii_only)
    if text.count("[") + text.count("{") <= 32:
        assert parse_json(text.encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_either_parsed_or_refused_in_words(body: bytes):
    with suppress(ProblemError):
        parse_json(body)


def test_a_body_over_the_limit_is_never_held_and_refused_by_its_header_first():
    stream = io.BytesIO(b"x" * 100)
    with pytest.raises(ProblemError, match="may hold 10 bytes") as raised:
        read_body(stream, SimpleNamespace(META={"CONTENT_LENGTH": "100"}), 10)
    assert raised.value.status == 413
    assert stream.tell() == 0
    with pytest.raises(ProblemError):
        read_body(stream, SimpleNamespace(META={}), 10)
    assert stream.tell() == 11


def test_the_raw_body_stays_readable():
    request = SimpleNamespace(META={})
    read_body(io.BytesIO(b"{"), request, 10)
    assert request.raw_body == b"{"
