"""The pages of territory and segment rules: their sentences in order, who would get a lead, and every version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from revops.foundation.policy import can
from revops.portal.back_office import needs, note, person_of, status_of
from revops.portal.routing.forms import QuestionForm, RuleForm
from revops.portal.routing.trying import who_would_get
from revops.portal.routing.words import rows_of
from sla.models import RoutingRules
from sla.territories import RuleError
from sla.territory_rules import rules_in_force, write_rules

Rules = list[dict[str, Any]]


@needs("sla.view")
@require_GET
def rule_list(request: HttpRequest) -> HttpResponse:
    """All rules in their order; `version` shows an older one. With a question: who would get such a lead, and why."""
    versions = list(RoutingRules.objects.select_related("created_by")[:50])
    newest = versions[0] if versions else None
    asked = request.GET.get("version", "")
    shown = next((one for one in versions if str(one.version) == asked), None) if asked else newest
    if asked and shown is None:
        raise Http404
    question = QuestionForm(request.GET if "tier" in request.GET else None)
    answer = None
    if question.is_bound and question.is_valid():
        answer = who_would_get(question.facts(), question.cleaned_data["account"], timezone.now())
    context = {
        "rows": rows_of(shown.rules) if shown else [],
        "shown": shown,
        "is_newest": shown == newest,
        "versions": versions,
        "question": question,
        "answer": answer,
        "may_manage": can(person_of(request), "sla.manage") and shown == newest,
    }
    return render(request, "routing/rules.html", context)


@needs("sla.manage")
def new_rule(request: HttpRequest) -> HttpResponse:
    """Writes a rule at the end of the list."""
    form = RuleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        rule = form.rule(uuid4().hex[:12])
        if _save(request, form, lambda rules: [*rules, rule], form.cleaned_data["note"]):
            return redirect("routing-rules")
    context = {"form": form, "seen": _seen(), "rule": None}
    return render(request, "routing/rule.html", context, status=status_of(form))


@needs("sla.manage")
def edit_rule(request: HttpRequest, key: str) -> HttpResponse:
    """Changes a rule; its place stays."""
    before = _rule_or_404(key)
    form = RuleForm(request.POST or None, initial=RuleForm.of(before))
    if request.method == "POST" and form.is_valid():
        changed = form.rule(key)
        if _save(request, form, lambda rules: [changed if one["key"] == key else one for one in rules],
                 form.cleaned_data["note"]):  # fmt: skip
            return redirect("routing-rules")
    context = {"form": form, "seen": _seen(), "rule": before}
    return render(request, "routing/rule.html", context, status=status_of(form))


@needs("sla.manage")
@require_POST
def move_rule(request: HttpRequest, key: str) -> HttpResponse:
    """Moves a rule one place up or down: the first that fits decides."""
    rule, step = _rule_or_404(key), -1 if request.POST.get("to") == "up" else 1

    def moved(rules: Rules) -> Rules:
        at = next(place for place, one in enumerate(rules) if one["key"] == key)
        rules.insert(max(at + step, 0), rules.pop(at))
        return rules

    words = _("“%(name)s” moved up") if step < 0 else _("“%(name)s” moved down")
    _save(request, None, moved, words % {"name": rule["name"]})
    return redirect("routing-rules")


@needs("sla.manage")
@require_POST
def switch_rule(request: HttpRequest, key: str) -> HttpResponse:
    """Switches a rule on or off."""
    rule = _rule_or_404(key)
    is_on = not rule.get("is_on", True)
    words = _("“%(name)s” switched on") if is_on else _("“%(name)s” switched off")
    _save(
        request,
        None,
        lambda rules: [{**one, "is_on": is_on} if one["key"] == key else one for one in rules],
        words % {"name": rule["name"]},
    )
    return redirect("routing-rules")


@needs("sla.manage")
@require_POST
def remove_rule(request: HttpRequest, key: str) -> HttpResponse:
    """Takes a rule out; earlier versions keep it."""
    rule = _rule_or_404(key)
    words = _("“%(name)s” removed") % {"name": rule["name"]}
    _save(request, None, lambda rules: [one for one in rules if one["key"] != key], words)
    return redirect("routing-rules")


def _save(request: HttpRequest, form: RuleForm | None, change: Callable[[Rules], Rules], words: str) -> bool:
    """Writes the next version. What was seen when the page was opened must still be the newest."""
    author, now, newest = person_of(request), timezone.now(), rules_in_force()
    seen = request.POST.get("seen", "")
    try:
        with transaction.atomic():
            rules = change([dict(rule) for rule in newest.rules] if newest else [])
            version = write_rules(rules, by=author, now=now, note=words, seen=int(seen) if seen.isdecimal() else -1)
            note(author, "routing_rules.changed", version, now, after={"version": version.version}, cause=words)
    except RuleError as error:
        if form is not None:
            form.add_error(None, str(error))
        else:
            messages.error(request, str(error))
        return False
    messages.success(request, _("Saved. Routing asks these rules from the next lead on."))
    return True


def _seen() -> int:
    newest = rules_in_force()
    return newest.version if newest else 0


def _rule_or_404(key: str) -> dict[str, Any]:
    newest = rules_in_force()
    for rule in newest.rules if newest else ():
        if rule["key"] == key:
            return dict(rule)
    raise Http404
