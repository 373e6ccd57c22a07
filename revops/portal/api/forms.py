"""Lead forms over the API: which there are and how they do; make, change, copy, publish and archive them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms.utils import ErrorDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.models import LeadForm, SignalKind, Source
from leads.models.consents import ConsentPurpose
from leads.models.forms import FormState
from revops.foundation.api.problems import FieldError, ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.foundation.models import User
from revops.portal.api.fields import check_nothing_sent
from revops.portal.api.shapes import problem_at
from revops.portal.api.who import asker, refused
from revops.portal.back_office import facts_of
from revops.portal.lead_forms.changing import IN_LEDGER, CannotPublish, copy_form, save_form, set_state
from revops.portal.lead_forms.counting import Completion, completions
from revops.portal.lead_forms.forms import LeadFormForm
from revops.portal.lead_forms.questions import QUESTIONS


class LeadFormFieldSerializer(Serializer):
    name = serializers.ChoiceField(choices=[(question.name, str(question.name)) for question in QUESTIONS.values()])
    required = serializers.BooleanField()  # type: ignore[assignment]


class LeadFormSerializer(Serializer):
    id = PublicIdField("form", source="pk")
    slug = serializers.CharField()
    title = serializers.CharField()
    intro = serializers.CharField()
    state = serializers.ChoiceField(choices=FormState.choices)
    url = serializers.CharField(help_text="Where visitors find it, while it is open.")
    source = serializers.CharField(source="source.key")  # type: ignore[assignment]
    act = serializers.CharField(source="signal_kind.code", help_text="The signal that a post is.")
    topic = serializers.CharField()
    campaign = serializers.CharField(source="campaign_key")
    questions = LeadFormFieldSerializer(source="fields", many=True)
    version = serializers.IntegerField(help_text="Counts the changes of its questions.")
    consent_text = serializers.CharField()
    consent_is_required = serializers.BooleanField(help_text="The box must be ticked.")
    consent_purpose = serializers.ChoiceField(choices=ConsentPurpose.choices)
    needs_confirmation = serializers.BooleanField(help_text="Double opt-in.")
    confirm_days = serializers.IntegerField(help_text="How long that link works.")
    asks_next = serializers.BooleanField(help_text="Progressive profiling.")
    thanks = serializers.CharField()
    redirect_url = serializers.CharField(help_text="Where visitors go instead of our thanks; empty: nowhere.")
    allowed_sites = serializers.ListField(child=serializers.CharField(), help_text="Origins that may frame it.")
    opened = serializers.IntegerField(help_text="In the last 30 days.")
    sent = serializers.IntegerField()
    corrected = serializers.IntegerField(help_text="Posts that were sent back to be corrected.")
    completion = serializers.FloatField(allow_null=True, help_text="Sent of opened; null without any.")
    created_at = InstantField()


class ChangedLeadFormSerializer(Serializer):
    title = serializers.CharField(required=False, max_length=200)
    intro = serializers.CharField(required=False, allow_blank=True, max_length=2_000)
    source = serializers.SlugField(required=False, max_length=64, help_text="Key of a source.")  # type: ignore[assignment]
    act = serializers.SlugField(required=False, max_length=48, help_text="The signal that a post is.")
    topic = serializers.CharField(required=False, allow_blank=True, max_length=64)
    campaign = serializers.CharField(required=False, allow_blank=True, max_length=120)
    questions = serializers.ListField(
        child=LeadFormFieldSerializer(), required=False, min_length=1, max_length=len(QUESTIONS),
        help_text="In this order. A change makes a version.",
    )  # fmt: skip
    consent_text = serializers.CharField(required=False, allow_blank=True, max_length=2_000)
    consent_is_required = serializers.BooleanField(required=False)
    consent_purpose = serializers.ChoiceField(choices=ConsentPurpose.choices, required=False)
    needs_confirmation = serializers.BooleanField(required=False)
    confirm_days = serializers.IntegerField(required=False, min_value=1, max_value=60)
    asks_next = serializers.BooleanField(required=False)
    thanks = serializers.CharField(required=False, allow_blank=True, max_length=2_000)
    redirect_url = serializers.CharField(required=False, allow_blank=True, max_length=500)
    allowed_sites = serializers.ListField(child=serializers.CharField(max_length=200), required=False, max_length=20)


class NewLeadFormSerializer(ChangedLeadFormSerializer):
    slug = serializers.SlugField(max_length=64, help_text="The end of its address; it stays.")
    title = serializers.CharField(max_length=200)
    source = serializers.SlugField(max_length=64, help_text="Key of a source.")
    act = serializers.SlugField(max_length=48, help_text="The signal that a post is.")
    questions = serializers.ListField(child=LeadFormFieldSerializer(), min_length=1, max_length=len(QUESTIONS))


class LeadFormFilter(FilterSet):
    state = ChoiceFilter(choices=FormState.choices)
    source = CharFilter(field_name="source__key")


class LeadFormListView(ApiView):
    """All lead forms; make one, as a draft that no visitor sees yet."""

    permissions = {"GET": "forms.manage", "POST": "forms.manage"}
    filterset_class = LeadFormFilter
    sorts = {"title": "title", "created_at": "created_at", "id": "pk"}
    usual_sort = "title"

    @extend_schema(responses=paged(LeadFormSerializer))
    def get(self, request: Request) -> Response:
        return self.page(LeadForm.objects.select_related("source", "signal_kind"), _shown)

    @extend_schema(request=NewLeadFormSerializer, responses={201: LeadFormSerializer})
    def post(self, request: Request) -> Response:
        asked = NewLeadFormSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        blank = LeadForm(created_at=timezone.now(), state=FormState.DRAFT, fields=[])
        return Response(_shown([save_stated(blank, asked.validated_data, asker(request))])[0], status=201)


class LeadFormView(ApiView):
    """One lead form with its counts; change it. Its address stays."""

    permissions = {"GET": "forms.manage", "PATCH": "forms.manage"}

    @extend_schema(responses=LeadFormSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(_shown([_form(slug)])[0])

    @extend_schema(request=ChangedLeadFormSerializer, responses=LeadFormSerializer)
    def patch(self, request: Request, slug: str) -> Response:
        asked = ChangedLeadFormSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        found = LeadForm.objects.select_related("source", "signal_kind").select_for_update(of=("self",)).get(slug=slug)
        return Response(_shown([save_stated(found, asked.validated_data, asker(request))])[0])


class LeadFormCopyView(ApiView):
    """A draft with everything of a form but its address and its counts."""

    permissions = {"POST": "forms.manage"}

    @extend_schema(request=None, responses={201: LeadFormSerializer})
    def post(self, request: Request, slug: str) -> Response:
        check_nothing_sent(request)
        copied = copy_form(_form(slug), asker(request), timezone.now())
        return Response(_shown([_form(copied.slug)])[0], status=201)


class LeadFormPublishView(ApiView):
    """Open a form to visitors."""

    permissions = {"POST": "forms.manage"}

    @extend_schema(request=None, responses=LeadFormSerializer)
    def post(self, request: Request, slug: str) -> Response:
        check_nothing_sent(request)
        form = _form(slug)
        try:
            set_state(form, FormState.OPEN, asker(request), timezone.now())
        except CannotPublish as problem:
            raise ProblemError("conflict", str(problem)) from None
        return Response(_shown([form])[0])


class LeadFormArchiveView(ApiView):
    """Close a form; its counts and what it received stay."""

    permissions = {"POST": "forms.manage"}

    @extend_schema(request=None, responses=LeadFormSerializer)
    def post(self, request: Request, slug: str) -> Response:
        check_nothing_sent(request)
        form = _form(slug)
        set_state(form, FormState.ARCHIVED, asker(request), timezone.now())
        return Response(_shown([form])[0])


PAGE_NAMES = {"act": "signal_kind", "campaign": "campaign_key"}
"""What the form of the page calls fields of the API, where the names differ."""
_API_NAMES = {name: field for field, name in PAGE_NAMES.items()}


def save_stated(lead_form: LeadForm, stated: Mapping[str, Any], actor: User) -> LeadForm:
    """Saves what was stated of a form by the checks of its page. Raises validation_error at the fields concerned."""
    before = None if lead_form._state.adding else facts_of(lead_form, IN_LEDGER)
    form = LeadFormForm(_posted(lead_form, stated), instance=lead_form)
    if not form.is_valid():
        raise ProblemError("validation_error", _first(form.errors), errors=list(_problems(form.errors)))
    return save_form(form.save(commit=False), before, actor, timezone.now())


def _posted(lead_form: LeadForm, stated: Mapping[str, Any]) -> dict[str, Any]:
    """The page's form filled in: as it is now, with what was stated."""
    fields = [field.name for field in LeadForm._meta.fields if field.name in LeadFormForm.Meta.fields]
    posted = {name: getattr(lead_form, name) for name in fields if not name.startswith(("source", "signal_kind"))}
    posted |= {PAGE_NAMES.get(name, name): value for name, value in stated.items() if name != "questions"}
    posted["allowed_sites"] = "\n".join(stated.get("allowed_sites", lead_form.allowed_sites))
    posted["source"] = _known(Source, "key", stated["source"], "/source") if "source" in stated else lead_form.source_id
    posted["signal_kind"] = (
        _known(SignalKind, "code", stated["act"], "/act") if "act" in stated else lead_form.signal_kind_id
    )
    for place, question in enumerate(stated.get("questions", lead_form.fields), 1):
        if f"ask_{question['name']}" in posted:
            raise refused("/questions", "twice", _("%(name)s is asked twice.") % {"name": question["name"]})
        posted[f"ask_{question['name']}"] = "required" if question["required"] else "optional"
        posted[f"place_{question['name']}"] = place
    return posted


def _known(model: type[Source | SignalKind], column: str, value: str, pointer: str) -> Any:
    found = model._default_manager.filter(**{column: value}).values_list("pk", flat=True).first()
    if found is None:
        raise refused(pointer, "unknown", _("Nothing of the name “%(name)s” is registered.") % {"name": value})
    return found


def _problems(errors: ErrorDict) -> Iterator[FieldError]:
    for name, found in errors.items():
        is_question = name == NON_FIELD_ERRORS or name.startswith(("ask_", "place_"))
        pointer = "/questions" if is_question else f"/{_API_NAMES.get(name, name)}"
        yield from (problem_at(pointer, "invalid", str(words)) for words in found)


def _first(errors: ErrorDict) -> str:
    return str(next(iter(errors.values()))[0])


def _form(slug: str) -> LeadForm:
    return LeadForm.objects.select_related("source", "signal_kind").get(slug=slug)


def _shown(rows: list[LeadForm]) -> list[dict[str, Any]]:
    counted = completions([row.pk for row in rows], timezone.now())
    for row in rows:
        done = counted.get(row.pk, Completion())
        row.url = f"{settings.PUBLIC_URL}/f/{row.slug}/"  # type: ignore[attr-defined]
        row.opened, row.sent, row.corrected = done.n, done.sent, done.corrected  # type: ignore[attr-defined]
        row.completion = done.share  # type: ignore[attr-defined]
    return [dict(LeadFormSerializer(row).data) for row in rows]
