"""Sparse answers: `?fields=id,stage` leaves everything else out of each record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from revops.foundation.api.pagination import parameter_error

PARAMETER = "fields"


def only(data: Any, names: str) -> Any:
    """A record, or a page of records, with the fields that `names` lists, separated by commas.

    A page without records is as it is: it has nothing to leave out, and nothing that tells names apart from typos.
    Raises ProblemError for a name that no record has, and for answers that are no records.
    """
    if not isinstance(data, Mapping):
        raise parameter_error(PARAMETER, "no_records", _("This answer has no fields to choose from. Leave it out."))
    wanted = [name.strip() for name in names.split(",")]
    if "has_more" not in data:
        return _only(data, wanted)
    return {**data, "data": [_only(row, wanted) for row in data["data"]]}


def _only(record: Mapping[str, Any], wanted: list[str]) -> dict[str, Any]:
    unknown = [name for name in wanted if name not in record]
    if unknown:
        words = _("There is no field “%(name)s”. Fields are: %(names)s.")
        known = {"name": unknown[0][:80], "names": ", ".join(sorted(record))}
        raise parameter_error(PARAMETER, "unknown_field", words % known)
    return {name: record[name] for name in wanted}
