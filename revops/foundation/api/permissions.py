"""Whether who asks may do it: the policy table for people, the same table and scopes for keys."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from revops.foundation import policy
from revops.foundation.api.problems import ProblemError
from revops.foundation.models import ApiKey


class May(BasePermission):
    """The permission of the policy table that the view names for the method: `permissions = {"GET": "leads.view"}`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        name = view.permissions.get("GET" if request.method in {"HEAD", "OPTIONS"} else request.method)
        if request.user is None or not request.user.is_authenticated:
            return False
        if name is not None:
            check_may(request, name)
        return True


def check_may(request: Request, permission: str) -> None:
    """Raises insufficient_scope or forbidden unless the key or person behind `request` has `permission`."""
    row = policy.PERMISSIONS[permission]
    if isinstance(request.auth, ApiKey):
        if row.scope is None:
            words = _("No API key can do this, only a person can: %(sentence)s.")
            raise ProblemError("forbidden", words % {"sentence": row.sentence})
        check_scopes(request, row.scope)
    if not policy.can(request.user, permission):
        raise ProblemError("forbidden", policy.refusal(permission))


def check_scopes(request: Request, *scopes: str) -> None:
    """Raises insufficient_scope if a key asks that lacks one of `scopes`. People have no scopes and pass."""
    if isinstance(request.auth, ApiKey):
        missing = [scope for scope in scopes if scope not in request.auth.scopes]
        if missing:
            words = _("This API key lacks the scope %(scopes)s. Ask an admin for a key that has it.")
            raise ProblemError("insufficient_scope", words % {"scopes": ", ".join(missing)}, required_scopes=missing)


def HasScope(*scopes: str) -> type[BasePermission]:  # noqa: N802 - reads like the class that it makes
    """A permission class that asks keys for scopes, for views that do not name a permission of the policy."""

    class _HasScope(BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            check_scopes(request, *scopes)
            return bool(request.user and request.user.is_authenticated)

    return _HasScope
