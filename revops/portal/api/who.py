"""Whom a request may know of, for whom it acts, and how ids in addresses are read."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.request import Request

from leads.models import Lead
from revops.foundation import policy
from revops.foundation.api.permissions import check_may
from revops.foundation.api.problems import ProblemError
from revops.foundation.ids import decode
from revops.foundation.models import Role, User
from revops.portal.api.shapes import problem_at
from revops.portal.lead_pages.visibility import leads_for

MASKED = None
"""What stands in for a fact about a person that the key may not read."""


def asker(request: Request) -> User:
    """Who is signed in, or owns the key. Only for views that strangers cannot reach."""
    return cast(User, request.user)


def may(request: Request, permission: str) -> bool:
    """Whether the key or person behind the request has a permission of the policy table."""
    try:
        check_may(request, permission)
    except ProblemError:
        return False
    return True


def shows_persons(request: Request) -> bool:
    """Whether names, addresses and words of persons are shown, or masked."""
    return may(request, "people.pii")


def decode_or_404(prefix: str, text: str) -> UUID:
    try:
        return decode(prefix, text)
    except ValueError:
        raise Http404 from None


def visible_leads(request: Request) -> QuerySet[Lead]:
    return leads_for(request.user)


def refused(pointer: str, code: str, detail: str, **extra: Any) -> ProblemError:
    """The problem of one field, in words."""
    return ProblemError("validation_error", detail, errors=[problem_at(pointer, code, detail)], **extra)


def acting_user(request: Request, given: UUID | None, permission: str, owner_id: UUID | None = None) -> User:
    """For whom the request acts: itself; an integration for the person it names, else for the lead's owner.

    Raises forbidden if a person names somebody else, validation_error if nobody fitting is named.
    """
    user = asker(request)
    if user.role != Role.INTEGRATION:
        if given not in (None, user.pk):
            raise ProblemError("forbidden", _("Only an integration acts for somebody else. Leave user out."))
        return user
    wanted = given or owner_id
    if wanted is None:
        raise refused("/user", "required", _("This lead has no owner. Say for whom you act: user."))
    person = User.objects.filter(pk=wanted).first()
    if person is None or not policy.can(person, permission):
        raise refused("/user", "unknown_user", _("Nobody active with this id may do that. Look at /api/v1/users/."))
    return person
