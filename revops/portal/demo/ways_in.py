"""The demo's ways in: forms that were opened and sent, one that waits for confirmations, a booking tool that posts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate

from leads.consents import keep_wordings, withdraw_consents
from leads.models import FormTally, FormVersion, HookDelivery, InboundHook, Lead, LeadForm, ProfileAsk, Submission
from leads.models.consents import ConsentChannel, ConsentPurpose
from leads.models.hooks import HookScheme
from revops.foundation.ids import new_id
from revops.foundation.models import OutboxMessage, User
from revops.portal import journey
from revops.portal.consents.mails import ASKED
from revops.portal.hooks.changing import create_hook
from revops.portal.hooks.taking import take_deliveries
from revops.portal.lead_forms.hosted import item_of

OPENED_FOR_EACH = {"demo": 2.4, "contact": 2.9, "guide": 3.6}
WITHOUT_PHONE_SINCE = timedelta(days=45)
"""So long ago the guide stopped asking for the phone number; its completion rose."""


def open_ways_in(users: Mapping[str, User], now: datetime, rng: Random) -> None:
    """What stands on the pages of forms, consents and webhooks on the first day."""
    forms = {form.slug: form for form in LeadForm.objects.select_related("signal_kind", "source")}
    _keep_versions(forms, now)
    _count_openings(forms, now, rng)
    _ask_for_more(forms["guide"], now, rng)
    _wait_for_confirmation(forms["news"], now)
    _take_back(now)
    _register_booking_tool(users["marketer1"], forms["demo"], now)


def _keep_versions(forms: Mapping[str, LeadForm], now: datetime) -> None:
    guide = forms["guide"]
    guide.version = 2
    LeadForm.objects.filter(pk=guide.pk).update(version=2)
    before = [*guide.fields, {"name": "phone", "required": True}]
    FormVersion.objects.create(form=guide, version=1, fields=before, made_at=guide.created_at)
    for form in forms.values():
        made_at = now - WITHOUT_PHONE_SINCE if form is guide else form.created_at
        FormVersion.objects.create(form=form, version=form.version, fields=form.fields, made_at=made_at)
    keep_wordings(
        {(form.slug, form.consent_text) for form in forms.values()}, now=min(form.created_at for form in forms.values())
    )


def _count_openings(forms: Mapping[str, LeadForm], now: datetime, rng: Random) -> None:
    """A season of openings: as many posts as there were, and those who went away."""
    since = now - timedelta(days=90)
    rows = []
    for slug, opened_for_each in OPENED_FOR_EACH.items():
        form = forms[slug]
        sent = Submission.objects.filter(source=form.source_id, channel="form", received_at__gte=since)
        by_day = sent.annotate(on=TruncDate("received_at")).values_list("on").annotate(n=Count("pk")).order_by("on")
        for on, n in by_day:
            is_old = form.version == 2 and on < (now - WITHOUT_PHONE_SINCE).date()
            opened = round(n * opened_for_each * (1.5 if is_old else 1.0)) + rng.randrange(3)
            rows.append(
                FormTally(
                    form=form, version=1 if is_old else form.version, on=on, opened=max(opened, n), sent=n,
                    corrected=sum(rng.random() < 0.12 for _ in range(n)),
                )
            )  # fmt: skip
    FormTally.objects.bulk_create(rows)


def _ask_for_more(form: LeadForm, now: datetime, rng: Random) -> None:
    leads = Lead.objects.filter(source=form.source_id, received_at__gte=now - timedelta(days=90)).select_related(
        "person"
    )
    asks = []
    for lead in leads.order_by("received_at")[:120]:
        at = lead.received_at + timedelta(seconds=20)
        knows = bool(lead.person.purchasing_role)
        asks.append(
            ProfileAsk(
                form=form, person_id=lead.person_id, question="purchasing_role", asked_at=at,
                answered_at=at + timedelta(seconds=15) if knows else None,
                skipped_at=at + timedelta(seconds=9) if not knows and rng.random() < 0.4 else None,
            )
        )  # fmt: skip
    ProfileAsk.objects.bulk_create(asks, ignore_conflicts=True)


def _wait_for_confirmation(form: LeadForm, now: datetime) -> None:
    for hours, email in ((20, "ines.moreau@atelier-moreau.com"), (2, "k.brandt@brandt-haustechnik.de")):
        at = now - timedelta(hours=hours)
        journey.admit([item_of(form, {"email": email, "consent": True}, {}, at)], now=at)
    OutboxMessage.objects.filter(kind=ASKED).delete()  # invented people get no mail


def _take_back(now: datetime) -> None:
    quiet = Lead.objects.filter(stage="nurture", person__consents__kind="given").order_by("-received_at")
    people = list(dict.fromkeys(quiet.values_list("person_id", flat=True)[:40]))[::5]
    withdraw_consents(people, list(ConsentPurpose), ConsentChannel.LINK, now=now - timedelta(days=3))


def _register_booking_tool(user: User, form: LeadForm, now: datetime) -> None:
    hook = InboundHook(
        name="Booking tool",
        source=form.source,
        scheme=HookScheme.STANDARD,
        mapping=[
            {"target": "email", "pointer": "/invitee/email"},
            {"target": "name", "pointer": "/invitee/name"},
            {"target": "need", "pointer": "/answers/0/text"},
            {"target": "topic", "constant": "planning"},
            {"target": "attributes.meeting", "pointer": "/event/name"},
        ],
        id_pointer="/event/id",
    )
    create_hook(hook, user, now - timedelta(days=60))
    known = Lead.objects.filter(stage="nurture", person__email__isnull=False).order_by("-received_at").first()
    email = str(known.person.email) if known else "jo@tidal-logistics.com"
    posts: list[dict[str, Any]] = [
        {"event": {"id": "bk_1041", "name": "Thirty minutes"}, "invitee": {"email": email, "name": ""},
         "answers": [{"text": "We would like to see it with our own routes."}]},
        {"event": {"id": "bk_1042", "name": "Thirty minutes"}, "invitee": {"email": "x@mailinator.com", "name": "X"}},
        {"event": {"id": "bk_1043", "name": "Thirty minutes"}, "guest": {"email": "moved@field-name.com"}},
    ]  # fmt: skip
    for number, body in enumerate(posts):
        HookDelivery.objects.create(
            id=new_id(), hook=hook, sender_key=str(body["event"]["id"]), content_type="application/json",
            body=json.dumps(body), received_at=now - timedelta(hours=30 - 10 * number),
        )  # fmt: skip
    InboundHook.objects.filter(pk=hook.pk).update(
        received=len(posts), last_received_at=now - timedelta(hours=10), repeats=1
    )
    take_deliveries(now=now - timedelta(hours=9))
