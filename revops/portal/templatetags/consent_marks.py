"""Consent on the page of a lead: what the person may be mailed, and the way to the ledger."""

from typing import Any

from django import template
from django.utils import timezone

from leads.models import Person
from revops.foundation.ids import encode
from revops.portal.consents.ledger import purposes_of

register = template.Library()


@register.inclusion_tag("consents/_on_lead.html")
def consent_of(person: Person) -> dict[str, Any]:
    """The rows of the privacy box about consent. Three queries."""
    return {"purposes": purposes_of(person, timezone.now()), "public_id": encode("person", person.pk)}
