"""Which leads a person may know of; what they may not see is answered like what does not exist."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404

from leads.lifecycle import Stage
from leads.models import Lead
from revops.foundation.ids import decode
from revops.foundation.kept_queries import KeptQuery, any_of, blank
from revops.foundation.policy import visibility


def leads_for(user: Any) -> QuerySet[Lead]:
    """The leads `user` may see: all, or their own and those handed to sales that nobody owns yet."""
    return _seen(visibility(user, "lead"), user)


def own_leads(user: Any) -> QuerySet[Lead]:
    """Those of them that `user` owns: said alone, the server reads the newest of thousands from an index."""
    return Lead.objects.shown().filter(owner=user) if visibility(user, "lead") != "none" else Lead.objects.none()


def _seen(level: str, user: Any) -> QuerySet[Lead]:
    leads = Lead.objects.shown()
    match level:
        case "all":
            return leads
        case "own" | "team":
            return leads.filter(Q(owner=user) | Q(owner__isnull=True, stage=Stage.HANDED_OFF))
        case _:
            return leads.none()


WITH_LEAD = ("person", "account__owner", "account__dynamics", "source", "campaign", "owner__team")
"""What pages show of a lead beside it."""
_ONE = {
    level: KeptQuery(_seen(level, blank("user")).filter(pk=blank("lead")).select_related(*WITH_LEAD))
    for level in ("all", "own", "team")
}


def visible_lead(user: Any, pk: UUID) -> Lead | None:
    """One lead with its person, account, source, campaign and owner; None if `user` may not see it. One query."""
    one = _ONE.get(visibility(user, "lead"))
    return one.first(user=user.pk, lead=pk) if one else None


_SOME = {
    level: KeptQuery(
        _seen(level, blank("user")).filter(pk=any_of("leads")).select_related("person", "account", "owner", "source")
    )
    for level in ("all", "own", "team")
}


def visible_leads(user: Any, pks: Collection[UUID]) -> dict[Any, Lead]:
    """Those of some leads that `user` may see, with person, account, owner and source. One query, none for none."""
    some = _SOME.get(visibility(user, "lead"))
    return {lead.pk: lead for lead in some.fetch(user=user.pk, leads=list(pks))} if some and pks else {}


def searched_among(user: Any, leads: QuerySet[Lead]) -> QuerySet[Lead] | None:
    """What a search for words is held to: `leads`, which `user` may see, or None for whoever may see all."""
    return None if visibility(user, "lead") == "all" else leads


def lead_or_404(user: Any, public_id: str) -> Lead:
    """One visible lead with its person, account, source, campaign and owner. One query."""
    try:
        pk = decode("lead", public_id)
    except ValueError:
        raise Http404 from None
    lead = visible_lead(user, pk)
    if lead is None:
        raise Http404
    return lead


def merged_lead_for(user: Any, public_id: str) -> tuple[Lead, Lead] | None:
    """A lead that was merged and the one it goes on in, if the id names one and the user owned it or sees the other."""
    try:
        lead = Lead.objects.select_related("person", "account").get(pk=decode("lead", public_id))
    except (ValueError, Lead.DoesNotExist):
        return None
    if lead.merged_into_id is None:
        return None
    end = lead
    while end.merged_into_id is not None:
        end = Lead.objects.select_related("person", "account").get(pk=end.merged_into_id)
    seen = leads_for(user).filter(pk=end.pk).exists()
    return (lead, end) if seen or (visibility(user, "lead") != "none" and lead.owner_id == user.pk) else None
