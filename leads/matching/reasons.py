"""What speaks for and against two being the same, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WORDS: dict[str, str | Promise] = {
    "same_mailbox": gettext_lazy("the same mailbox"),
    "address_typo": gettext_lazy("addresses that differ by a letter"),
    "same_local_part": gettext_lazy("the same name before the @"),
    "same_phone": gettext_lazy("the same phone number"),
    "same_account": gettext_lazy("the same company"),
    "same_company": gettext_lazy("the same company under two names or domains"),
    "like_company": gettext_lazy("companies with similar names"),
    "same_title": gettext_lazy("the same title"),
    "same_name": gettext_lazy("the same name"),
    "nickname": gettext_lazy("the first name in two forms"),
    "name_typo": gettext_lazy("names that differ by a letter"),
    "name_part": gettext_lazy("names that partly agree"),
    "names_turned": gettext_lazy("first and last name changed places"),
    "initial": gettext_lazy("the same last name and initial"),
    "last_name_only": gettext_lazy("the same last name, one first name missing"),
    "first_name_only": gettext_lazy("the same first name, one last name missing"),
    "like_name": gettext_lazy("similar names"),
    "same_label": gettext_lazy("the same domain with another ending"),
    "like_domain": gettext_lazy("similar domains"),
    "one_has_no_domain": gettext_lazy("one has no domain"),
    "by_sales": gettext_lazy("sales rejected one as a duplicate of the other"),
}
AGAINST: dict[str, str | Promise] = {
    "name_differs": gettext_lazy("the names differ"),
    "other_phone": gettext_lazy("the phone numbers differ"),
    "other_country": gettext_lazy("the countries differ"),
    "other_title": gettext_lazy("the titles differ"),
    "other_company": gettext_lazy("the companies differ"),
    "other_domain": gettext_lazy("the domains differ"),
    "other_name": gettext_lazy("the names differ"),
    "numbered_namesake": gettext_lazy("their mailboxes are numbered, as those of namesakes"),
    "subsidiary": gettext_lazy("one may be a branch of the other"),
}


def sentence_of(reasons: Sequence[str]) -> str:
    """The reasons as one sentence: what speaks for it, then what speaks against it."""
    speaks_for = [str(WORDS[code]) for code in reasons if code in WORDS]
    against = [str(AGAINST[code]) for code in reasons if code in AGAINST]
    words = ", ".join(speaks_for) or _("nothing in common that we know of")
    if against:
        words = _("%(for)s; but %(against)s") % {"for": words, "against": _(" and ").join(against)}
    return f"{words[:1].upper()}{words[1:]}."
