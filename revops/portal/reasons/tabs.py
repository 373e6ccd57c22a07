"""The pages around reasons, as tabs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from revops.foundation.policy import can
from revops.portal.back_office import person_of


def tabs_for(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    person = person_of(request)
    pages = [
        ("reasons", _("Reasons"), True),
        ("criteria-gaps", _("Criteria gaps"), can(person, "rules.propose")),
        ("bought-later", _("Rejected, bought later"), can(person, "review.view")),
        ("tracks", _("Nurture tracks"), True),
        ("talk-tracks", _("Talk tracks"), True),
    ]
    return [
        {"label": label, "url": reverse(name), "current": name == current} for name, label, is_open in pages if is_open
    ]
