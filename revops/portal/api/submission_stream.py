"""Submissions as NDJSON: one a line, one answer a line, also for lines that cannot be read."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import orjson
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from leads.intake import Item
from revops.foundation.api.parsers import parse_json, read_body
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.renderers import JsonRenderer
from revops.foundation.api.views import BATCH_COST, ApiView
from revops.portal import journey
from revops.portal.api.batch_gate import hold_bad_batches
from revops.portal.api.shapes import problem_at
from revops.portal.api.submissions import answer_of, invalid, item_at, stopped_item
from revops.portal.intake_sources import UNIDENTIFIED, source_ids

MOST_LINES = 5_000
MOST_BYTES = 32 * 1024 * 1024
MEDIA_TYPE = "application/x-ndjson"


class NdjsonParser(BaseParser):
    """The lines of a body as bytes, blank ones left out, each with its number from 1."""

    media_type = MEDIA_TYPE

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        context = parser_context or {}
        raw = read_body(stream, context.get("request"), MOST_BYTES)
        return [(number, line) for number, line in enumerate(raw.split(b"\n"), start=1) if line.strip()]


class NdjsonRenderer(JsonRenderer):
    """Lets a client say that it takes lines; a refusal is still one JSON document."""

    media_type = MEDIA_TYPE
    format = "ndjson"


class SubmissionStreamView(ApiView):
    """Send up to 5,000 submissions, one JSON object a line; each line is answered by a line.

    A line that is no JSON, or no submission, is journalled and refused alone. The source stands in each line.
    """

    permissions = {"POST": "submissions.send"}
    costs = {"POST": 5 * BATCH_COST}
    max_body_bytes = MOST_BYTES
    parser_classes: Any = (NdjsonParser,)
    renderer_classes: Any = (JsonRenderer, NdjsonRenderer)

    @extend_schema(request={MEDIA_TYPE: OpenApiTypes.BINARY}, responses={(200, MEDIA_TYPE): OpenApiTypes.BINARY})
    def post(self, request: Request) -> HttpResponse:
        lines = cast("list[tuple[int, bytes]]", request.data)
        if not 1 <= len(lines) <= MOST_LINES:
            words = _("Send 1 to %(n)s lines, each a JSON object.") % {"n": MOST_LINES}
            raise invalid([problem_at("", "not_lines", words)])
        now = timezone.now()
        parsed = [(number, raw, *_parsed(raw)) for number, raw in lines]
        keys = {str(data.get("source") or "")[:64] for _n, _raw, data, _why in parsed if isinstance(data, dict)}
        sources = source_ids(keys, now=now)
        read: list[tuple[Item, str | None, list[Any]]] = []
        for number, raw, data, why in parsed:
            pointer = f"/lines/{number}"
            if why:
                text = raw.decode("utf-8", "replace").replace("\x00", "\ufffd")
                item = stopped_item(sources[UNIDENTIFIED], text, why, request)
                read.append((item, None, [problem_at(pointer, "malformed_json", why)]))
            else:
                read.append(item_at(pointer, data, "", sources, request, now))
        receipts = journey.admit(hold_bad_batches([item for item, _ref, _errors in read], now=now), now=now)
        answers = []
        for (number, *_rest), receipt, (_item, ref, errors) in zip(parsed, receipts, read, strict=True):
            answer = {"line": number, "client_ref": ref, **answer_of(receipt)}
            answers.append(answer | {"errors": errors} if errors else answer)
        counts = Counter(receipt.outcome for receipt in receipts)
        body = b"".join(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE) for answer in answers)
        told = ", ".join(f"{name}={n}" for name, n in sorted(counts.items()))
        return HttpResponse(body, content_type=f"{MEDIA_TYPE}; charset=utf-8", headers={"Submission-Counts": told})


def _parsed(raw: bytes) -> tuple[Any, str]:
    """The value of a line, and why it has none."""
    try:
        return parse_json(raw), ""
    except ProblemError as problem:
        return None, str(problem.detail)[:500]
