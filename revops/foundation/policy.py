"""Who may do what: one table that is the documentation, the enforcement and the source of the generated tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from revops.foundation.models import Role, User

Principal: TypeAlias = User | AnonymousUser | None

Visibility: TypeAlias = Literal["none", "own", "team", "all"]


@dataclass(frozen=True)
class Permission:
    """One thing somebody may be allowed to do.

    `scope` is what an API key needs besides an owner whose role is listed; None: people only, no key can do this.
    """

    name: str
    sentence: str | Promise
    roles: frozenset[str]
    scope: str | None = None


_REP, _MARKETER = Role.REP, Role.MARKETER
_SALES_MANAGER, _MARKETING_MANAGER = Role.SALES_MANAGER, Role.MARKETING_MANAGER
_ADMIN, _EXECUTIVE, _MACHINE = Role.ADMIN, Role.EXECUTIVE, Role.INTEGRATION

_MANAGERS = (_SALES_MANAGER, _MARKETING_MANAGER)
_MARKETING = (_MARKETER, _MARKETING_MANAGER)
_SALES = (_REP, _SALES_MANAGER)
_PEOPLE = (*_SALES, *_MARKETING, _ADMIN, _EXECUTIVE)
_EVERYBODY = (*_PEOPLE, _MACHINE)


def _table(*rows: tuple[str, str | Promise, tuple[str, ...], str | None]) -> dict[str, Permission]:
    return {name: Permission(name, sentence, frozenset(roles), scope) for name, sentence, roles, scope in rows}


PERMISSIONS: dict[str, Permission] = _table(
    ("leads.view", _("See leads"), _EVERYBODY, "leads:read"),
    ("leads.work", _("Log attempts on leads and snooze them"), (*_SALES, _MACHINE), "leads:write"),
    ("leads.decide", _("Accept and reject leads"), (*_SALES, _MACHINE), "leads:decide"),
    ("leads.edit", _("Correct the facts of a lead"), (*_SALES, *_MARKETING, _ADMIN, _MACHINE), "leads:write"),
    ("leads.export", _("Export leads"), (*_MANAGERS, _MARKETER, _ADMIN, _EXECUTIVE, _MACHINE), "exports:read"),
    ("accounts.view", _("See accounts, their people and what surges"), _EVERYBODY, "leads:read"),
    ("accounts.edit", _("Change accounts, roles in a decision, and what goes on inside"),
     (*_SALES, *_MARKETING, _ADMIN, _MACHINE), "leads:write"),
    ("accounts.surge", _("Say when several active people make a surge"), (*_MANAGERS, _ADMIN), None),
    ("merges.view", _("See who may be the same"), (*_MANAGERS, _MARKETER, _ADMIN, _EXECUTIVE, _MACHINE), "leads:read"),
    ("merges.decide", _("Merge people and accounts, and take merges back"), (*_MANAGERS, _MARKETER, _ADMIN), None),
    ("people.pii", _("See names and addresses of persons"), _EVERYBODY, "people:pii"),
    ("submissions.send", _("Send submissions"), (*_MARKETING, _SALES_MANAGER, _ADMIN, _MACHINE), "leads:write"),
    ("submissions.view", _("See submissions"), (*_MANAGERS, _MARKETER, _ADMIN, _EXECUTIVE, _MACHINE), "leads:read"),
    ("submissions.release", _("Release submissions from quarantine"), (*_MARKETING, _ADMIN, _MACHINE), "leads:write"),
    ("signals.send", _("Send signals"), (*_MARKETING, _ADMIN, _MACHINE), "signals:write"),
    ("signals.confirm", _("Say that a kind of signal is proven, or no longer"), (_SALES_MANAGER,), None),
    ("outcomes.record", _("Record meetings, deals and losses"), (*_SALES, _ADMIN, _MACHINE), "outcomes:write"),
    ("imports.run", _("Import files and undo imports"), (*_MARKETING, _ADMIN, _MACHINE), "imports:write"),
    ("imports.release", _("Let in a list that was held for its bad rows"), (_MARKETING_MANAGER, _ADMIN), None),
    ("lists.vet", _("Vet lists without importing them"), (*_MANAGERS, _MARKETER, _ADMIN, _MACHINE), "imports:write"),
    ("gate.view", _("See and try the hygiene rules"), (*_MANAGERS, _MARKETER, _ADMIN, _MACHINE), "leads:read"),
    ("gate.change", _("Change the hygiene rules"), (_MARKETING_MANAGER, _ADMIN), None),
    ("gate.bounces", _("Report addresses that bounce"), (*_MARKETING, _ADMIN, _MACHINE), "leads:write"),
    ("sources.view", _("See sources and campaigns"), _EVERYBODY, "leads:read"),
    ("sources.manage", _("Register, change and stop sources"), (_MARKETING_MANAGER, _ADMIN, _MACHINE), "sources:write"),
    ("campaigns.manage", _("Describe campaigns and assets, state what was spent"), (*_MARKETING, _ADMIN, _MACHINE),
     "campaigns:write"),
    ("forms.manage", _("Create, change and publish lead forms"), (*_MARKETING, _ADMIN, _MACHINE), "forms:manage"),
    ("hooks.manage", _("Register senders of webhooks, map what they post"), (*_MARKETING, _ADMIN, _MACHINE),
     "hooks:manage"),
    ("consents.view", _("See who consented to what"), (*_SALES, *_MARKETING, _ADMIN, _EXECUTIVE, _MACHINE),
     "leads:read"),
    ("consents.record", _("Write down and withdraw consents"), (*_SALES, *_MARKETING, _ADMIN, _MACHINE),
     "leads:write"),
    ("rules.view", _("Read the rulebook"), _EVERYBODY, "rules:read"),
    ("rules.propose", _("Propose rule changes"), (*_MANAGERS, _MARKETER, _ADMIN, _MACHINE), "rules:propose"),
    ("rules.publish", _("Sign a rulebook so that it is published"), _MANAGERS, None),
    ("reasons.manage", _("Change reasons and nurture tracks"), (*_MANAGERS, _ADMIN, _MACHINE), "reasons:write"),
    ("talk_tracks.manage", _("Write talk tracks"), (*_MARKETING, _SALES_MANAGER, _ADMIN), None),
    ("sla.view", _("See agreements, clocks and breaches"), _EVERYBODY, "sla:read"),
    ("sla.manage", _("Draft agreements, change calendars, routing and everybody's absences"),
     (*_MANAGERS, _ADMIN, _MACHINE), "sla:write"),
    ("absences.plan", _("Plan one's own absences"), _EVERYBODY, "sla:write"),
    ("sla.sign", _("Sign an agreement"), _MANAGERS, None),
    ("review.view", _("Read the weekly review and metrics"), _EVERYBODY, "reviews:read"),
    ("review.decide", _("Record decisions in the weekly review"), (*_MANAGERS, _ADMIN, _EXECUTIVE), None),
    ("contests.view", _("See contests"), _EVERYBODY, "sla:read"),
    ("contests.open", _("Contest scores, routes, breaches and rejections"), (*_SALES, *_MARKETING, _MACHINE),
     "leads:write"),
    ("contests.judge", _("Decide what the other team contests"), (*_MANAGERS, _MARKETER, _ADMIN), None),
    ("promises.keep", _("Answer findings, nurture silent leads, share performance"),
     (*_MARKETING, _ADMIN, _MACHINE), "leads:write"),
    ("overrides.view", _("See the exceptions from rules"), (*_MANAGERS, _ADMIN, _EXECUTIVE, _MACHINE), "rules:read"),
    ("overrides.grant", _("Grant an exception from a rule"), (_ADMIN, _EXECUTIVE), None),
    ("people.view", _("See people, teams, roles and who is away"), (*_MANAGERS, _ADMIN, _EXECUTIVE), None),
    ("people.manage", _("Manage people, teams and roles"), (_ADMIN,), None),
    ("api_keys.manage", _("Create, rotate and revoke API keys"), (_ADMIN,), None),
    ("webhooks.manage", _("Manage webhook endpoints"), (_ADMIN, _MACHINE), "webhooks:manage"),
    ("audit.view", _("Read the audit ledger"), (*_MANAGERS, _ADMIN, _EXECUTIVE, _MACHINE), "audit:read"),
    ("privacy.manage", _("Export and erase personal data"), (_ADMIN, _MACHINE), "privacy:manage"),
    ("outbox.replay", _("Send undelivered messages again"), (_ADMIN,), None),
    ("health.view", _("See how the portal itself is doing"), (_ADMIN, _EXECUTIVE, *_MANAGERS), None),
)  # fmt: skip

SCOPES: tuple[str, ...] = tuple(sorted({row.scope for row in PERMISSIONS.values() if row.scope}))

_LEAD_VISIBILITY: dict[str, Visibility] = {
    Role.REP: "own",
    Role.SALES_MANAGER: "all",
    Role.MARKETER: "all",
    Role.MARKETING_MANAGER: "all",
    Role.ADMIN: "all",
    Role.EXECUTIVE: "all",
    Role.INTEGRATION: "all",
}
_VISIBILITY: dict[str, dict[str, Visibility]] = {"lead": _LEAD_VISIBILITY, "account": _LEAD_VISIBILITY}


def can(user: Principal, permission: str) -> bool:
    """Whether the role of `user` allows `permission`. Never for nobody, nor for somebody deactivated."""
    allowed = PERMISSIONS[permission].roles
    return isinstance(user, User) and user.is_active and user.role in allowed


def check(user: Principal, permission: str) -> None:
    """Raises PermissionDenied, in words that may be shown, unless `user` has `permission`."""
    if not can(user, permission):
        raise PermissionDenied(refusal(permission))


def refusal(permission: str) -> str:
    """Why somebody without `permission` is stopped, and who could help."""
    row = PERMISSIONS[permission]
    titles = [str(role.label) for role in Role if role in row.roles and role != Role.INTEGRATION]
    return str(
        format_lazy(
            _("Your role does not allow this: {sentence}. It takes one of these roles: {roles}."),
            sentence=row.sentence,
            roles=", ".join(titles),
        )
    )


def visibility(user: Principal, kind: str) -> Visibility:
    """Which objects of `kind` the user may know of.

    For a lead “own” means: those they own, and those handed to their team that nobody owns yet; for an account:
    those they own, and those with a lead they may see. “none” is for nobody and for the deactivated. What somebody may
    not see is answered like what does not exist.
    """
    if not (isinstance(user, User) and user.is_active):
        return "none"
    return _VISIBILITY[kind].get(user.role, "none")
