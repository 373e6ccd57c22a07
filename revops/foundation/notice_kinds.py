"""What people can be told of: one table that is the settings page, the defaults of each role and the delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from revops.foundation.models import Cadence, Channel, Role

_REPS = frozenset({Role.REP, Role.SALES_MANAGER})
_HEADS = frozenset({Role.SALES_MANAGER, Role.MARKETING_MANAGER})
_BOTH_SIDES = frozenset({Role.REP, Role.MARKETER, *_HEADS})
_ALL = frozenset({*_BOTH_SIDES, Role.ADMIN, Role.EXECUTIVE})

_NOW, _HOURLY, _DAILY, _OFF = Cadence.INSTANT, Cadence.HOURLY, Cadence.DAILY, Cadence.OFF


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One kind of event. `email` and `chat` are its defaults beside the portal, `sample` what it looks like.

    What `is_locked` is always told in the portal at once: nobody can turn it off, whatever their settings say.
    """

    code: str
    label: str | Promise
    sentence: str | Promise
    sample: str | Promise
    roles: frozenset[str] = _ALL
    in_app: Cadence = _NOW
    email: Cadence = _OFF
    chat: Cadence = _NOW
    is_locked: bool = False
    by_role: Mapping[str, Mapping[str, Cadence]] = field(default_factory=dict)


KINDS: tuple[NoticeKind, ...] = (
    NoticeKind(
        "lead.assigned", _("A new lead is yours"), _("Routing or a colleague gave you a lead."),
        _("A new lead waits for you: Acme Works. Answer until 15:40."), _REPS,
    ),
    NoticeKind(
        "sla.reminder", _("A promise of yours runs out"), _("Half of the time is used up, and you did not act yet."),
        _("Acme Works waits for your first attempt until 15:40."), _BOTH_SIDES,
    ),
    NoticeKind(
        "sla.breached", _("A promise near you is broken"),
        _("Yours, that of somebody you stand in for, or of your team."),
        _("Nobody tried to reach Acme Works in time. You stand in for Ben."), _ALL, email=_HOURLY,
    ),
    NoticeKind(
        "sla.escalated", _("A broken promise needs you"),
        _("The last rung before others may take the lead. It always reaches you in the portal."),
        _("Acme Works has waited for 6 hours. Decide who takes it."), frozenset({*_HEADS, Role.ADMIN}), email=_NOW,
        is_locked=True,
    ),
    NoticeKind(
        "lead.offered", _("A lead is offered to others"), _("Nobody answered it in time, so others may take it."),
        _("Acme Works is offered to others now. You can still answer first."), _REPS, email=_DAILY,
    ),
    NoticeKind(
        "lead.unrouted", _("A lead has nobody"), _("Routing found nobody who could take it."),
        _("Nobody could take Acme Works: 2 absent, 1 another territory."), frozenset({*_HEADS, Role.ADMIN}),
        email=_HOURLY,
    ),
    NoticeKind(
        "contest.opened", _("You are asked to judge"), _("The other team contests something, and you decide."),
        _("Sales contests a breach about Acme Works. Decide until Tuesday 11:00."), _ALL, email=_NOW,
    ),
    NoticeKind(
        "contest.decided", _("A contest is decided"), _("One that you raised, or that is about your work."),
        _("Upheld: the breach about Acme Works no longer counts."), _BOTH_SIDES, email=_DAILY,
    ),
)  # fmt: skip
"""Kinds that are not in this table are told in the portal, at once."""

BY_CODE = {kind.code: kind for kind in KINDS}


def kinds_for(role: str) -> list[NoticeKind]:
    """What somebody of a role can be told of."""
    return [kind for kind in KINDS if role in kind.roles]


def default_cadence(code: str, channel: str, role: str) -> Cadence:
    """How somebody of a role is told of a kind if they never said otherwise."""
    kind = BY_CODE.get(code)
    if kind is None:
        return _NOW if channel == Channel.IN_APP else _OFF
    usual = {Channel.IN_APP.value: kind.in_app, Channel.EMAIL.value: kind.email, Channel.CHAT.value: kind.chat}
    return kind.by_role.get(role, {}).get(channel, usual[channel])


def cadence_of(code: str, channel: str, role: str, chosen: Mapping[tuple[str, str], str]) -> Cadence:
    """How somebody is told: as they chose, else as their role usually is. What is locked is never off the portal."""
    kind = BY_CODE.get(code)
    if kind is not None and kind.is_locked and channel == Channel.IN_APP:
        return _NOW
    own = chosen.get((code, channel))
    return Cadence(own) if own else default_cadence(code, channel, role)
