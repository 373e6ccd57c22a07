"""Changing an account: its facts, domains, roles, what goes on inside; closing a surge and setting its rule."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leads.account_changes import change_account, describe_inside, name_role
from leads.buying_group import BuyingRole
from leads.merging.accounts import add_domain
from leads.merging.people import MergeRefused
from leads.models import AccountTask, Person, TaskState
from leads.surges import close_task, set_surge_rule
from revops.portal.accounts.forms import AccountForm, DomainForm, InsideForm, SurgeRuleForm
from revops.portal.accounts.views import account_page
from revops.portal.accounts.visibility import account_or_404, accounts_for
from revops.portal.back_office import needs, note, person_of, row_or_404, status_of
from scoring.accounts import mark_accounts


@needs("accounts.edit")
def edit(request: HttpRequest, account_id: str) -> HttpResponseBase:
    """The facts of an account."""
    user, now = person_of(request), timezone.now()
    found = account_or_404(user, account_id)
    initial = {
        "name": found.name, "domain": found.domain, "industry": found.industry, "employees": found.employees,
        "country": found.country, "owner": found.owner_id, "territory": found.territory,
        "parent": (found.parent.domain or found.parent.public_id) if found.parent else "",
    }  # fmt: skip
    form = AccountForm(request.POST or None, user=user, account=found, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = dict(form.cleaned_data)
        owner = said.pop("owner")
        facts = {**said, "owner_id": owner.pk if owner else None}
        try:
            with transaction.atomic():
                changed = change_account(found, facts, now=now)
                if changed:
                    mark_accounts(list(found.leads.values_list("pk", flat=True)[:1]))
                    note(user, "account.changed", found, now, after={"changed": changed})
        except MergeRefused as refused:
            form.add_error("parent" if "own" in str(refused) else "domain", str(refused))
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing was different."))
            return redirect("account", found.public_id)
    return render(request, "accounts/edit.html", {"form": form, "account": found}, status=status_of(form))


@needs("accounts.edit")
@require_POST
def inside(request: HttpRequest, account_id: str) -> HttpResponseBase:
    """What goes on inside the company."""
    user, now = person_of(request), timezone.now()
    found = account_or_404(user, account_id)
    form = InsideForm(request.POST, instance=None)
    if not form.is_valid():
        return account_page(request, found, status=422, inside_form=form)
    said = form.cleaned_data
    with transaction.atomic():
        describe_inside(
            found, must_agree=said["must_agree"], blocker=said["blocker"], next_on=said["next_on"],
            next_what=said["next_what"], by=user, now=now,
        )  # fmt: skip
        note(user, "account.inside_described", found, now)
    messages.success(request, _("Saved. It stands on the card of every lead of this company."))
    return redirect(f"{reverse('account', args=[found.public_id])}#inside")


@needs("accounts.edit")
@require_POST
def roles(request: HttpRequest, account_id: str) -> HttpResponseBase:
    """The parts that people have in the decision; people whose select was not changed are left alone."""
    user, now = person_of(request), timezone.now()
    found = account_or_404(user, account_id)
    changed = 0
    with transaction.atomic():
        for person in Person.objects.filter(account=found, merged_into__isnull=True).order_by("pk").select_for_update():
            role = request.POST.get(f"role_{person.public_id}")
            if role is None or (role and role not in BuyingRole.values) or role == person.purchasing_role:
                continue
            if not role and request.POST.get(f"was_{person.public_id}") == "":
                continue
            changed += name_role(person, role, now=now)
            note(user, "person.role_named", person, now, after={"role": role})
        if changed:
            mark_accounts(list(found.leads.values_list("pk", flat=True)[:1]))
    words = _("%(n)s roles saved.") if changed != 1 else _("%(n)s role saved.")
    messages.success(request, words % {"n": changed})
    return redirect(f"{reverse('account', args=[found.public_id])}#group")


@needs("accounts.edit")
@require_POST
def add_another_domain(request: HttpRequest, account_id: str) -> HttpResponseBase:
    """A further domain: whoever writes from it belongs to this account."""
    user, now = person_of(request), timezone.now()
    found = account_or_404(user, account_id)
    form = DomainForm(request.POST)
    if form.is_valid():
        domain = form.cleaned_data["domain"]
        try:
            with transaction.atomic():
                done = add_domain(found, domain, user, now=now)
                note(user, "account.domain_added", found, now, after={"domain": domain}, cause=done.public_id)
        except MergeRefused as refused:
            form.add_error("domain", str(refused))
        else:
            messages.success(request, _("Whoever writes from %(domain)s belongs here now.") % {"domain": domain})
            return redirect(f"{reverse('account', args=[found.public_id])}#facts")
    return account_page(request, found, status=422, domain_form=form)


@needs("accounts.edit")
@require_POST
def close(request: HttpRequest, task_id: str) -> HttpResponseBase:
    """A surge is done, or dismissed with a reason."""
    user, now = person_of(request), timezone.now()
    task = row_or_404(AccountTask.objects.filter(account__in=accounts_for(user)), "task", task_id)
    words = request.POST.get("note", "").strip()
    state = TaskState.DISMISSED if request.POST.get("how") == "dismiss" else TaskState.DONE
    if state == TaskState.DISMISSED and not words:
        messages.error(request, _("Say why it is no surge: the rule is tuned by that."))
    elif close_task(task, state, words, user, now=now):
        note(user, f"account_task.{state}", task, now)
        messages.success(request, _("Closed."))
    else:
        messages.error(request, _("Somebody was quicker: it is closed already."))
    return redirect((request.POST.get("from") == "account" and reverse("account", args=[task.account.public_id]))
                    or reverse("account-tasks"))  # fmt: skip


@needs("accounts.surge")
@require_POST
def rule(request: HttpRequest) -> HttpResponseBase:
    """When several active people make a surge."""
    user, now = person_of(request), timezone.now()
    form = SurgeRuleForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        with transaction.atomic():
            row = set_surge_rule(said["people"], said["signals"], said["days"], user, now=now)
            after = {name: said[name] for name in ("people", "signals", "days")}
            note(user, "surge_rule.set", row, now, after=after)
        messages.success(request, _("From now on that makes a surge."))
    else:
        messages.error(request, _("At least 2 people, 2 acts and 1 day; at most 50 people, 500 acts and 90 days."))
    return redirect("account-tasks")
