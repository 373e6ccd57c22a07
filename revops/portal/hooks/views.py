"""Where marketing registers senders, maps what they post by a captured sample, and mends what failed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from leads.hooks.field_mapping import TARGETS, Mapped, suggest_rows
from leads.hooks.unpacking import NotReadable, entries_of, pointers_in, read_body
from leads.models import HookDelivery, InboundHook
from leads.models.hooks import DeliveryState, HookScheme
from revops.foundation.ids import decode, encode
from revops.foundation.policy import can
from revops.portal.back_office import facts_of, needs, page_of, person_of, row_or_404, status_of
from revops.portal.hooks import changing
from revops.portal.hooks.forms import MOST_SAMPLE, HookForm, MappingRows, SecretForm
from revops.portal.hooks.taking import preview, replay

SAMPLES = 10
EXAMPLE = '{\n "lead": {"email": "ada@example.com", "name": "Ada Lovelace"},\n "company": "Acme"\n}'
STATES = {
    DeliveryState.WAITING: ("note", "hourglass"),
    DeliveryState.DONE: ("good", "circle-check"),
    DeliveryState.FAILED: ("bad", "alert-triangle"),
}


@needs("hooks.manage")
@require_GET
def hook_list(request: HttpRequest) -> HttpResponse:
    """All senders with their counters; what failed first catches the eye."""
    rows = InboundHook.objects.select_related("source").annotate(
        failed=Count("deliveries", filter=Q(deliveries__state=DeliveryState.FAILED)),
        waiting=Count("deliveries", filter=Q(deliveries__state=DeliveryState.WAITING)),
    )
    if words := request.GET.get("q", "").strip():
        rows = rows.filter(name__icontains=words)
    context = {"page": page_of(rows, ("name", "pk"), request), "active": int(bool(request.GET.get("q")))}
    return render(request, "hooks/list.html", context)


@needs("hooks.manage")
@never_cache
def hook_new(request: HttpRequest) -> HttpResponse:
    """Registers a sender. Its secret is in the answer and, but for the address, nowhere else."""
    form = HookForm(request.POST or None, instance=InboundHook())
    rows = MappingRows(_suggested(InboundHook(), EXAMPLE), request.POST if request.method == "POST" else None)
    if _saves(request) and form.is_valid() & rows.is_valid():
        hook = form.save(commit=False)
        hook.mapping = rows.rows
        secret = changing.create_hook(hook, person_of(request), timezone.now())
        return _secret_page(request, hook, secret)
    return _editor(request, form, rows, None)


@needs("hooks.manage")
def hook_edit(request: HttpRequest, hook: str) -> HttpResponse:
    """Changes a sender and its mapping, beside what it would make of a captured sample."""
    row = _hook(hook)
    before = facts_of(row, changing.IN_LEDGER)
    form = HookForm(request.POST or None, instance=row)
    rows = MappingRows(row.mapping, request.POST if request.method == "POST" else None)
    if _saves(request) and form.is_valid() & rows.is_valid():
        row = form.save(commit=False)
        row.mapping = rows.rows
        changing.change_hook(row, before, person_of(request), timezone.now())
        messages.success(request, _("“%(name)s” is saved.") % {"name": row.name})
        return redirect("hook", row.public_id)
    return _editor(request, form, rows, row)


def _saves(request: HttpRequest) -> bool:
    """Whether the form was sent to be saved, and not to look what its mapping makes of the sample."""
    return request.method == "POST" and not {"preview", "suggest"} & set(request.POST)


def _editor(request: HttpRequest, form: HookForm, rows: MappingRows, hook: InboundHook | None) -> HttpResponse:
    samples = _samples(hook)
    sample = request.POST.get("sample", "")[:MOST_SAMPLE] or (samples[0].body if samples else EXAMPLE)
    if request.method == "GET" and (chosen := request.GET.get("sample")):
        sample = next((one.body for one in samples if one.public_id == chosen), sample)
    if form.is_bound:
        form.is_valid()  # then its instance says how the body is unpacked
    if "suggest" in request.POST:
        rows.rows = _suggested(form.instance, sample) or rows.rows
    context: dict[str, Any] = {
        "form": form,
        "rows": rows,
        "hook": hook,
        "samples": samples,
        "sample": _pretty(sample),
        **_preview(form, rows, sample),
    }
    status = 422 if _saves(request) and (rows.problems or status_of(form) == 422) else 200
    return render(request, "hooks/edit.html", context, status=status)


@needs("hooks.manage")
@require_POST
def hook_preview(request: HttpRequest) -> HttpResponse:
    """What the mapping in the form makes of the sample in the form."""
    form = HookForm(request.POST, instance=InboundHook())
    form.is_valid()
    rows = MappingRows([], request.POST)
    return render(request, "hooks/_preview.html", _preview(form, rows, request.POST.get("sample", "")[:MOST_SAMPLE]))


def _preview(form: HookForm, rows: MappingRows, sample: str) -> dict[str, Any]:
    hook = InboundHook(mapping=rows.rows)
    for name in ("unpacks", "items_pointer"):
        setattr(
            hook,
            name,
            form.cleaned_data.get(name) or ""
            if form.is_bound and hasattr(form, "cleaned_data")
            else getattr(form.instance, name),
        )
    hook.unpacks = bool(hook.unpacks)
    shown = preview(hook, sample, "application/json", timezone.now())
    return {"shown": shown, "pointers": _pointers(hook, sample), "entries": [_facts(one) for one in shown.entries]}


def _facts(mapped: Mapped) -> dict[str, Any]:
    """The facts of an entry in rows, by the words of the mapping; a fact of their own by its name."""
    own = {"external_id": mapped.external_id, "campaign": mapped.campaign_key, "occurred_at": mapped.occurred_at or ""}
    rows: list[tuple[str, Any]] = []
    for name, value in {**mapped.payload, **own}.items():
        inner = value.items() if isinstance(value, dict) else ()
        rows += [(_named(part), one) for part, one in inner] if inner else [(_named(name), value)]
    return {"facts": [row for row in rows if row[1]], "remarks": mapped.remarks}


def _named(name: str) -> str:
    return str(TARGETS.get(name) or _("Fact “%(name)s”") % {"name": name})


def _pointers(hook: InboundHook, sample: str) -> list[tuple[str, str]]:
    try:
        entries = entries_of(read_body(sample, "application/json"), hook.items_pointer, unpacks=hook.unpacks)
    except NotReadable:
        return []
    return pointers_in(entries[0])[:100] if entries else []


def _suggested(hook: InboundHook, sample: str) -> list[dict[str, str]]:
    try:
        entries = entries_of(read_body(sample, "application/json"), hook.items_pointer, unpacks=hook.unpacks)
    except NotReadable:
        return []
    return suggest_rows(entries[0]) if entries else []


def _samples(hook: InboundHook | None) -> list[HookDelivery]:
    if hook is None:
        return []
    kept = HookDelivery.objects.filter(hook=hook, emptied_at__isnull=True)
    return list(kept.order_by("-received_at", "-pk")[:SAMPLES])


@needs("hooks.manage")
@require_GET
def hook_page(request: HttpRequest, hook: str) -> HttpResponse:
    """One sender: where it posts, how it does, what it sent last, and what failed and why."""
    row, user = _hook(hook), person_of(request)
    deliveries = HookDelivery.objects.filter(hook=row)
    if request.GET.get("state") in DeliveryState.values:
        deliveries = deliveries.filter(state=request.GET["state"])
    page = page_of(deliveries, ("-received_at", "-pk"), request, size=25)
    shows_people = can(user, "people.pii")
    week = HookDelivery.objects.filter(hook=row, received_at__gt=timezone.now() - timedelta(days=7)).aggregate(
        done=Count("pk", filter=Q(state=DeliveryState.DONE)),
        failed=Count("pk", filter=Q(state=DeliveryState.FAILED)),
        waiting=Count("pk", filter=Q(state=DeliveryState.WAITING)),
    )
    context = {
        "hook": row,
        "address": changing.address_of_hook(row),
        "is_secret_address": row.scheme == HookScheme.ADDRESS,
        "page": page,
        "deliveries": [
            {
                "row": one,
                "tone": STATES[DeliveryState(one.state)],
                "body": _pretty(one.body) if shows_people else "",
                "receipts": [encode("sub", pk) for pk in one.submission_ids[:5]],
                "more": max(0, len(one.submission_ids) - 5),
            }
            for one in page.rows
        ],
        "states": DeliveryState.choices,
        "week": week,
        "form": SecretForm(),
        "old_works": row.previous_until is not None and row.previous_until > timezone.now(),
        "has_failed": HookDelivery.objects.filter(
            hook=row, state=DeliveryState.FAILED, emptied_at__isnull=True
        ).exists(),
    }
    return render(request, "hooks/hook.html", context)


@needs("hooks.manage")
@require_POST
def hook_switch(request: HttpRequest, hook: str) -> HttpResponse:
    """Switches a sender off or on; what it posts while it is off is answered 410."""
    row = _hook(hook)
    before = facts_of(row, changing.IN_LEDGER)
    row.is_active = request.POST.get("on") == "1"
    changing.change_hook(row, before, person_of(request), timezone.now())
    words = _("“%(name)s” takes posts again.") if row.is_active else _("“%(name)s” is switched off; posts are refused.")
    messages.success(request, words % {"name": row.name})
    return redirect("hook", row.public_id)


@needs("hooks.manage")
@never_cache
@require_POST
def hook_rotate(request: HttpRequest, hook: str) -> HttpResponse:
    """A new secret, shown once; the old one works until the overlap ends."""
    form = SecretForm(request.POST)
    row = _hook(hook)
    if not form.is_valid():
        messages.error(request, " ".join(str(one) for errors in form.errors.values() for one in errors))
        return redirect("hook", row.public_id)
    days = form.cleaned_data["overlap"]
    overlap = changing.OVERLAP if days is None else timedelta(days=days)
    secret = changing.rotate_secret(row, person_of(request), timezone.now(), overlap, form.cleaned_data["secret"])
    return _secret_page(request, row, secret)


@needs("hooks.manage")
@require_POST
def hook_replay(request: HttpRequest, hook: str) -> HttpResponse:
    """Tries failed deliveries again, one or all of them, by the mapping as it is now."""
    row = _hook(hook)
    failed: QuerySet[HookDelivery] = HookDelivery.objects.filter(hook=row, state=DeliveryState.FAILED)
    if "delivery" in request.POST:
        failed = failed.filter(pk=_decoded(request.POST["delivery"]))
    n = replay(list(failed.values_list("pk", flat=True)[:1000]))
    messages.success(request, ngettext("%(n)s is tried again.", "%(n)s are tried again.", n) % {"n": n})
    return redirect("hook", row.public_id)


def _secret_page(request: HttpRequest, hook: InboundHook, secret: str) -> HttpResponse:
    context = {"hook": hook, "secret": secret, "address": changing.address_of_hook(hook)}
    return render(request, "hooks/secret.html", {**context, "is_in_address": hook.scheme == HookScheme.ADDRESS})


def _hook(public_id: str) -> InboundHook:
    row: InboundHook = row_or_404(InboundHook.objects.select_related("source"), "hook", public_id)
    return row


def _decoded(public_id: str) -> Any:
    try:
        return decode("delivery", public_id)
    except ValueError:
        return None


def _pretty(text: str) -> str:
    try:
        return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()[:20_000]
    except orjson.JSONDecodeError:
        return text[:20_000]
