"""Submissions: the front door for systems. Whatever arrives is journalled and gets a receipt, also what is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.intake import Item
from leads.models import Submission
from leads.models.submissions import Channel, OutcomeKind
from leads.unread import unread_facts
from revops.foundation.api.idempotency import keyed_write
from revops.foundation.api.problems import CONTENT_TYPE, ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField
from revops.foundation.api.views import BATCH_COST, ApiView
from revops.foundation.ids import encode
from revops.portal import journey
from revops.portal.api.batch_gate import hold_bad_batches
from revops.portal.api.shapes import SUBMISSION_FIELDS, check_object, problem_at, read_instant, schema_of, text
from revops.portal.api.who import asker, decode_or_404, may
from revops.portal.combiner import Prepared, Sending, combiner
from revops.portal.intake_sources import UNIDENTIFIED, source_ids
from revops.portal.journey import Receipt

MOST_ITEMS = 1000
BATCH_BYTES = 8 * 1024 * 1024
JSON = "application/json; charset=utf-8"
OUTCOMES = [*OutcomeKind.values, "pending"]

Problems = list[Any]


class ReceiptSerializer(serializers.Serializer[Any]):
    receipt = serializers.CharField(help_text="Ask for it at /api/v1/submissions/{receipt}/.")
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    lead_id = PublicIdField("lead", allow_null=True)
    detail = serializers.CharField(help_text="Why, in words, when it was stopped.")


class SubmissionSerializer(ReceiptSerializer):
    rule = serializers.CharField(help_text="The hygiene rule that decided, if one did.")
    source = serializers.CharField()  # type: ignore[assignment]
    channel = serializers.ChoiceField(choices=Channel.choices)
    external_id = serializers.CharField()
    received_at = InstantField()
    occurred_at = InstantField(allow_null=True)


class SubmissionDetailSerializer(SubmissionSerializer):
    unread = serializers.DictField(
        child=serializers.CharField(),
        help_text="By field: what could not be read, and what to send instead. The lead keeps it as it was sent.",
    )


class BatchResultSerializer(ReceiptSerializer):
    client_ref = serializers.CharField(allow_null=True)
    errors = serializers.ListField(child=serializers.DictField(), required=False)  # type: ignore[assignment]


class BatchSerializer(serializers.Serializer[Any]):
    results = BatchResultSerializer(many=True)
    counts = serializers.DictField(child=serializers.IntegerField())


class SubmissionFilter(FilterSet):
    source = CharFilter(field_name="source__key")
    channel = ChoiceFilter(choices=Channel.choices)
    outcome = ChoiceFilter(choices=[(name, name) for name in OUTCOMES], method="with_this_outcome")

    def with_this_outcome(self, queryset: QuerySet[Submission], name: str, value: str) -> QuerySet[Submission]:
        wanted = {"outcome__isnull": True} if value == "pending" else {"outcome": value}
        return queryset.filter(**wanted)


class SubmissionListView(ApiView):
    """Send one submission; list what was received."""

    permissions = {"GET": "submissions.view", "POST": "submissions.send"}
    filterset_class = SubmissionFilter
    sorts = {"received_at": "received_at", "id": "pk"}
    usual_sort = "-received_at"
    is_transactional = False  # the combiner sees to transaction and key

    @extend_schema(responses=paged(SubmissionSerializer))
    def get(self, request: Request) -> Response:
        rows = Submission.objects.with_outcome().select_related("source")
        return self.page(rows, lambda found: [shown(row) for row in found])

    @extend_schema(
        request={"application/json": {"$ref": "#/components/schemas/SubmissionIn"}},
        responses={201: ReceiptSerializer, 202: ReceiptSerializer},
    )
    def post(self, request: Request) -> HttpResponse:
        try:
            data = request.data
        except ProblemError as problem:
            if problem.code == "payload_too_large":
                raise
            return combiner.send(Sending(UNIDENTIFIED, _unreadable(request, problem)))
        source, prepare = _readable(request, data)
        return combiner.send(Sending(source, prepare, keyed_write(request)))


class SubmissionBatchView(ApiView):
    """Send up to a thousand submissions; each has its own outcome."""

    permissions = {"POST": "submissions.send"}
    max_body_bytes = BATCH_BYTES
    costs = {"POST": BATCH_COST}
    is_transactional = False  # what is no batch at all is journalled too, and a refusal must not undo that

    @extend_schema(
        request={"application/json": {"$ref": "#/components/schemas/SubmissionBatchIn"}},
        responses=BatchSerializer,
    )
    def post(self, request: Request) -> Any:
        try:
            default, items = _batch_of(request.data)
        except ProblemError as problem:
            if problem.code == "payload_too_large":
                raise
            return combiner.send(Sending(UNIDENTIFIED, _unreadable(request, problem)))
        return self._write(request, lambda request: self._admit(request, default, items))

    def _admit(self, request: Request, default: str, items: list[Any]) -> Response:
        now = timezone.now()
        keys = {str(item.get("source") or default)[:64] for item in items if isinstance(item, dict)}
        sources = source_ids(keys, now=now)
        read = [item_at(f"/items/{place}", item, default, sources, request, now) for place, item in enumerate(items)]
        receipts = journey.admit(hold_bad_batches([item for item, _ref, _errors in read], now=now), now=now)
        results = []
        for receipt, (_item, ref, errors) in zip(receipts, read, strict=True):
            result = {"client_ref": ref, **answer_of(receipt)}
            results.append(result | {"errors": errors} if errors else result)
        counts = Counter(receipt.outcome for receipt in receipts)
        return Response({"results": results, "counts": {name: counts.get(name, 0) for name in OUTCOMES}})


class SubmissionView(ApiView):
    """What became of one submission. Whoever sent it may always ask; 410 with its outcome once it was erased."""

    @extend_schema(responses=SubmissionDetailSerializer)
    def get(self, request: Request, receipt: str) -> Response:
        rows = Submission.objects.with_outcome().select_related("source", "body")
        if not may(request, "submissions.view"):
            rows = rows.filter(sender=asker(request))
        row = rows.filter(pk=decode_or_404("sub", receipt)).first()
        if row is None:
            raise Http404
        body = getattr(row, "body", None)
        if body is not None and body.erased_at:
            raise _erased(row)
        return Response(shown(row) | {"unread": unread_facts(body)})


def _erased(row: Any) -> ProblemError:
    """The answer about what was erased: that it came, when, and what became of it, so that counts still agree."""
    words = _("What was sent was erased, because the person asked for it or its time was over. Its outcome stays.")
    facts = {"receipt": row.receipt, "outcome": row.outcome or "pending", "received_at": row.received_at}
    return ProblemError("erased", words, **facts)


def shown(row: Any) -> dict[str, Any]:
    """A submission of `with_outcome()` as the API shows it. Its content is not part of it."""
    return {
        "receipt": row.receipt,
        "outcome": row.outcome or "pending",
        "lead_id": encode("lead", row.outcome_lead_id) if row.outcome_lead_id else None,
        "detail": row.outcome_detail or "",
        "rule": row.outcome_rule or "",
        "source": row.source.key,
        "channel": row.channel,
        "external_id": row.external_id,
        "received_at": row.received_at,
        "occurred_at": row.occurred_at,
    }


def answer_of(receipt: Receipt) -> dict[str, Any]:
    return {
        "receipt": encode("sub", receipt.submission_id),
        "outcome": str(receipt.outcome),
        "lead_id": encode("lead", receipt.lead_id) if receipt.lead_id else None,
        "detail": receipt.detail,
    }


def _readable(request: Request, data: Any) -> tuple[str, Callable[[Mapping[str, UUID]], Prepared]]:
    """The source a submission names, and how it goes on once the source is known."""
    errors = check_object(data, SUBMISSION_FIELDS, "", timezone.now(), required=("source",))
    key = str(data.get("source") or "") if isinstance(data, dict) else ""
    path = request.path

    def prepare(sources: Mapping[str, UUID]) -> Prepared:
        source_id, wrong = _source_of(key, "/source", sources)
        found = [*errors, *wrong] if not any(error["pointer"] == "#/source" for error in errors) else errors
        if not found:
            return _item(data, source_id, request), _accepted
        problem = invalid(found)
        document = problem.document(path)
        return stopped_item(source_id, _as_text(data), _in_words(found), request), _refused(problem, document)

    return key[:64], prepare


def _unreadable(request: Request, problem: ProblemError) -> Callable[[Mapping[str, UUID]], Prepared]:
    """What could not be parsed is kept word for word, as far as a text column can hold it."""
    document = problem.document(request.path)
    raw = getattr(getattr(request, "_request", request), "raw_body", b"").decode("utf-8", "replace")

    def prepare(sources: Mapping[str, UUID]) -> Prepared:
        text = raw.replace("\x00", "\ufffd")
        return stopped_item(sources[UNIDENTIFIED], text, problem.detail, request), _refused(problem, document)

    return prepare


def stopped_item(source_id: UUID, raw: str, refusal: str, request: Request) -> Item:
    return Item(source_id, Channel.API, None, raw=raw, refusal=refusal[:500], sender_id=request.user.pk)


def _as_text(data: Any) -> str:
    return orjson.dumps(data).decode()


def _item(data: Mapping[str, Any], source_id: UUID, request: Request) -> Item:
    return Item(
        source_id,
        Channel.API,
        dict(data),
        external_id=(data.get("external_id") or "").strip(),
        occurred_at=read_instant(data.get("occurred_at")),
        sender_id=request.user.pk,
    )


def _source_of(key: Any, pointer: str, sources: Mapping[str, UUID]) -> tuple[UUID, Problems]:
    if isinstance(key, str) and key in sources and key != UNIDENTIFIED:
        return sources[key], []
    if key in ("", None):
        words = _("Say which source it comes from: the key of one of /api/v1/sources/.")
        return sources[UNIDENTIFIED], [problem_at(pointer, "required", words)]
    words = _("No source with the key “%(key)s” is registered. Look at /api/v1/sources/.") % {"key": str(key)[:64]}
    return sources[UNIDENTIFIED], [problem_at(pointer, "unknown_source", words)]


def _in_words(errors: Problems) -> str:
    return "; ".join(f"{error['pointer'].removeprefix('#/')}: {error['detail']}" for error in errors)[:500]


def invalid(errors: Problems) -> ProblemError:
    """The problem document of these errors."""
    unknown = all(error["code"] == "unknown_field" for error in errors)
    return ProblemError("unknown_field" if unknown else "validation_error", errors[0]["detail"], errors=errors[:100])


def _accepted(receipt: Receipt) -> HttpResponse:
    body = answer_of(receipt)
    headers = {"Location": f"/api/v1/submissions/{body['receipt']}/"}
    is_pending = receipt.outcome == "pending"
    if is_pending:
        headers["Retry-After"] = "30"
    return HttpResponse(orjson.dumps(body), status=202 if is_pending else 201, content_type=JSON, headers=headers)


def _refused(problem: ProblemError, document: dict[str, Any]) -> Callable[[Receipt], HttpResponse]:
    def answer(receipt: Receipt) -> HttpResponse:
        body = document | {"receipt": encode("sub", receipt.submission_id)}
        return HttpResponse(orjson.dumps(body), status=problem.status, content_type=CONTENT_TYPE)

    return answer


def _batch_of(data: Any) -> tuple[str, list[Any]]:
    """The default source and the items of a batch. Raises ProblemError if it is none."""
    if not isinstance(data, dict) or set(data) - {"items", "source"}:
        raise invalid([problem_at("", "not_a_batch", _("Send an object with items, and perhaps source."))])
    items, default = data.get("items"), data.get("source") or ""
    if not isinstance(default, str):
        raise invalid([problem_at("/source", "not_a_text", _("Send the key of a source."))])
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_ITEMS:
        words = _("Send 1 to %(n)s items.") % {"n": MOST_ITEMS}
        raise invalid([problem_at("/items", "not_a_list", words)])
    return default, items


_ITEM_FIELDS = {**SUBMISSION_FIELDS, "client_ref": text(120)}


def item_at(
    pointer: str, data: Any, default: str, sources: Mapping[str, UUID], request: Request, now: datetime
) -> tuple[Item, str | None, Problems]:
    """One of several submissions as an item, its client_ref, and what is wrong with it."""
    errors = check_object(data, _ITEM_FIELDS, pointer, now)
    named = data if isinstance(data, dict) else {}
    source_id, wrong = _source_of(named.get("source") or default, f"{pointer}/source", sources)
    if not isinstance(data, dict) or wrong or errors:
        errors = [*errors, *wrong] if isinstance(data, dict) else errors
        item = stopped_item(source_id, _as_text(data), _in_words(errors), request)
    else:
        item = _item(data, source_id, request)
    ref = named.get("client_ref")
    return item, ref if isinstance(ref, str) else None, errors


SCHEMAS: dict[str, Any] = {
    "SubmissionIn": schema_of(SUBMISSION_FIELDS, ("source",)),
    "SubmissionBatchIn": {
        "type": "object",
        "required": ["items"],
        "additionalProperties": False,
        "properties": {
            "source": {"type": "string", "maxLength": 64},
            "items": {"type": "array", "minItems": 1, "maxItems": MOST_ITEMS, "items": {"type": "object"}},
        },
    },
}
"""Schemas of bodies that no serializer describes; `schema_hooks` adds them."""
