"""What people can be told of: one table that is the settings page, the defaults of each role and the delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from revops.foundation.models import Cadence, Channel, Role

_REPS = frozenset({Role.REP, Role.SALES_MANAGER})
_HEADS = frozenset({Role.SALES_MANAGER, Role.MARKETING_MANAGER})
_BOTH_SIDES = frozenset({Role.REP, Role.MARKETER, *_HEADS})
_ALL = frozenset({*_BOTH_SIDES, Role.ADMIN, Role.EXECUTIVE})

_MARKETING = frozenset({Role.MARKETER, Role.MARKETING_MANAGER})

_NOW, _HOURLY, _DAILY, _OFF = Cadence.INSTANT, Cadence.HOURLY, Cadence.DAILY, Cadence.OFF


class Group(StrEnum):
    """Where a kind stands on the settings page, in this order."""

    LEADS = "leads"
    PROMISES = "promises"
    CONTESTS = "contests"
    AGREEMENT = "agreement"
    RULES = "rules"
    INTAKE = "intake"


GROUP_LABELS: dict[Group, str | Promise] = {
    Group.LEADS: _("Your leads"),
    Group.PROMISES: _("Promises that run out"),
    Group.CONTESTS: _("Contests and answers"),
    Group.AGREEMENT: _("The agreement"),
    Group.RULES: _("Rules and talk tracks"),
    Group.INTAKE: _("What comes in"),
}


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
    group: Group = Group.LEADS
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
        "lead.replied", _("Somebody wrote back"), _("A mail of a person whose lead is yours came to the mailbox."),
        _("Acme Works wrote back."), _REPS, email=_NOW,
    ),
    NoticeKind(
        "lead.offered", _("A lead is offered to others"), _("Nobody answered it in time, so others may take it."),
        _("Acme Works is offered to others now. You can still answer first."), _REPS, email=_DAILY,
    ),
    NoticeKind(
        "account.surge", _("An account surges"), _("Several people of a company of yours became active at once."),
        _("Acme Works is surging: 3 people, 6 strong acts. Topics: pricing, integration."), _REPS, email=_DAILY,
    ),
    NoticeKind(
        "lead.unrouted", _("A lead has nobody"), _("Routing found nobody who could take it."),
        _("Nobody could take Acme Works: 2 absent, 1 in another territory."), frozenset({*_HEADS, Role.ADMIN}),
        email=_HOURLY,
    ),
    NoticeKind(
        "lead.merged_away", _("A lead of yours was merged"), _("It is the same person as another lead."),
        _("A lead of yours was merged into another one. Nothing is late because of it."), _REPS,
    ),
    NoticeKind(
        "sla.reminder", _("A promise of yours runs out"), _("Half of the time is used up, and you did not act yet."),
        _("Acme Works waits for your first attempt until 15:40."), _BOTH_SIDES, Group.PROMISES,
    ),
    NoticeKind(
        "sla.breached", _("A promise near you is broken"),
        _("Yours, that of somebody you stand in for, or of your team."),
        _("Nobody tried to reach Acme Works in time. You stand in for Ben."), _ALL, Group.PROMISES, email=_HOURLY,
    ),
    NoticeKind(
        "sla.escalated", _("A broken promise needs you"),
        _("The last rung before others may take the lead. It always reaches you in the portal."),
        _("Acme Works has waited for 6 hours. Decide who takes it."), frozenset({*_HEADS, Role.ADMIN}),
        Group.PROMISES, email=_NOW, is_locked=True,
    ),
    NoticeKind(
        "contest.opened", _("You are asked to judge"), _("The other team contests something, and you decide."),
        _("Sales contests a breach about Acme Works. Decide until Tuesday 11:00."), _ALL, Group.CONTESTS, email=_NOW,
    ),
    NoticeKind(
        "contest.decided", _("A contest is decided"), _("One that you raised, or that is about your work."),
        _("Upheld: the breach about Acme Works no longer counts."), _BOTH_SIDES, Group.CONTESTS, email=_DAILY,
    ),
    NoticeKind(
        "criteria_gap.answered", _("A gap you found is answered"),
        _("You rejected a lead for something our criteria do not name, and marketing says what becomes of it."),
        _("Becomes a rule: agencies are left out from June."), _REPS, Group.CONTESTS, email=_DAILY,
    ),
    NoticeKind(
        "agreement.to_sign", _("An agreement waits for your signature"),
        _("A draft is written or changed, and your side has not signed it."),
        _("Agreement v4 waits for your signature."), _HEADS, Group.AGREEMENT, email=_NOW,
    ),
    NoticeKind(
        "agreement.remark", _("Somebody speaks about a draft"), _("Words about an agreement that is not signed yet."),
        _("Mara Lind said something about agreement v4."), _HEADS, Group.AGREEMENT, email=_DAILY,
    ),
    NoticeKind(
        "agreement.declined", _("A draft is declined"), _("The other head does not sign it as it is, and says why."),
        _("Sam Field declined agreement v4."), _HEADS, Group.AGREEMENT, email=_NOW,
    ),
    NoticeKind(
        "agreement.in_effect", _("An agreement takes effect"), _("From now on its clauses count."),
        _("Agreement v4 is in effect from now on."), _HEADS, Group.AGREEMENT, email=_NOW,
    ),
    NoticeKind(
        "agreement.review", _("An agreement is due for a look"), _("Two weeks before the day both heads agreed on."),
        _("Agreement v3 is to be looked at again by 30 June."), _HEADS, Group.AGREEMENT, email=_NOW,
    ),
    NoticeKind(
        "rulebook.review_requested", _("A version of the rules waits for your signature"),
        _("Its author asked for the review, and your side has not signed it."),
        _("Version 7 of the rules waits for your signature: agencies count less."), _HEADS, Group.RULES, email=_NOW,
    ),
    NoticeKind(
        "rulebook.declined", _("A version of yours is declined"), _("One side does not sign it, and says why."),
        _("Sam Field declined version 7 of the rules: too many students."),
        frozenset({*_HEADS, Role.MARKETER, Role.ADMIN}), Group.RULES, email=_NOW,
    ),
    NoticeKind(
        "rulebook.published", _("Rules you worked on are live"), _("A version you wrote or signed decides now."),
        _("Version 7 of the rules is live."), frozenset({*_HEADS, Role.MARKETER, Role.ADMIN}), Group.RULES,
        email=_DAILY,
    ),
    NoticeKind(
        "rulebook.unscheduled", _("Rules could not go live on their day"), _("Something changed since the signatures."),
        _("Version 7 of the rules was not published: another one went live before it."),
        frozenset({*_HEADS, Role.MARKETER, Role.ADMIN}), Group.RULES, email=_NOW,
    ),
    NoticeKind(
        "rulebook.effect", _("What rules you worked on changed"), _("Two and six weeks after they went live."),
        _("Version 7, two weeks on: acceptance 41 % before, 47 % since."),
        frozenset({*_HEADS, Role.MARKETER, Role.ADMIN}), Group.RULES, email=_DAILY,
    ),
    NoticeKind(
        "rulebook.review_overdue", _("The rules should have been reviewed"),
        _("Once a week from the day after, until somebody reviews them."),
        _("The rules should have been reviewed by 30 June. Until they are, only an emergency is published."),
        _HEADS, Group.RULES, email=_NOW,
    ),
    NoticeKind(
        "talk_track.expired", _("A talk track of yours expired"), _("It is no longer shown until you date it anew."),
        _("Your talk track “Routing for agencies” has expired and is no longer shown."),
        frozenset({*_MARKETING, Role.SALES_MANAGER}), Group.RULES, email=_DAILY,
    ),
    NoticeKind(
        "batch.held", _("A batch of a source of yours is held"), _("Too many of its rows are bad; they wait."),
        _("A batch from “Trade fair” waits in quarantine: 31 of its 90 rows are bad."),
        frozenset({*_MARKETING, Role.ADMIN}), Group.INTAKE, email=_NOW,
    ),
    NoticeKind(
        "person.asks_again", _("Somebody who must not be contacted asks"),
        _("They withdrew their consent, and asked for something all the same. The portal does not answer them."),
        _("Ada Lovelace must not be contacted, and asked for something."), frozenset({*_MARKETING, Role.ADMIN}),
        Group.INTAKE, email=_NOW,
    ),
    NoticeKind(
        "import.held", _("A list of yours is held"), _("Over a fifth of it is bad, so nothing was let in."),
        _("fair.csv is held: 412 of its 1,000 sampled rows are bad."), frozenset({*_MARKETING, Role.ADMIN}),
        Group.INTAKE, email=_NOW,
    ),
    NoticeKind(
        "import.released", _("A held list is let in"), _("Somebody looked at it and said why."),
        _("Mara Lind let fair.csv in: “checked by hand”."), frozenset({*_MARKETING, Role.ADMIN}), Group.INTAKE,
    ),
    NoticeKind(
        "import.expired", _("An import was never started"), _("A system opened it and sent no file."),
        _("The import of crm.csv was never started."), frozenset({*_MARKETING, Role.ADMIN}), Group.INTAKE,
    ),
)  # fmt: skip
"""What the portal tells people, in the order of the settings page. A test holds all that is sent to this table; a kind
that is not in it would be told in the portal, at once."""

BY_CODE = {kind.code: kind for kind in KINDS}


def kinds_for(role: str) -> list[NoticeKind]:
    """What somebody of a role can be told of, by group."""
    order = list(Group)
    return sorted((kind for kind in KINDS if role in kind.roles), key=lambda kind: order.index(kind.group))


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
