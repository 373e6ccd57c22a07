"""Drafts of the rulebook over the API: made, edited, linted, discarded, put before people. Signing is human only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.etags import check_if_match
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.portal.api.rule_shapes import RulebookSerializer, book_of
from revops.portal.api.shapes import problem_at
from revops.portal.api.who import asker
from revops.portal.back_office import note
from revops.portal.rules.drafting import tell
from revops.portal.rules.evidence import evidence_for
from revops.portal.rules.reading import missing_signers
from scoring.coverage import data_coverage
from scoring.differences import differences
from scoring.models import Rulebook, RulebookState
from scoring.presets import PRESETS
from scoring.publishing import (
    LONGEST_SUMMARY,
    DraftMoved,
    PublishingRefused,
    create_draft,
    discard_draft,
    edit_draft,
    request_review,
    stamp_kinds,
)
from scoring.rules import InvalidRulebook
from scoring.rules.lint import lint


class DraftInSerializer(Serializer):
    name = serializers.CharField(max_length=120, required=False)
    summary = serializers.CharField(max_length=LONGEST_SUMMARY, required=False, help_text="What changes, and why.")
    review_by_on = serializers.DateField(required=False)
    definition = serializers.DictField(required=False, help_text="Rules, caps, tiers; signal kinds are stamped anew.")
    preset = serializers.ChoiceField(choices=sorted(PRESETS), required=False, help_text="Instead of a definition.")


class DraftChangeSerializer(Serializer):
    name = serializers.CharField(max_length=120, required=False)
    summary = serializers.CharField(max_length=LONGEST_SUMMARY, required=False)
    review_by_on = serializers.DateField(required=False)
    definition = serializers.DictField(required=False)


class DiscardSerializer(Serializer):
    reason = serializers.CharField(max_length=500, required=False, default="")


class SummarySerializer(Serializer):
    summary = serializers.CharField(max_length=LONGEST_SUMMARY, required=False, help_text="One sentence.")


class LintInSerializer(Serializer):
    definition = serializers.DictField()


class RemarkSerializer(Serializer):
    code = serializers.CharField()
    pointer = serializers.CharField(help_text="JSON pointer into the definition.")
    message = serializers.CharField()
    is_error = serializers.BooleanField(help_text="It keeps the definition from being saved.")


class LintSerializer(Serializer):
    may_be_saved = serializers.BooleanField()
    remarks = RemarkSerializer(many=True)


class DifferenceSerializer(Serializer):
    part = serializers.CharField()
    key = serializers.CharField()
    kind = serializers.ChoiceField(choices=["added", "removed", "changed"])
    before = serializers.CharField()
    after = serializers.CharField()
    words = serializers.CharField()


class DifferencesSerializer(Serializer):
    differences = DifferenceSerializer(many=True)


class SignatureSerializer(Serializer):
    side = serializers.CharField()
    user_id = PublicIdField("user")
    signed_at = InstantField()
    counts = serializers.BooleanField(help_text="False if the content changed since.")


class SignaturesSerializer(Serializer):
    signatures = SignatureSerializer(many=True)


class EffectSerializer(Serializer):
    weeks = serializers.IntegerField()
    built_at = InstantField()
    figures = serializers.DictField(help_text="Per metric: before and after, each with hits, n and interval.")


class EffectsSerializer(Serializer):
    effects = EffectSerializer(many=True)


def refused_step(refusal: PublishingRefused) -> ProblemError:
    """A step that is not allowed now, in words."""
    if isinstance(refusal, DraftMoved):
        return ProblemError("version_mismatch", str(refusal), current_version=refusal.rulebook.revision)
    return ProblemError("conflict", str(refusal))


def invalid_rulebook(refusal: InvalidRulebook, at: str = "/definition") -> ProblemError:
    """Every problem of a definition by its place."""
    errors = [problem_at(f"{at}{problem.pointer}", "invalid", problem.message) for problem in refusal.problems]
    return ProblemError("validation_error", _("This cannot become a rulebook; “errors” says where."), errors=errors)


def start_draft(request: Request) -> Rulebook:
    """The draft that a request asks for: from a definition, a preset, or the live rules."""
    form = DraftInSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    said = form.validated_data
    live = Rulebook.objects.filter(state=RulebookState.LIVE).first()
    definition = said.get("definition") or (live.definition if live else None)
    name = said.get("name") or (live.name if live else "")
    if "preset" in said:
        definition, name = PRESETS[said["preset"]].definition, said.get("name") or PRESETS[said["preset"]].name
    if definition is None:
        raise ProblemError("conflict", _("No rulebook is live to begin with. Send a definition or a preset."))
    try:
        return create_draft(
            definition, asker(request), name or _("Draft"), said.get("summary", ""), timezone.now(),
            review_by_on=said.get("review_by_on"),
        )  # fmt: skip
    except InvalidRulebook as refusal:
        raise invalid_rulebook(refusal) from refusal


def change_draft(request: Request, book: Rulebook) -> Rulebook:
    """Saves what a request changes of a draft; If-Match names the revision that was read."""
    form = DraftChangeSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    check_if_match(request, book.revision, required=True)
    said: Mapping[str, Any] = form.validated_data
    try:
        return edit_draft(
            book, said.get("definition", book.definition), asker(request), timezone.now(),
            expected_revision=book.revision, name=said.get("name", ""), summary=said.get("summary", ""),
            review_by_on=said.get("review_by_on"),
        )  # fmt: skip
    except InvalidRulebook as refusal:
        raise invalid_rulebook(refusal) from refusal
    except PublishingRefused as refusal:
        raise refused_step(refusal) from refusal


class DiscardView(ApiView):
    """Put a draft away; it stays readable."""

    permissions = {"POST": "rules.propose"}

    @extend_schema(request=DiscardSerializer, responses=RulebookSerializer)
    def post(self, request: Request, rulebook: str) -> Response:
        book, user, now = book_of(rulebook), asker(request), timezone.now()
        form = DiscardSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            book = discard_draft(book, user, form.validated_data["reason"], now)
        except PublishingRefused as refusal:
            raise refused_step(refusal) from refusal
        note(user, "rulebook.discarded", book, now, after={"version": book.version})
        return Response(RulebookSerializer(book).data)


class RequestReviewView(ApiView):
    """Put a draft before both sides, with the backtest they will see. They sign in the portal; no key can."""

    permissions = {"POST": "rules.propose"}

    @extend_schema(request=SummarySerializer, responses=RulebookSerializer)
    def post(self, request: Request, rulebook: str) -> Response:
        book, user, now = book_of(rulebook), asker(request), timezone.now()
        form = SummarySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            book = request_review(
                book, user, now, summary=form.validated_data.get("summary"), evidence=evidence_for(book)
            )
        except PublishingRefused as refusal:
            raise refused_step(refusal) from refusal
        words = _("Version %(n)s of the rules waits for your signature: %(summary)s")
        tell(missing_signers(book), "rulebook.review_requested", book, now,
             words % {"n": book.version, "summary": book.summary})  # fmt: skip
        note(user, "rulebook.review_requested", book, now, after={"version": book.version})
        return Response(RulebookSerializer(book).data)


class LintView(ApiView):
    """What is wrong with a definition, and what to think about. Nothing is stored."""

    permissions = {"POST": "rules.view"}

    @extend_schema(request=LintInSerializer, responses=LintSerializer)
    def post(self, request: Request) -> Response:
        form = LintInSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        now = timezone.now()
        remarks = lint(stamp_kinds(form.validated_data["definition"]), data_coverage(now), now.date())
        may_be_saved = not any(remark.is_error for remark in remarks)
        return Response(LintSerializer({"may_be_saved": may_be_saved, "remarks": remarks}).data)


class DifferencesView(ApiView):
    """What a version changes against the one it is based on, or against another one (`against`), in words."""

    permissions = {"GET": "rules.view"}
    query_parameters = frozenset({"against"})

    @extend_schema(responses=DifferencesSerializer)
    def get(self, request: Request, rulebook: str) -> Response:
        book = book_of(rulebook)
        asked = request.query_params.get("against")
        base = book_of(asked) if asked else book.based_on
        found = differences(base.definition, book.definition) if base else []
        return Response(DifferencesSerializer({"differences": found}).data)


class SignaturesView(ApiView):
    """Who signed a version. Read only: a signature is given by a person, in the portal."""

    permissions = {"GET": "rules.view"}

    @extend_schema(responses=SignaturesSerializer)
    def get(self, request: Request, rulebook: str) -> Response:
        book = book_of(rulebook)
        rows = [
            {
                "side": one.side,
                "user_id": one.user_id,
                "signed_at": one.signed_at,
                "counts": one.content_hash == book.content_hash,
            }
            for one in book.signatures.all()
        ]
        return Response(SignaturesSerializer({"signatures": rows}).data)


class EffectsView(ApiView):
    """What a published version changed, two and six weeks later."""

    permissions = {"GET": "rules.view"}

    @extend_schema(responses=EffectsSerializer)
    def get(self, request: Request, rulebook: str) -> Response:
        return Response(EffectsSerializer({"effects": book_of(rulebook).effects.all()}).data)
