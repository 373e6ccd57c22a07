"""The list of accounts, its export, one account, and the surges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from leads.buying_group import BuyingRole
from leads.merging.accounts import standing_merges
from leads.models import Account, AccountTask, Person, TaskState
from leads.surges import surge_rule, task_people
from revops.foundation import ledger
from revops.foundation.models import LedgerEntry
from revops.foundation.policy import can, check
from revops.portal.accounts.forms import DomainForm, InsideForm, SurgeRuleForm
from revops.portal.accounts.group import group_of
from revops.portal.accounts.listing import COLUMNS, AccountFilter, account_lines, numbers_of
from revops.portal.accounts.timeline import account_timeline
from revops.portal.accounts.visibility import account_or_404, accounts_for
from revops.portal.back_office import csv_response, needs, page_of, person_of, query_of
from revops.portal.lead_pages.filters import owner_choices
from revops.portal.lead_pages.listing import count_of
from revops.portal.lead_pages.timeline import KINDS
from revops.portal.lead_pages.visibility import leads_for

TIMELINE_KINDS = ("signal", "stage", "attempt", "answer", "outcome")


@needs("accounts.view")
@require_safe
def accounts(request: HttpRequest) -> HttpResponseBase:
    """All accounts one may see, the newest first."""
    user = person_of(request)
    filters = AccountFilter(request.GET, queryset=accounts_for(user).select_related("owner", "parent"), request=request)
    page = page_of(filters.qs, ("-pk",), request)
    numbers = numbers_of([row.pk for row in page.rows])
    context = {
        "filters": filters,
        "page": page,
        "rows": [(row, numbers[row.pk]) for row in page.rows],
        "owners": owner_choices(user)[1:],
        "states": filters.filters["state"].extra["choices"],
        "active": sum(1 for name in filters.filters if request.GET.get(name)),
        "surges": _tasks(request).filter(state=TaskState.OPEN).count(),
        "csv_url": f"{reverse('accounts-export')}?{query_of(request)}" if can(user, "leads.export") else "",
        "now": timezone.now(),
    }
    return render(request, "accounts/list.html", context)


@needs("accounts.view")
@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Exactly the accounts of the list, as CSV; written down in the ledger."""
    user, now = person_of(request), timezone.now()
    check(user, "leads.export")
    rows = AccountFilter(request.GET, queryset=accounts_for(user), request=request).qs.order_by("-pk")
    what = {"count": count_of(rows)[0], "filters": {key: request.GET[key] for key in request.GET if key != "q"}}
    entry = LedgerEntry(occurred_at=now, actor=user, action="accounts.exported", subject_kind="account", after=what)
    ledger.record([entry])
    return csv_response(f"accounts-{now:%Y-%m-%d-%H%M}", COLUMNS, account_lines(rows))


@needs("accounts.view")
@require_GET
def account(request: HttpRequest, account_id: str) -> HttpResponseBase:
    """One company: its people and their roles, what they did, what surges, and what goes on inside."""
    found = account_or_404(person_of(request), account_id)
    return account_page(request, found)


def account_page(request: HttpRequest, found: Account, *, status: int = 200, **forms: Any) -> HttpResponseBase:
    """The page of an account; a form that was not accepted is shown again as it was sent."""
    user, now = person_of(request), timezone.now()
    visible, kind = leads_for(user), request.GET.get("kind", "")
    timeline = account_timeline(found, visible, request.GET.get("before", ""), kind)
    group = group_of(found)
    tasks = list(AccountTask.objects.filter(account=found).select_related("owner", "closed_by").order_by("-opened_at"))
    dynamics = getattr(found, "dynamics", None)
    context = {
        "account": found,
        "numbers": numbers_of([found.pk])[found.pk],
        "group": group,
        "seen": set(visible.filter(account=found).values_list("pk", flat=True)),
        "timeline": timeline,
        "older_url": f"?{query_of(request, before=timeline.older)}#timeline" if timeline.older else "",
        "kinds": [{"label": _("All"), "url": "?#timeline", "current": not kind}]
        + [
            {"label": one.label, "url": f"?kind={one.code}#timeline", "current": one.code == kind}
            for one in KINDS
            if one.code in TIMELINE_KINDS
        ],
        "tasks": with_names(tasks[:5]),
        "children": Account.objects.standing().filter(parent=found).order_by("name")[:50],
        "aliases": found.aliases.order_by("domain", "name"),
        "merges": standing_merges(found),
        "dynamics": dynamics,
        "roles": BuyingRole.choices,
        "may_edit": can(user, "accounts.edit"),
        "inside_form": forms.get("inside_form") or InsideForm(instance=dynamics),
        "domain_form": forms.get("domain_form") or DomainForm(),
        "now": now,
    }
    return render(request, "accounts/account.html", context, status=status)


@needs("accounts.view")
@require_safe
def tasks(request: HttpRequest) -> HttpResponseBase:
    """Surges: accounts where several people became active at once."""
    user, state = person_of(request), request.GET.get("state", "open")
    rows = _tasks(request).select_related("account", "owner", "closed_by")
    rows = rows.filter(state=state) if state in TaskState.values else rows
    if request.GET.get("owner") == "me":
        rows = rows.filter(owner=user)
    elif request.GET.get("owner") == "nobody":
        rows = rows.filter(owner__isnull=True)
    page = page_of(rows, ("-opened_at", "-pk"), request)
    rule = surge_rule()
    context = {
        "page": page,
        "rows": with_names(page.rows),
        "states": [
            {"label": label, "url": f"?state={value}", "current": state == value} for value, label in TaskState.choices
        ],
        "owners": [("me", _("Me")), ("nobody", _("Nobody"))],
        "active": 1 if request.GET.get("owner") else 0,
        "state": state,
        "rule": rule,
        "form": SurgeRuleForm(instance=rule),
        "may_set": can(user, "accounts.surge"),
        "now": timezone.now(),
    }
    return render(request, "accounts/tasks.html", context)


def _tasks(request: HttpRequest) -> Any:
    return AccountTask.objects.filter(account__in=accounts_for(person_of(request)))


def with_names(tasks: Sequence[AccountTask]) -> list[tuple[AccountTask, list[str]]]:
    """Each task with the names of who was active. One query."""
    people = {person.pk: person.name for person in Person.objects.filter(pk__in=task_people(tasks))}
    return [(task, [people[pk] for pk in task.people if pk in people]) for task in tasks]
