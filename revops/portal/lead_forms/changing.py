"""Changes of lead forms: saved, published, archived, copied; a change of the questions makes a version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from leads.consents import keep_wordings
from leads.models import FormVersion, LeadForm
from leads.models.forms import FormState
from revops.foundation.ids import new_id
from revops.foundation.models import User
from revops.portal.back_office import facts_of, note

IN_LEDGER = (
    "title", "slug", "intro", "source_id", "campaign_key", "signal_kind_id", "topic", "fields", "version",
    "consent_text", "consent_is_required", "consent_purpose", "needs_confirmation", "confirm_days", "asks_next",
    "thanks", "redirect_url", "allowed_sites", "state",
)  # fmt: skip


class CannotPublish(Exception):
    """The form is not ready for visitors; the words say why."""


def save_form(lead_form: LeadForm, before: dict[str, Any] | None, actor: User, now: datetime) -> LeadForm:
    """Saves a form whose attributes were changed (`before`: its facts until now, None for a new one)."""
    with transaction.atomic():
        if before is None or before["fields"] != facts_of(lead_form, ("fields",))["fields"]:
            lead_form.version = 1 if before is None else before["version"] + 1
        lead_form.save()
        FormVersion.objects.get_or_create(
            form=lead_form, version=lead_form.version, defaults={"fields": lead_form.fields, "made_at": now}
        )
        if lead_form.consent_text:
            keep_wordings({(lead_form.slug, lead_form.consent_text)}, now=now)
        action = "form.created" if before is None else "form.changed"
        note(actor, action, lead_form, now, before=before, after=facts_of(lead_form, IN_LEDGER))
    return lead_form


def set_state(lead_form: LeadForm, state: FormState, actor: User, now: datetime) -> bool:
    """Publishes or archives a form; says whether that changed anything. Raises CannotPublish."""
    if state == FormState.OPEN and lead_form.source.state == "stopped":
        raise CannotPublish(_("Its source is stopped: what is sent would wait in quarantine. Choose another source."))
    with transaction.atomic():
        before = lead_form.state
        if not LeadForm.objects.filter(pk=lead_form.pk).exclude(state=state).update(state=state):
            return False
        lead_form.state = state
        action = "form.published" if state == FormState.OPEN else "form.archived"
        note(actor, action, lead_form, now, before={"state": before}, after={"state": state.value})
    return True


def copy_form(lead_form: LeadForm, actor: User, now: datetime) -> LeadForm:
    """A draft with everything of a form but its address and its counts."""
    copied = LeadForm.objects.get(pk=lead_form.pk)
    copied.pk, copied.id, copied.created_at, copied.state = (fresh := new_id()), fresh, now, FormState.DRAFT
    copied._state.adding = True
    copied.title = _("%(title)s (copy)") % {"title": lead_form.title[:190]}
    copied.slug = _free_slug(lead_form.slug)
    return save_form(copied, None, actor, now)


def _free_slug(slug: str) -> str:
    taken = set(LeadForm.objects.filter(slug__startswith=slug[:56]).values_list("slug", flat=True))
    number = 2
    while (found := f"{slug[:56]}-{number}") in taken:
        number += 1
    return found
