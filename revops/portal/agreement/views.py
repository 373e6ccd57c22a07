"""The agreement: read it, draft it, sign it, decline it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from feedback.metrics import organisation_zone
from revops.foundation.models import User
from revops.foundation.policy import can
from revops.portal.agreement.document import document_of
from revops.portal.agreement.forms import AgreementForm, RemarkForm
from revops.portal.agreement.notices import ask_for_signatures, tell_heads
from revops.portal.back_office import needs, note, person_of, status_of
from sla.agreement_words import TEMPLATE
from sla.agreements import (
    SIDE_OF_HEAD,
    AgreementError,
    change_draft,
    discard_draft,
    draft_from_template,
    drafts_of,
    live_agreement,
    missing_sides,
    publish_agreement,
    remark_on,
    sign_agreement,
)
from sla.models import Agreement, AgreementState, Calendar
from sla.starter import REVIEW_AFTER, STANDARD_CALENDAR, standard_calendar


@needs("sla.view")
@require_GET
def agreement(request: HttpRequest) -> HttpResponse:
    """The version in effect, or the one asked for: clauses, signatures, what changed, and the versions before."""
    versions = list(Agreement.objects.select_related("calendar", "created_by"))
    asked = request.GET.get("version", "")
    live = next((one for one in versions if one.state == AgreementState.LIVE), None)
    shown = next((one for one in versions if str(one.version) == asked), None) if asked else live
    if asked and shown is None:
        raise Http404
    return _document(request, shown, versions)


def _document(
    request: HttpRequest, shown: Agreement | None, versions: list[Agreement], remark: RemarkForm | None = None
) -> HttpResponse:
    viewer, today = person_of(request), _today()
    drafts = [one for one in versions if one.state == AgreementState.DRAFT]
    context: dict[str, Any] = {
        "agreement": shown,
        "versions": versions,
        "drafts": [one for one in drafts if one != shown],
        "may_draft": can(viewer, "sla.manage"),
        "is_overdue": bool(shown and shown.state == AgreementState.LIVE and shown.review_on < today),
        "remark_form": remark or RemarkForm(),
    }
    if shown is not None:
        document = document_of(shown)
        side = SIDE_OF_HEAD.get(viewer.role, "")
        is_draft = shown.state == AgreementState.DRAFT
        context |= {
            "document": document,
            "is_draft": is_draft,
            "side": side,
            "may_sign": is_draft and can(viewer, "sla.sign") and side in document.missing,
            "may_discard": is_draft and not document.remarks and len(document.missing) == 2,
        }
    return render(request, "agreement/agreement.html", context, status=status_of(remark) if remark else 200)


@needs("sla.manage")
def draft(request: HttpRequest) -> HttpResponse:
    """Drafts the next version: from the one in effect, else from the template."""
    waiting = Agreement.objects.filter(state=AgreementState.DRAFT).first()
    if waiting is not None:
        messages.info(request, _("There is a draft already. Change it, or discard it first."))
        return redirect(_address(waiting))
    now, live = timezone.now(), live_agreement()
    form = AgreementForm(
        drafts_of(live) if live else TEMPLATE,
        request.POST or None,
        today=_today(),
        initial={
            "review_on": (now + REVIEW_AFTER).date(),
            "calendar": live.calendar if live else Calendar.objects.filter(name=STANDARD_CALENDAR).first(),
        },
    )
    if not Calendar.objects.exists():
        standard_calendar(now)
    if request.method == "POST" and form.is_valid():
        author, asked = person_of(request), form.cleaned_data
        with transaction.atomic():
            made = draft_from_template(
                asked["calendar"],
                now=now,
                review_on=asked["review_on"],
                clauses=form.clauses(),
                author=author,
                summary=asked["summary"],
                takes_effect_on=asked["takes_effect_on"],
            )
            note(author, "agreement.drafted", made, now, after={"version": made.version})
            ask_for_signatures(made, now, but=author)
        messages.success(request, _("The draft is written. Both heads sign it here."))
        return redirect(_address(made))
    return render(request, "agreement/wizard.html", {"form": form, "live": live}, status=status_of(form))


@needs("sla.manage")
def edit(request: HttpRequest, version: int) -> HttpResponse:
    """Changes a draft; whoever signed it signs again."""
    held = _draft_or_404(version)
    form = AgreementForm(
        drafts_of(held),
        request.POST or None,
        today=_today(),
        initial={
            "review_on": held.review_on,
            "calendar": held.calendar_id,
            "takes_effect_on": held.takes_effect_on,
            "summary": held.summary,
            "revision": held.revision,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            _change(held, form, person_of(request))
        except AgreementError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The draft is changed. Both heads sign what is written now."))
            return redirect(_address(held))
    return render(request, "agreement/wizard.html", {"form": form, "draft": held}, status=status_of(form))


@transaction.atomic
def _change(held: Agreement, form: AgreementForm, author: User) -> None:
    now, asked = timezone.now(), form.cleaned_data
    changed = change_draft(
        held,
        form.clauses(),
        calendar=asked["calendar"],
        review_on=asked["review_on"],
        summary=asked["summary"],
        takes_effect_on=asked["takes_effect_on"],
        revision=asked["revision"] or 0,
    )
    if changed.revision != held.revision:
        before, after = {"revision": held.revision}, {"revision": changed.revision}
        note(author, "agreement.changed", changed, now, before=before, after=after)
        ask_for_signatures(changed, now, but=author)


@needs("sla.sign")
@require_POST
def sign(request: HttpRequest, version: int) -> HttpResponse:
    """One head's yes, for their own side. With both it takes effect, at once or on its day."""
    held, signer, now = _draft_or_404(version), person_of(request), timezone.now()
    side = SIDE_OF_HEAD.get(signer.role, "")
    if request.POST.get("revision") != str(held.revision):
        messages.error(request, _("The draft was changed while you read it. Look at it again, then sign."))
        return redirect(_address(held))
    try:
        with transaction.atomic():
            sign_agreement(held, side, signer, now=now)
            note(signer, "agreement.signed", held, now, after={"side": side, "revision": held.revision})
            words = _after_signing(held, signer)
    except AgreementError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words)
    return redirect(_address(held))


def _after_signing(held: Agreement, signer: User) -> str:
    """Publishes what both sides signed if its day has come; says in words what happens next."""
    now = timezone.now()
    if missing_sides(held):
        ask_for_signatures(held, now, but=signer)
        return _("Signed. It takes effect when the other side has signed too.")
    if held.takes_effect_on and held.takes_effect_on > _today():
        return _("Both sides have signed. It takes effect on %(day)s.") % {"day": f"{held.takes_effect_on:%-d %b %Y}"}
    publish_agreement(held, now=now, by=signer)
    note(signer, "agreement.published", held, now, after={"version": held.version})
    words = _("Agreement v%(version)s is in effect from now on.") % {"version": held.version}
    tell_heads(held, "agreement.in_effect", words, now, but=signer)
    return words


@needs("sla.view")
@require_POST
def remark(request: HttpRequest, version: int) -> HttpResponse:
    """Says something about a draft; a head may decline it with that."""
    held, person, now = _draft_or_404(version), person_of(request), timezone.now()
    form, declines = RemarkForm(request.POST), "decline" in request.POST
    if form.is_valid():
        try:
            with transaction.atomic():
                remark_on(held, person, form.cleaned_data["text"], now=now, declines=declines)
                kind = "agreement.declined" if declines else "agreement.remark"
                if declines:
                    note(person, kind, held, now, after={"revision": held.revision})
                said = _("%(name)s declined agreement v%(version)s.") if declines else _(
                    "%(name)s said something about agreement v%(version)s."
                )  # fmt: skip
                tell_heads(held, kind, said % {"name": person.name, "version": version}, now, but=person)
        except AgreementError as error:
            form.add_error("text", str(error))
        else:
            messages.success(request, _("Declined.") if declines else _("Your words are kept with the draft."))
            return redirect(_address(held))
    return _document(request, held, list(Agreement.objects.select_related("calendar", "created_by")), form)


@needs("sla.manage")
@require_POST
def discard(request: HttpRequest, version: int) -> HttpResponse:
    """Takes a draft away that nobody signed yet."""
    held = _draft_or_404(version)
    try:
        with transaction.atomic():
            note(person_of(request), "agreement.discarded", held, timezone.now(), before={"version": held.version})
            discard_draft(held)
    except AgreementError as error:
        messages.error(request, str(error))
        return redirect(_address(held))
    messages.success(request, _("The draft is discarded."))
    return redirect("sla-agreement")


def _draft_or_404(version: int) -> Agreement:
    return get_object_or_404(Agreement.objects.select_related("calendar"), version=version, state=AgreementState.DRAFT)


def _address(held: Agreement) -> str:
    return f"{reverse('sla-agreement')}?version={held.version}"


def _today() -> date:
    return timezone.now().astimezone(organisation_zone()).date()
