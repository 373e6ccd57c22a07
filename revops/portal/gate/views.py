"""The pages of the gate: all rules with their hits, one rule with its history, and the box to try them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from leads.gate import (
    ALWAYS_ON,
    BOUNCED,
    LISTED,
    Bounce,
    ChangedMeanwhile,
    Hits,
    change_rule,
    forget_bounce,
    history_of,
    hits_by_rule,
    remember_bounces,
    undo_last_change,
)
from leads.models import BouncedAddress, HygieneRule
from leads.models.hygiene import BounceOrigin
from revops.foundation.policy import can, refusal
from revops.portal.back_office import csv_response, needs, person_of, status_of
from revops.portal.gate.forms import BouncesForm, RuleForm, TermsFileForm, TryForm
from revops.portal.gate.trying import try_submission
from revops.portal.submissions.journal import WAY_IN_RULES

TONES = {"quarantine": ("warn", "lock"), "flag": ("neutral", "flag"), "refuse": ("bad", "ban")}
MOST_HISTORY = 30


@needs("gate.view")
@require_GET
def gate(request: HttpRequest) -> HttpResponse:
    """Every rule: what it says and does, what it hit, and how much of that a person let in after all."""
    hits = hits_by_rule(timezone.now())
    rules = [(rule, hits.get(rule.code, Hits())) for rule in HygieneRule.objects.all()]
    context = {
        "rules": rules,
        "fixed": [(code, words, hits[code]) for code, words in WAY_IN_RULES.items() if code in hits],
        "bounced": BouncedAddress.objects.count(),
        "form": TryForm(),
        "tones": TONES,
    }
    return render(request, "gate/gate.html", context)


@needs("gate.view")
@require_POST
@sensitive_post_parameters()
def try_it(request: HttpRequest) -> HttpResponse:
    """What the gate would say of a submission; nothing is stored."""
    form = TryForm(request.POST)
    trial = try_submission(form.cleaned_data) if form.is_valid() else None
    context = {"form": form, "trial": trial, "tones": TONES}
    template = "gate/_trial.html" if request.headers.get("HX-Request") else "gate/try.html"
    return render(request, template, context, status=status_of(form))


@needs("gate.view")
def rule_page(request: HttpRequest, code: str) -> HttpResponse:
    """One rule: its numbers, its terms and its history; who may change it changes it here."""
    rule = get_object_or_404(HygieneRule, pk=code)
    form = None
    if code != ALWAYS_ON and can(person_of(request), "gate.change"):
        form = RuleForm(request.POST or None, rule=rule)
    if request.method == "POST":
        if form is None:
            raise PermissionDenied(refusal("gate.change"))
        if form.is_valid() and _change(request, rule, form):
            return redirect("gate-rule", code)
    return render(request, "gate/rule.html", _context(request, rule, form), status=status_of(form) if form else 200)


def _change(request: HttpRequest, rule: HygieneRule, form: RuleForm) -> bool:
    data = form.cleaned_data
    try:
        with transaction.atomic():
            changed = change_rule(
                rule.code,
                form.changes(),
                person_of(request),
                data["reason"],
                timezone.now(),
                version=data["version"],
            )
    except ChangedMeanwhile:
        words = _("Somebody changed this rule since you opened it. Look at it again; what you typed is kept.")
        form.add_error(None, words)
        return False
    except ValidationError as problem:
        form.add_error(None, problem)
        return False
    same = changed.version == rule.version
    messages.success(request, _("Nothing was changed.") if same else _("The rule is changed. It counts from now on."))
    return True


def _context(request: HttpRequest, rule: HygieneRule, form: Any, **more: Any) -> dict[str, Any]:
    history = list(history_of(rule.code)[:MOST_HISTORY])
    return {
        "rule": rule,
        "tone": TONES[rule.action],
        "hits": hits_by_rule(timezone.now()).get(rule.code, Hits()),
        "form": form,
        "file_form": TermsFileForm() if form is not None and rule.code not in LISTED else None,
        "bounces_form": BouncesForm() if rule.code == BOUNCED and can(person_of(request), "gate.bounces") else None,
        "n_bounced": BouncedAddress.objects.count() if rule.code == BOUNCED else 0,
        "history": [(entry, _differences(entry)) for entry in history],
        "can_undo": bool(history) and form is not None,
        "is_fixed": rule.code == ALWAYS_ON,
    } | more


def _differences(entry: Any) -> list[tuple[str, str]]:
    """What a change did, in words: terms added and taken out, other values before and after."""
    before, after = entry.before or {}, entry.after or {}
    found = []
    for name in after:
        old, new = before.get(name), after[name]
        if name == "rule":
            continue
        if isinstance(new, list) and isinstance(old, list):
            added, gone = sorted(set(new) - set(old)), sorted(set(old) - set(new))
            label = _("Own terms") if name == "terms" else _("Never hits")
            if added:
                found.append((label, f"+ {', '.join(added[:20])}{' …' if len(added) > 20 else ''}"))
            if gone:
                found.append((label, f"− {', '.join(gone[:20])}{' …' if len(gone) > 20 else ''}"))
        elif name == "is_active":
            found.append((_("State"), _("on") if new else _("off")))
        else:
            found.append((_("A hit means"), f"{old} → {new}"))
    return found


@needs("gate.change")
@require_POST
def undo_change(request: HttpRequest, code: str) -> HttpResponse:
    """Puts a rule back to what it was before its last change."""
    get_object_or_404(HygieneRule, pk=code)
    try:
        with transaction.atomic():
            undo_last_change(code, person_of(request), _("Undone"), timezone.now())
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, _("The last change is undone."))
    return redirect("gate-rule", code)


@needs("gate.view")
@require_GET
def export_terms(request: HttpRequest, code: str) -> HttpResponseBase:
    """The own terms of a rule as a file."""
    rule = get_object_or_404(HygieneRule, pk=code)
    rows = [[term, "term"] for term in rule.terms] + [[term, "never hits"] for term in rule.allowed]
    return csv_response(f"terms-{code}", ["term", "kind"], rows)


@needs("gate.change")
@require_POST
def import_terms(request: HttpRequest, code: str) -> HttpResponse:
    """Adds the terms of a file to those of a rule; what is there already stays."""
    rule = get_object_or_404(HygieneRule, pk=code)
    form = TermsFileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            terms = [term for term in form.terms() if term.lower() != "term"]
            with transaction.atomic():
                changed = change_rule(
                    code, {"terms": [*rule.terms, *terms]}, person_of(request), form.cleaned_data["reason"],
                    timezone.now(), version=rule.version,
                )  # fmt: skip
        except ChangedMeanwhile:
            form.add_error(None, _("Somebody changed this rule at the same moment. Send the file again."))
        except ValidationError as problem:
            form.add_error(None, problem if not hasattr(problem, "error_dict") else ValidationError(problem.messages))
        else:
            added = len(changed.terms) - len(rule.terms)
            messages.success(
                request, ngettext("%(n)s term was added.", "%(n)s terms were added.", added) % {"n": added}
            )
            return redirect("gate-rule", code)
    context = _context(request, rule, RuleForm(rule=rule), file_form=form)
    return render(request, "gate/rule.html", context, status=422)


@needs("gate.bounces")
@require_POST
@sensitive_post_parameters()
def report_bounces(request: HttpRequest) -> HttpResponse:
    """Notes addresses whose mail came back, or takes them off the list."""
    form = BouncesForm(request.POST)
    rule = get_object_or_404(HygieneRule, pk=BOUNCED)
    if not form.is_valid():
        may_change = can(person_of(request), "gate.change")
        context = _context(request, rule, RuleForm(rule=rule) if may_change else None, bounces_form=form)
        return render(request, "gate/rule.html", context, status=422)
    addresses, now = form.cleaned_data["addresses"], timezone.now()
    with transaction.atomic():
        if request.POST.get("then") == "forget":
            done = sum(forget_bounce(address) for address in addresses)
            words = ngettext("%(n)s address is off the list.", "%(n)s addresses are off the list.", done)
        else:
            bounces = [Bounce(address, now) for address in addresses]
            done = remember_bounces(bounces, BounceOrigin.PAGE, person_of(request))
            words = ngettext("%(n)s address is new on the list.", "%(n)s addresses are new on the list.", done)
    messages.success(request, words % {"n": done})
    return redirect("gate-rule", BOUNCED)
