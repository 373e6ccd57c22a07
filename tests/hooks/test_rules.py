"""The rules of inbound webhooks: who may have sent it, what a pointer leads to, what a mapping makes of it."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from leads.hooks.field_mapping import check_rows, map_entry, suggest_rows
from leads.hooks.signatures import NotTheSender, Signing, check_sender
from leads.hooks.unpacking import NotReadable, entries_of, pointers_in, read_body, value_at
from tests.conftest import NOW

BODY = b'{"a": 1}'
SECRET, OLD = "the-secret-of-the-sender", "the-secret-before-that"
AT = str(int(NOW.timestamp()))


def signed(secret: str, body: bytes = BODY) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


def standard(secret: bytes, at: str = AT) -> dict[str, str]:
    digest = hmac.new(secret, f"msg_1.{at}.".encode() + BODY, hashlib.sha256).digest()
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": at,
        "webhook-signature": f"v1,old v1,{b64encode(digest).decode()}",
    }


KEY = b"0123456789abcdef0123456789abcdef"
GOOD: list[tuple[str, Signing, str, dict[str, str], str]] = [
    ("in the address", Signing("address"), SECRET, {}, SECRET),
    ("hex", Signing("hmac"), SECRET, {"x-signature": signed(SECRET).hex()}, ""),
    ("hex with a prefix", Signing("hmac", "X-Sig"), SECRET, {"X-SIG": f"sha256={signed(SECRET).hex()}"}, ""),
    ("base64", Signing("hmac"), SECRET, {"X-Signature": b64encode(signed(SECRET)).decode()}, ""),
    ("with its time", Signing("hmac", "X-Signature", "X-Time"), SECRET,
     {"X-Time": AT, "X-Signature": signed(SECRET, f"{AT}.".encode() + BODY).hex()}, ""),
    ("time and signatures in one header", Signing("hmac", "Stripe-Signature"), SECRET,
     {"Stripe-Signature": f"t={AT},v1={signed(OLD).hex()},v1={signed(SECRET, f'{AT}.'.encode() + BODY).hex()}"}, ""),
    ("github", Signing("github"), SECRET, {"X-Hub-Signature-256": f"sha256={signed(SECRET).hex()}"}, ""),
    ("standard", Signing("standard"), f"whsec_{b64encode(KEY).decode()}", standard(KEY), ""),
    ("basic", Signing("basic"), "shop:a pass", {"Authorization": f"Basic {b64encode(b'shop:a pass').decode()}"}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "signing", "secret", "headers", "path"), GOOD, ids=[row[0] for row in GOOD])
def test_the_sender_is_known_by_the_present_and_by_the_old_secret(
    name: str, signing: Signing, secret: str, headers: dict[str, str], path: str
) -> None:
    check_sender(signing, [secret], BODY, headers, path, NOW)
    check_sender(signing, ["another-secret-now", secret], BODY, headers, path, NOW)


@pytest.mark.parametrize(("name", "signing", "secret", "headers", "path"), GOOD, ids=[row[0] for row in GOOD])
def test_anybody_else_is_refused_in_words(
    name: str, signing: Signing, secret: str, headers: dict[str, str], path: str
) -> None:
    forged = {key: value[:-4] + "AAAA" if "ig" in key.lower() or key == "Authorization" else value
              for key, value in headers.items()}  # fmt: skip
    for secrets, sent, address in (
        ([OLD], headers, path[:-1] if path else ""),
        ([secret], {}, ""),
        ([secret], forged, "x"),
        ([], headers, path),
        ([""], headers, ""),
    ):
        with pytest.raises(NotTheSender, match=r"\w+ \w+"):
            check_sender(signing, secrets, BODY, sent, address, NOW)


def test_a_signature_of_another_body_is_refused() -> None:
    with pytest.raises(NotTheSender):
        check_sender(Signing("github"), [SECRET], b'{"a": 2}', {"X-Hub-Signature-256": signed(SECRET).hex()}, "", NOW)


@pytest.mark.parametrize(
    "at", ["0", "x", "", str(int(NOW.timestamp()) - 301), str(int(NOW.timestamp()) + 301), "9" * 30]
)
def test_an_old_or_odd_time_is_a_replay(at: str) -> None:
    with pytest.raises(NotTheSender):
        check_sender(Signing("standard"), [f"whsec_{b64encode(KEY).decode()}"], BODY, standard(KEY, at), "", NOW)


@pytest.mark.parametrize("late", [-301, 301, 9_000_000])
def test_the_time_in_one_header_with_its_signature_counts_too(late: int) -> None:
    at = str(int(NOW.timestamp()) + late)
    header = {"X-Signature": f"t={at}, v1={signed(SECRET, f'{at}.'.encode() + BODY).hex()}"}
    with pytest.raises(NotTheSender, match="five minutes"):
        check_sender(Signing("hmac"), [SECRET], BODY, header, "", NOW)


@pytest.mark.parametrize("header", ["t=", "t=,v1=", f"t={AT}", f"t={AT},v0={signed(SECRET).hex()}", "v1=", ",,=,"])
def test_half_a_header_proves_nothing(header: str) -> None:
    with pytest.raises(NotTheSender):
        check_sender(Signing("hmac"), [SECRET], BODY, {"X-Signature": header}, "", NOW)


def test_an_empty_body_is_called_empty() -> None:
    with pytest.raises(NotReadable, match="The body is empty"):
        read_body(" \n", "application/json")


# --- pointers and bodies ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("pointer", "found"),
    [("", {"a": [{"b/c": 1, "~": 2}], "d": None}), ("/a/0/b~1c", 1), ("/a/0/~0", 2), ("/a/1", None), ("/a/x", None),
     ("/d", None), ("/d/e", None), ("/nothing/at/all", None), ("/a/0/b~1c/d", None)],
)  # fmt: skip
def test_a_pointer_leads_to_a_value_or_to_nothing(pointer: str, found: Any) -> None:
    assert value_at({"a": [{"b/c": 1, "~": 2}], "d": None}, pointer) == found


@pytest.mark.parametrize(
    "text",
    ["", "{", "NaN", "[1,", '{"a": 1e400}', "<xml/>", "[" * 40 + "]" * 40, '"\\ud800"', "a=b"],
)
def test_what_is_no_json_is_said_in_words(text: str) -> None:
    with pytest.raises(NotReadable, match="body"):
        read_body(text, "application/json")


def test_a_form_body_is_read_as_its_fields() -> None:
    assert read_body("email=a%40b.com&x=", "application/x-www-form-urlencoded; charset=utf-8") == {
        "email": "a@b.com",
        "x": "",
    }


def test_a_list_is_unpacked_and_what_is_none_is_said() -> None:
    assert entries_of({"data": [1, 2]}, "/data", unpacks=True) == [1, 2]
    assert entries_of([1], "", unpacks=True) == [1]
    assert entries_of([1], "/x", unpacks=False) == [[1]]
    with pytest.raises(NotReadable, match="no list at “/data”"):
        entries_of({"data": {}}, "/data", unpacks=True)
    with pytest.raises(NotReadable, match="1001 entries"):
        entries_of([0] * 1001, "", unpacks=True)


# --- the mapping -----------------------------------------------------------------------------------------------------
ROWS = [
    {"target": "email", "pointer": "/lead/mail"}, {"target": "email", "pointer": "/lead/other"},
    {"target": "act", "constant": "demo_request"}, {"target": "utm_source", "pointer": "#/from"},
    {"target": "attributes.plan", "pointer": "/plan"}, {"target": "external_id", "pointer": "/lead/id"},
    {"target": "occurred_at", "pointer": "/at"}, {"target": "consent", "pointer": "/agreed"},
    {"target": "need", "pointer": "/text"}, {"target": "company", "pointer": "/lead"},
]  # fmt: skip


def test_fields_become_facts_and_the_first_value_wins() -> None:
    entry = {"lead": {"other": "b@b.com", "id": 7}, "plan": ["a", 2], "at": "1772600000", "agreed": "You may.",
             "text": "one\x00\ntwo"}  # fmt: skip
    mapped = map_entry(ROWS, entry, {"from": "shop"}, NOW)
    assert mapped.payload["email"] == "b@b.com"
    assert mapped.payload["act"] == "demo_request"
    assert mapped.payload["utm"] == {"utm_source": "shop"}
    assert mapped.payload["attributes"] == {"plan": "a, 2"}
    assert mapped.payload["consent"]["text"] == "You may."
    assert mapped.payload["need"] == "one\ntwo"
    assert (mapped.external_id, mapped.occurred_at) == ("7", datetime.fromtimestamp(1772600000, UTC))
    assert "company" not in mapped.payload
    assert mapped.remarks == ["company: “/lead” holds an object."]


@pytest.mark.parametrize("at", ["2099-01-01T00:00:00Z", "soon", "1000-01-01", "99999999999999999"])
def test_a_time_that_cannot_be_is_left_out_with_a_remark(at: str) -> None:
    mapped = map_entry([{"target": "occurred_at", "pointer": "/at"}], {"at": at}, {}, NOW)
    assert mapped.occurred_at is None
    assert "no time in the past" in mapped.remarks[0]


@pytest.mark.parametrize("entry", [None, 1, "text", [], {}, [[]], {"lead": None}, {"lead": []}, True])
def test_odd_entries_map_to_nothing_and_never_raise(entry: Any) -> None:
    mapped = map_entry(ROWS, entry, entry, NOW)
    assert set(mapped.payload) <= {"act"}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"target": "email", "pointer": "/a", "constant": "b"}], "one of the two"),
        ([{"target": "email"}], "one of the two"),
        ([{"target": "email", "pointer": "a"}], "begins with /"),
        ([{"target": "shoe", "pointer": "/a"}], "“shoe” is nothing"),
        ([{"target": "attributes.", "pointer": "/a"}], "is nothing"),
        ([{"target": "name", "pointer": "/a"}], "told apart"),
        ([{"target": "email", "pointer": "/a"}] * 101, "At most 100"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_in_words(rows: list[dict[str, str]], words: str) -> None:
    assert any(words in problem for problem in check_rows(rows))
    assert check_rows([{"target": "email", "pointer": "/a"}]) == []


def test_a_mapping_is_suggested_by_the_names_in_a_sample() -> None:
    sample = {"lead": {"E-Mail": "a@b.com", "firstName": "Ada", "email": "x"}, "meta": {"shoe": 1}}
    assert suggest_rows(sample) == [
        {"target": "email", "pointer": "/lead/E-Mail"},
        {"target": "first_name", "pointer": "/lead/firstName"},
    ]
    assert pointers_in(sample)[-1] == ("/meta/shoe", "1")
