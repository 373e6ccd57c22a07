"""JSON in, strictly: what other parsers let pass silently is refused in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser

from revops.foundation.api.problems import FieldError, ProblemError, escape_pointer

MOST_BYTES = 1024 * 1024
MOST_LEVELS = 32
LARGEST_NUMBER = 2**63 - 1

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class StrictJsonParser(BaseParser):
    """Parses `application/json`. The raw bytes stay readable as `request.raw_body`, also when parsing fails.

    A view may raise the limit of 1 MiB with `max_body_bytes`.
    """

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        context = parser_context or {}
        raw = read_body(stream, context.get("request"), getattr(context.get("view"), "max_body_bytes", MOST_BYTES))
        return parse_json(raw)


def read_body(stream: Any, request: Any, most: int) -> bytes:
    """The body, never holding more than `most` bytes. Raises the problem payload_too_large."""
    declared = str(getattr(request, "META", {}).get("CONTENT_LENGTH") or "0")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    raw: bytes = stream.read(most + 1)
    if len(raw) > most:
        raise _too_large(most)
    if request is not None:
        getattr(request, "_request", request).raw_body = raw
    return raw


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text. Raises malformed_json (400: also for a key given twice) or validation_error (422:
    NUL, lone surrogates, more than 32 levels, numbers beyond 64 bits), each with a JSON pointer where there is one."""
    if _is_deeper(raw, MOST_LEVELS):
        words = _("The body is nested deeper than %(n)s levels. Send it flatter.") % {"n": MOST_LEVELS}
        raise ProblemError("validation_error", words, errors=[_error("#", "too_deep", words)])
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        value = _read_carefully(raw)
    keys, colons = 0, 0
    suspicious = b"\\u0000" in raw
    for level in _strings_and_numbers(value):
        kind, item = level
        if kind == "key":
            keys += 1
            colons += item.count(":")
        elif kind == "text":
            colons += item.count(":")
        else:
            suspicious = True
    if raw.count(b":") != keys + colons or b"\\u003" in raw:
        value = _read_carefully(raw)  # a colon too many means a key given twice; escaped ones upset the count
    if suspicious:
        _refuse_unstorable(value)
    return value


def _strings_and_numbers(value: Any) -> Iterator[tuple[str, Any]]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind is dict:
            for name in item:
                yield "key", name
            waiting.extend(item.values())
        elif kind is list:
            waiting.extend(item)
        elif kind is str:
            yield "text", item
        elif (kind is int or kind is float) and not -LARGEST_NUMBER <= item <= LARGEST_NUMBER:
            yield "number", item


def _is_deeper(raw: bytes, most: int) -> bool:
    if raw.count(b"[") + raw.count(b"{") <= most:
        return False
    depth = 0
    for token in _TOKENS.finditer(raw):
        first = raw[token.start()]
        if first in b"[{":
            depth += 1
            if depth > most:
                return True
        elif first in b"]}":
            depth -= 1
    return False


def _read_carefully(raw: bytes) -> Any:
    """The slow way round, which knows what exactly is wrong."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        words = _("The body is not UTF-8: byte %(n)s does not fit. Save or encode it as UTF-8.") % {"n": error.start}
        raise ProblemError("malformed_json", words) from None
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        words = _("Line %(line)s, column %(column)s: %(reason)s. Mend the JSON there and send it again.") % {
            "line": error.lineno, "column": error.colno, "reason": error.msg
        }  # fmt: skip
        raise ProblemError("malformed_json", words) from None
    except (ValueError, RecursionError):  # a number with more digits than Python converts
        raise ProblemError("malformed_json", _("A number is too long to be read. Send it as a text.")) from None
    _refuse_unstorable(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            shown = _SURROGATE.sub("\ufffd", name)[:80]
            raise ProblemError("malformed_json", _("“%(name)s” is given twice. Send each name once.") % {"name": shown})
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    raise ProblemError("malformed_json", _("%(name)s is not JSON. Leave the field out or send null.") % {"name": name})


def _refuse_unstorable(value: Any) -> None:
    errors = list(_unstorable(value, ""))[:100]
    if errors:
        raise ProblemError("validation_error", errors[0]["detail"], errors=errors)


def _unstorable(value: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(value, dict):
        for name, inner in value.items():
            shown = _SURROGATE.sub("\ufffd", name)
            yield from _unstorable(name, f"{pointer}/{escape_pointer(shown)}")
            yield from _unstorable(inner, f"{pointer}/{escape_pointer(shown)}")
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _unstorable(inner, f"{pointer}/{position}")
    elif isinstance(value, str):
        if "\x00" in value:
            yield _error(f"#{pointer}", "nul_character", _("Texts cannot hold the NUL character. Remove it."))
        if _SURROGATE.search(value):
            yield _error(f"#{pointer}", "lone_surrogate", _("Half of a surrogate pair is not a character. Remove it."))
    elif isinstance(value, (int, float)) and not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        yield _error(f"#{pointer}", "number_out_of_range", _("Numbers must fit into 64 bits."))


def _error(pointer: str, code: str, detail: str) -> FieldError:
    return {"pointer": pointer, "code": code, "detail": detail}


def _too_large(most: int) -> ProblemError:
    words = _("The body may hold %(n)s bytes here. Split it, or use an import.") % {"n": most}
    return ProblemError("payload_too_large", words, limit=most)
