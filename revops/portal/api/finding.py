"""Finds the lead that somebody else's system means: by our id, by e-mail, or by its own id at a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from rest_framework.request import Request

from leads.lifecycle import CLOSED_STAGES
from leads.models import Lead, Person, PersonIdentity
from revops.foundation.api.problems import FieldError
from revops.foundation.ids import decode
from revops.portal.api.shapes import problem_at
from revops.portal.api.who import visible_leads


@dataclass(frozen=True, slots=True)
class Named:
    """What the sender calls a lead; exactly one of the three is needed. `system` is the key of a source."""

    lead_id: str = ""
    email: str = ""
    system: str = ""
    external_id: str = ""
    pointer: str = ""

    @property
    def given(self) -> list[str]:
        return [name for name in ("lead_id", "email", "external_id") if getattr(self, name)]


@dataclass(frozen=True, slots=True)
class Found:
    """A lead and its person, or the error in words."""

    lead_id: UUID | None = None
    person_id: UUID | None = None
    error: FieldError | None = None


def find_leads(request: Request, named: Sequence[Named]) -> list[Found]:
    """The lead behind each name: of several leads of a person the open one, else the newest. Five queries at most.

    Leads that the request may not see are not found, and those whose person was erased are not, either.
    """
    by_id, errors = _read_ids(named)
    emails = {name.email.strip().lower() for name in named if name.given == ["email"]}
    outside = {(name.system, name.external_id) for name in named if name.given == ["external_id"]}
    people: dict[tuple[str, str], UUID] = {}
    person_id: UUID | None
    lead_id: UUID | None
    if outside:
        rows = PersonIdentity.objects.filter(
            system__in={system for system, _ in outside}, value__in={value for _, value in outside}
        )
        owners = rows.values_list("system", "value", Coalesce("person__merged_into", "person"))
        people = {(system, value): person for system, value, person in owners}
    leads = visible_leads(request)
    by_id = {number: goes_on.get(pk, pk) for number, pk in by_id.items()} if (goes_on := _merged(by_id)) else by_id
    kept = leads.filter(pk__in=by_id.values(), person__erased_at__isnull=True) if by_id else None
    by_lead = dict(kept.values_list("pk", "person_id")) if kept is not None else {}
    by_person: dict[UUID, UUID] = {}
    by_email: dict[str, UUID] = {}
    if people or emails:
        also = dict(
            Person.objects.filter(email__in=emails, merged_into__isnull=False).values_list("email", "merged_into")
        )
        meant = Q(person__email__in=emails) | Q(person__in=also.values())
        known = leads.filter(meant if emails else Q(person__in=people.values()))
        if people and emails:
            known = known | leads.filter(person__in=people.values())
        newest_last = sorted(
            known.values_list("stage", "received_at", "pk", "person_id", "person__email"),
            key=lambda row: (row[0] not in CLOSED_STAGES, row[1], row[2]),
        )
        for _stage, _at, pk, person, email in newest_last:
            by_person[person] = pk
            if email:
                by_email[email.lower()] = person
        by_email |= {str(email).lower(): person for email, person in also.items() if person}
    found = []
    for number, name in enumerate(named):
        if number in errors:
            found.append(Found(error=errors[number]))
            continue
        if number in by_id:
            lead_id = by_id[number] if by_id[number] in by_lead else None
            person_id = by_lead.get(by_id[number])
        else:
            person_id = (
                by_email.get(name.email.strip().lower()) if name.email else people.get((name.system, name.external_id))
            )
            lead_id = by_person.get(person_id) if person_id else None
        found.append(Found(lead_id, person_id) if lead_id else Found(error=_unknown(name)))
    return found


def _merged(by_id: dict[int, UUID]) -> dict[UUID, UUID]:
    """Where those of these leads go on that were merged into another. One query if any id was given."""
    if not by_id:
        return {}
    rows = Lead.objects.filter(pk__in=by_id.values(), merged_into__isnull=False)
    return dict(rows.values_list("pk", Coalesce("merged_into__merged_into", "merged_into")))


def _read_ids(named: Sequence[Named]) -> tuple[dict[int, UUID], dict[int, FieldError]]:
    """The ids that can be read, by place, and what is wrong with the other names."""
    ids: dict[int, UUID] = {}
    errors: dict[int, FieldError] = {}
    for number, name in enumerate(named):
        if len(name.given) != 1:
            words = _("Name the lead by exactly one of lead_id, email or external_id (with source).")
            errors[number] = problem_at(f"{name.pointer}/lead_id", "one_name_needed", words)
        elif name.lead_id:
            try:
                ids[number] = decode("lead", name.lead_id)
            except ValueError as error:
                errors[number] = problem_at(f"{name.pointer}/lead_id", "invalid_id", str(error))
    return ids, errors


def _unknown(name: Named) -> FieldError:
    words = _("No lead is known by this name. Send a submission first.")
    return problem_at(f"{name.pointer}/{name.given[0]}", "unknown_lead", words)
