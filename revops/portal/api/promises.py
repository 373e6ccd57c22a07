"""Promises of both sides: each clause's state, what is behind it, and the records that show marketing's are kept."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.findings import FindingAnsweredError, answer_finding, findings
from feedback.lead_times import Step, Whose, times_of
from feedback.metrics import Week, organisation_zone
from feedback.metrics.promised import Item, lead_ids_of
from feedback.models import Finding, NurturePeriod, NurtureTrack, PerformanceReport
from feedback.nurturing import start_nurture, stop_nurture
from feedback.performance import AlreadySharedError, Month, campaign_performance, share_performance
from feedback.promises import promise_board, promises_behind
from feedback.reviews import ReviewClosedError, attendance_of, record_attendance
from revops.foundation.api.pagination import Page, parameter_error
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer, SpanField
from revops.foundation.api.views import ApiView
from revops.foundation.ids import encode
from revops.portal.api.metrics import _week as asked_week
from revops.portal.api.who import asker, decode_or_404, refused, visible_leads
from sla.models import AgreementState, Clause, ClauseSide

MOST_ITEMS = 1000
VERDICTS = ("kept", "late", "pending")


class ClauseWeekSerializer(Serializer):
    week = serializers.CharField()
    kept = serializers.IntegerField()
    late = serializers.IntegerField()


class PromiseSerializer(Serializer):
    code = serializers.CharField()
    side = serializers.ChoiceField(choices=ClauseSide.choices)
    text = serializers.CharField()
    kept = serializers.IntegerField()
    late = serializers.IntegerField()
    pending = serializers.IntegerField()
    total = serializers.FloatField(allow_null=True, help_text="Of a promised amount: how much there is this month.")
    target = serializers.FloatField(allow_null=True)
    pace = serializers.FloatField(allow_null=True, help_text="What an even pace in business time makes due by now.")
    is_measured = serializers.BooleanField()
    series = ClauseWeekSerializer(many=True, help_text="Thirteen weeks, the oldest first.")
    owner_id = PublicIdField("user", allow_null=True, help_text="Who signed for that side.")


class PromiseItemSerializer(Serializer):
    lead_id = PublicIdField("lead", allow_null=True)
    user_id = PublicIdField("user", allow_null=True)
    about = serializers.CharField(
        help_text="What it is about, if not a lead: review:2026-W47, finding:…, performance:…"
    )
    verdict = serializers.ChoiceField(choices=VERDICTS)
    due_at = InstantField()
    done_at = InstantField(allow_null=True)


class StepSerializer(Serializer):
    step = serializers.ChoiceField(choices=[step.value for step in Step])
    at = InstantField()
    took = SpanField(allow_null=True, help_text="Since the step before.")
    whose = serializers.ChoiceField(choices=[one.value for one in Whose], allow_null=True)


class TimesSerializer(Serializer):
    steps = StepSerializer(many=True)
    spent = serializers.DictField(child=SpanField(), help_text="Whose time it was: machine, marketing, rep, buyer.")


class FindingSerializer(Serializer):
    id = PublicIdField("finding", source="pk", read_only=True)
    week = serializers.SerializerMethodField()
    reason_code = serializers.CharField(source="reason_id", read_only=True)
    source = serializers.CharField(source="source.key", read_only=True)  # type: ignore[assignment]
    rejections = serializers.IntegerField(read_only=True)
    opened_at = InstantField(read_only=True)
    due_at = InstantField(read_only=True)
    answer = serializers.CharField(min_length=10, max_length=500)
    answered_at = InstantField(read_only=True, allow_null=True)
    answered_by_id = PublicIdField("user", read_only=True, allow_null=True)

    def get_week(self, row: Finding) -> str:
        return Week(row.week_on, organisation_zone()).name


class NurtureSerializer(Serializer):
    track = serializers.SlugField(required=False, allow_blank=True, help_text="Code of a nurture track.")
    started_at = InstantField(read_only=True)
    until = InstantField(read_only=True)
    stopped_at = InstantField(read_only=True, allow_null=True)
    stop_reason = serializers.CharField(read_only=True)


class StopSerializer(Serializer):
    reason = serializers.CharField(max_length=200)


class AttendanceSerializer(Serializer):
    user_ids = serializers.ListField(child=PublicIdField("user"), max_length=500)


class PerformanceSerializer(Serializer):
    month = serializers.CharField(read_only=True)
    is_shared = serializers.BooleanField(read_only=True)
    shared_at = InstantField(read_only=True, allow_null=True)
    numbers_hash = serializers.CharField(read_only=True, allow_null=True)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)
    rows = serializers.ListField(child=serializers.DictField(), read_only=True)


class PromiseListView(ApiView):
    """Every clause of both sides in one week: kept, late, pending, trend."""

    permissions = {"GET": "sla.view"}
    query_parameters = frozenset({"week"})

    @extend_schema(responses=paged(PromiseSerializer))
    def get(self, request: Request) -> Response:
        now = timezone.now()
        board = promise_board(asked_week(request, now), now)
        rows = [
            promise.as_dict() | {"owner_id": encode("user", promise.owner.pk) if promise.owner else None}
            for promise in board
        ]
        return Response(Page(rows, has_more=False, next_cursor=None, next_url=None).document(lambda found: found))


class PromiseItemsView(ApiView):
    """What is behind the number of a count clause; at most a thousand, those about leads you may see.

    The clocks of a clause with a clock are at /clocks/.
    """

    permissions = {"GET": "sla.view"}
    query_parameters = frozenset({"week", "verdict"})

    @extend_schema(responses=paged(PromiseItemSerializer))
    def get(self, request: Request, clause: str) -> Response:
        now, verdict = timezone.now(), request.query_params.get("verdict", "")
        if verdict not in ("", *VERDICTS):
            raise parameter_error("verdict", "unknown_choice", _("verdict is kept, late or pending."))
        found = Clause.objects.filter(code=clause).exclude(agreement__state=AgreementState.DRAFT)
        newest = found.select_related("agreement").order_by("-agreement__version").first()
        if newest is None:
            raise Http404
        items = promises_behind(newest, asked_week(request, now), now, verdict)
        visible = set(visible_leads(request).filter(pk__in=lead_ids_of(items)).values_list("pk", flat=True))
        rows = [item for item in items if item.lead_id is None or item.lead_id in visible]
        page = Page(rows[:MOST_ITEMS], has_more=len(rows) > MOST_ITEMS, next_cursor=None, next_url=None)
        return Response(page.document(lambda shown: [_item(item) for item in shown]))


def _item(item: Item) -> dict[str, Any]:
    about = ":".join(item.about) if item.about[0] else ""
    shown = {"about": about, "verdict": item.verdict, "due_at": item.due_at, "done_at": item.done_at}
    return dict(PromiseItemSerializer(shown | {"lead_id": item.lead_id, "user_id": item.user_id}).data)


class LeadTimesView(ApiView):
    """How long each step of a lead took, and whose time it was."""

    permissions = {"GET": "leads.view"}

    @extend_schema(responses=TimesSerializer)
    def get(self, request: Request, lead: str) -> Response:
        pk = visible_leads(request).values_list("pk", flat=True).get(pk=decode_or_404("lead", lead))
        times = times_of([pk]).get(pk)
        steps = times.steps if times else []
        spent = {whose.value: times.time_of(whose) for whose in Whose} if times else {}
        return Response(TimesSerializer({"steps": steps, "spent": spent}).data)


class FindingListView(ApiView):
    """Patterns of rejections that marketing answers."""

    permissions = {"GET": "review.view"}
    sorts = {"due_at": "due_at", "id": "pk"}
    usual_sort = "-due_at"

    @extend_schema(responses=paged(FindingSerializer))
    def get(self, request: Request) -> Response:
        return self.page(findings(), lambda rows: [dict(FindingSerializer(row).data) for row in rows])


class FindingAnswerView(ApiView):
    """Answers a finding, once."""

    permissions = {"POST": "promises.keep"}

    @extend_schema(request=FindingSerializer, responses=FindingSerializer)
    def post(self, request: Request, finding: str) -> Response:
        form = FindingSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        pk = decode_or_404("finding", finding)
        try:
            answered = answer_finding(pk, answer=form.validated_data["answer"], by=asker(request), now=timezone.now())
        except Finding.DoesNotExist:
            raise Http404 from None
        except FindingAnsweredError as problem:
            raise ProblemError("invalid_transition", str(problem)) from None
        except ValueError as problem:
            raise refused("/answer", "too_short", str(problem)) from None
        return Response(FindingSerializer(answered).data)


class NurtureView(ApiView):
    """Begins the promised days of nurture for a lead that sales gave up for no response."""

    permissions = {"POST": "promises.keep"}

    @extend_schema(request=NurtureSerializer, responses={201: NurtureSerializer})
    def post(self, request: Request, lead: str) -> Response:
        form = NurtureSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        pk = visible_leads(request).values_list("pk", flat=True).get(pk=decode_or_404("lead", lead))
        code = form.validated_data.get("track", "")
        track = NurtureTrack.objects.filter(is_active=True, code=code).first() if code else None
        if code and track is None:
            raise refused("/track", "unknown_track", _("There is no such track."))
        done = start_nurture([pk], by=asker(request), track=track, now=timezone.now())
        if not done.started:
            raise ProblemError("invalid_transition", done.refused[pk])
        return Response(_nurture(done.started[0]), status=201)


class NurtureStopView(ApiView):
    """Ends nurture before its time, with the reason."""

    permissions = {"POST": "promises.keep"}

    @extend_schema(request=StopSerializer, responses=NurtureSerializer)
    def post(self, request: Request, lead: str) -> Response:
        form = StopSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        pk = visible_leads(request).values_list("pk", flat=True).get(pk=decode_or_404("lead", lead))
        try:
            stopped = stop_nurture(pk, by=asker(request), reason=form.validated_data["reason"], now=timezone.now())
        except NurturePeriod.DoesNotExist:
            raise ProblemError("invalid_transition", _("This lead is not nurtured now.")) from None
        return Response(_nurture(stopped))


def _nurture(period: NurturePeriod) -> dict[str, Any]:
    shown = dict(NurtureSerializer(period).data)
    return shown | {"track": period.track.code if period.track else ""}


class AttendanceView(ApiView):
    """Who took part in the huddle over a week; it can be changed until the review is closed."""

    permissions = {"GET": "review.view", "PUT": "review.decide"}

    @extend_schema(responses=AttendanceSerializer)
    def get(self, request: Request, week: str) -> Response:
        return Response(_attendance(_week(week)))

    @extend_schema(request=AttendanceSerializer, responses=AttendanceSerializer)
    def put(self, request: Request, week: str) -> Response:
        form = AttendanceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wanted, ids = _week(week), form.validated_data["user_ids"]
        try:
            record_attendance(wanted, ids, by=asker(request), now=timezone.now())
        except ReviewClosedError as problem:
            raise ProblemError("invalid_transition", str(problem)) from None
        except ValueError as problem:
            raise refused("/user_ids", "invalid", str(problem)) from None
        return Response(_attendance(wanted))


def _attendance(week: Week) -> dict[str, Any]:
    return {"user_ids": [encode("user", row.user_id) for row in attendance_of(week)]}


def _week(text: str) -> Week:
    try:
        return Week.parse(text, organisation_zone())
    except ValueError:
        raise Http404 from None


class PerformanceView(ApiView):
    """Campaign performance and cost per accepted lead of a month: live until marketing shares it."""

    permissions = {"GET": "review.view", "POST": "promises.keep"}

    @extend_schema(responses=PerformanceSerializer)
    def get(self, request: Request, month: str) -> Response:
        return Response(_performance(_month(month)))

    @extend_schema(request=PerformanceSerializer, responses={201: PerformanceSerializer})
    def post(self, request: Request, month: str) -> Response:
        form = PerformanceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        shown, note = _month(month), form.validated_data.get("note", "")
        try:
            share_performance(shown, by=asker(request), note=note, now=timezone.now())
        except (AlreadySharedError, ValueError) as problem:
            raise ProblemError("invalid_transition", str(problem)) from None
        return Response(_performance(shown), status=201)


def _performance(month: Month) -> dict[str, Any]:
    report = PerformanceReport.objects.filter(month_on=month.first).first()
    facts = {
        "month": month.name,
        "is_shared": report is not None,
        "shared_at": report.shared_at if report else None,
        "numbers_hash": report.numbers_hash if report else None,
        "note": report.note if report else "",
        "rows": report.numbers if report else campaign_performance(month),
    }
    return dict(PerformanceSerializer(facts).data)


def _month(text: str) -> Month:
    try:
        month = Month.parse(text, organisation_zone())
    except ValueError:
        raise Http404 from None
    if not 1990 <= month.first.year <= 2200:
        raise Http404
    return month
