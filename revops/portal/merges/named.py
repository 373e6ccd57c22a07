"""Finds the lead that somebody means by an id, an address of a page, or an e-mail address."""

from __future__ import annotations

import re

from leads.models import Lead
from revops.foundation.ids import decode
from revops.foundation.models import User
from revops.portal.lead_pages.visibility import leads_for

_ID = re.compile(r"lead_[0-9a-z]{26}")
_EMAIL = re.compile(r"[^\s<>\"',;]+@[^\s<>\"',;]+\.\w+")


def lead_named(user: User | None, words: str) -> Lead | None:
    """The lead that is named in some words, of those `user` may see (None: all); the newest. One query."""
    leads = Lead.objects.shown() if user is None else leads_for(user)
    leads = leads.select_related("person", "account").order_by("-received_at", "-pk")
    if found := _ID.search(words):
        try:
            return leads.filter(pk=decode("lead", found[0])).first()
        except ValueError:
            return None
    if found := _EMAIL.search(words):
        return leads.filter(person__email=found[0].lower()).first()
    return None
