"""What a step of the ladder says to whom: one message per person, about each lead only the highest rung."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.models import Lead
from revops.foundation.ids import encode
from revops.foundation.models import OutboxMessage, User
from revops.foundation.pages.words import duration_words
from sla.escalation import StepTaken
from sla.ladder import Action

MOST_NAMED = 10
"""So many leads one message names; the rest it counts."""


@dataclass(frozen=True, slots=True)
class _Told:
    """One step as one person hears it."""

    step: StepTaken
    kind: str
    text: str


def messages_of(steps: Sequence[StepTaken], now: datetime) -> list[OutboxMessage]:
    """The messages of the steps taken in one sweep. Two queries."""
    leads = {
        lead.pk: lead.account.name if lead.account else lead.person.name
        for lead in Lead.objects.filter(pk__in={one.row.lead_id for one in steps}).select_related("account", "person")
    }
    ids = {pk for one in steps for pk in (one.row.receiver_id, one.promise.owner_id, *one.row.copies) if pk}
    people = {user.pk: user for user in User.objects.filter(pk__in=ids)}
    heard: dict[UUID, dict[UUID, _Told]] = defaultdict(dict)
    for step in sorted(steps, key=lambda one: one.row.after):
        for user_id in filter(None, (step.row.receiver_id, *step.row.copies)):
            if user_id in people:
                told = _told(step, people[user_id], leads[step.row.lead_id], people)
                heard[user_id][step.row.lead_id] = told
    return [message for user_id, told in heard.items() for message in _messages(user_id, list(told.values()), now)]


def _messages(user_id: UUID, told: list[_Told], now: datetime) -> list[OutboxMessage]:
    """One message per kind: about one lead with the link to it, about several as a list with the link to the board."""
    by_kind: dict[str, list[_Told]] = defaultdict(list)
    for one in told:
        by_kind[one.kind].append(one)
    messages = []
    for kind, own in by_kind.items():
        first = own[0].step
        if len(own) == 1:
            text, url = own[0].text, f"/leads/{encode('lead', first.row.lead_id)}/#promises"
        else:
            text, url = _list(own), "/sla/"
        messages.append(
            OutboxMessage(
                kind=kind, subject_kind="lead", subject_id=first.row.lead_id if len(own) == 1 else None,
                channel="in_app", recipient=str(user_id), payload={"text": text, "url": url}, created_at=now,
                available_at=max(now, *(one.step.row.tell_at for one in own)),
            )
        )  # fmt: skip
    return messages


def _list(told: list[_Told]) -> str:
    head = ngettext("%(n)s lead needs you:", "%(n)s leads need you:", len(told)) % {"n": len(told)}
    lines = [f"• {one.text}" for one in told[:MOST_NAMED]]
    if len(told) > MOST_NAMED:
        lines.append(_("… and %(n)s more.") % {"n": len(told) - MOST_NAMED})
    return "\n".join([head, *lines])


def _told(step: StepTaken, user: User, lead: str, people: dict[UUID, User]) -> _Told:
    row, promise = step.row, step.promise
    is_receiver = user.pk == row.receiver_id
    owner = people.get(promise.owner_id) if promise.owner_id else None
    values = {
        "lead": lead,
        "clause": promise.clause_text,
        "due": date_format(promise.due_at.astimezone(ZoneInfo(user.timezone)), "D j M, H:i"),
        "owner": owner.name if owner else _("nobody"),
        "receiver": people[row.receiver_id].name if row.receiver_id in people else _("nobody"),
    }
    kind, words = _words(Action(row.action), is_receiver=is_receiver, is_owner=user.pk == promise.owner_id)
    text = words % values
    if row.reason:
        text = f"{text} {row.reason}."
    if step.late_by is not None:
        text += " " + _("This warning is %(span)s late: the worker was down.") % {"span": duration_words(step.late_by)}
    return _Told(step, kind, text)


def _words(action: Action, *, is_receiver: bool, is_owner: bool) -> tuple[str, str]:
    """The kind of notice and its sentence, by what happened and who hears it."""
    if action is Action.REMIND:
        if is_owner:
            return "sla.reminder", _("%(lead)s waits for you until %(due)s: %(clause)s.")
        return "sla.reminder", _("%(lead)s waits until %(due)s, and %(owner)s is away: %(clause)s.")
    if action is Action.BACKUP:
        if is_owner:
            return "sla.breached", _("%(lead)s is late, due %(due)s: %(clause)s. %(receiver)s was told, too.")
        if is_receiver:
            return "sla.breached", _("%(lead)s of %(owner)s is late, due %(due)s: %(clause)s. You stand in.")
        return "sla.breached", _("%(lead)s of %(owner)s is late, due %(due)s: %(clause)s. %(receiver)s stands in.")
    if action is Action.MANAGER:
        return "sla.escalated", _("%(lead)s of %(owner)s still waits, due %(due)s: %(clause)s. Decide who takes it.")
    if is_owner:
        return "lead.offered", _("%(lead)s is offered to others now, due %(due)s. You can still answer first.")
    return "sla.escalated", _("%(lead)s of %(owner)s is offered to others now, due %(due)s.")
