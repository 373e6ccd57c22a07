"""Versions of resources as ETags, so that nobody overwrites what they have not seen."""

from __future__ import annotations

from typing import Any

from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from rest_framework.request import Request

from revops.foundation.api.problems import ProblemError


def etag(version: int) -> str:
    """The strong ETag of a version, like "v17" with its quotes."""
    return f'"v{version}"'


def is_not_modified(request: Request, version: int) -> bool:
    """Whether the client already has this version (If-None-Match), so that 304 is the answer."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or any(tag.removeprefix("W/") == etag(version) for tag in known)


def check_if_match(request: Request, version: int, *, required: bool = False, **current: Any) -> None:
    """Raises version_mismatch if the client changes another version, precondition_required if it does not say which.

    `current` (like changed_fields) becomes part of the document.
    """
    given = request.headers.get("If-Match", "")
    if not given:
        if required:
            words = _("Send If-Match with the ETag that you read, like %(tag)s.") % {"tag": etag(version)}
            raise ProblemError("precondition_required", words)
        return
    known = parse_etags(given)
    if "*" not in known and etag(version) not in known:
        words = _("It is at version %(n)s now. Read it again and repeat your change.") % {"n": version}
        raise ProblemError(
            "version_mismatch", words, headers={"ETag": etag(version)}, current_version=version, **current
        )
