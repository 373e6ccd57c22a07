"""The pages of the journal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from leads.models import Submission
from leads.models.submissions import Channel
from leads.queries import conservation
from leads.unread import unread_facts
from revops.foundation import ledger
from revops.foundation.ids import decode
from revops.foundation.models import LedgerEntry
from revops.foundation.policy import can, check
from revops.portal import journey
from revops.portal.back_office import csv_response, needs, page_of, person_of, query_of
from revops.portal.health.state import Day, day_of
from revops.portal.submissions.exceptions import exception_of, never_again
from revops.portal.submissions.journal import (
    FILTERS,
    OUTCOMES,
    day_asked,
    filtered,
    row_of,
    rule_words,
    source_choices,
)

MOST_AT_ONCE = 500
MOST_IN_A_FILE = 100_000


@needs("submissions.view")
@require_GET
def submission_list(request: HttpRequest) -> HttpResponseBase:
    """Everything received, newest first, with the equation of one day; the same as CSV."""
    rules, user = rule_words(), person_of(request)
    rows = filtered(request.GET)
    if request.GET.get("format") == "csv":
        return _csv(rows)
    page = page_of(rows, ("-received_at", "-pk"), request)
    day = day_asked(request.GET) or timezone.now().astimezone(UTC).date()
    may_release = can(user, "submissions.release")
    shown = [row_of(row, rules, shows_people=can(user, "people.pii")) for row in page.rows]
    context = {
        "rows": shown,
        "page": page,
        "sum": _day(day, request.GET.get("source", "")),
        "day": day,
        "outcomes": OUTCOMES,
        "sources": source_choices(),
        "channels": Channel.choices,
        "rules": list(rules.items()),
        "active": sum(1 for name in FILTERS if request.GET.get(name)),
        "in_quarantine": request.GET.get("outcome") == "quarantined",
        "can_pick": may_release and any(row.is_quarantined for row in shown),
        "here": request.get_full_path(),
        "filter": request.GET.urlencode(),
        "most_at_once": MOST_AT_ONCE,
        "may_change_gate": can(user, "gate.change"),
        "csv_url": f"?{query_of(request, format='csv')}",
        "now": timezone.now(),
    }
    return render(request, "submissions/list.html", context)


def _day(day: date, source: str) -> Day:
    parts = [part for part in conservation(day, day) if not source or part.source_key == source]
    return day_of(day, parts)


def _csv(rows: QuerySet[Submission]) -> HttpResponseBase:
    header = ["receipt", "received_at", "source", "channel", "external_id", "outcome", "rule", "detail", "lead"]
    return csv_response("submissions", header, _lines(rows.order_by("-received_at", "-pk")[:MOST_IN_A_FILE]))


def _lines(rows: QuerySet[Submission]) -> Iterator[list[object]]:
    for submission in rows.iterator(chunk_size=2000):
        row = row_of(submission, {}, shows_people=False)
        yield [
            submission.receipt, submission.received_at.isoformat(), submission.source.key, submission.channel,
            submission.external_id, row.outcome, row.rule, row.detail, row.lead_id,
        ]  # fmt: skip


@needs("submissions.view")
@require_GET
def submission_page(request: HttpRequest, receipt: str) -> HttpResponse:
    """One submission: what was received, word for word, and everything that was decided about it."""
    submission = filtered(QueryDict()).select_related("sender").filter(pk=_pk(receipt)).first()
    if submission is None:
        raise Http404(_("Nothing was received under this receipt."))
    user, rules = person_of(request), rule_words()
    row = row_of(submission, rules, shows_people=can(user, "people.pii"))
    context = {
        "submission": submission,
        "row": row,
        "sent": _sent(submission) if can(user, "people.pii") else None,
        "unread": unread_facts(getattr(submission, "body", None)) if can(user, "people.pii") else {},
        "outcomes": submission.outcomes.select_related("lead", "actor").order_by("pk"),
        "rules": rules,
        "can_release": row.is_quarantined and can(user, "submissions.release"),
        "exception": exception_of(submission) if row.is_quarantined and can(user, "gate.change") else "",
    }
    return render(request, "submissions/submission.html", context)


def _sent(submission: Submission) -> list[tuple[str, str]]:
    """What was sent, name by name; lists and objects as JSON."""
    body = getattr(submission, "body", None)
    if body is None or body.erased_at:
        return []
    if not isinstance(body.payload, Mapping):
        return [(_("As received"), body.raw[:20_000])]
    return [(name, value if isinstance(value, str) else _json(value)) for name, value in body.payload.items()]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


@needs("submissions.release")
@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """Lets quarantined submissions in; what somebody else released meanwhile is left alone."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "submissions"
    asked = _asked(request)
    if not asked:
        messages.error(request, _("Tick the submissions to release first."))
        return redirect(back)
    now, user, reason = timezone.now(), person_of(request), request.POST.get("reason", "").strip()[:200]
    learned: list[str] = []
    with transaction.atomic():
        if request.POST.get("never"):
            check(user, "gate.change")
            learned = never_again(asked, user, reason or _("Released from quarantine"), now)
        receipts = journey.release(asked, now=now)
        ledger.record(
            LedgerEntry(
                occurred_at=now, actor=user, action="submission.released", subject_kind="submission",
                subject_id=receipt.submission_id, cause=reason,
                before={"outcome": "quarantined"}, after={"outcome": receipt.outcome},
            )
            for receipt in receipts
        )  # fmt: skip
    _tell(request, [receipt.outcome for receipt in receipts], len(asked) - len(receipts))
    if learned:
        messages.success(request, _("From now on the gate lets pass: %(names)s.") % {"names": ", ".join(learned)})
    return redirect(back)


def _asked(request: HttpRequest) -> list[UUID]:
    """The ticked submissions, or the first of all that the filter of the page shows."""
    if "all" not in request.POST:
        return [_pk(receipt) for receipt in request.POST.getlist("submission")[:MOST_AT_ONCE]]
    shown = filtered(QueryDict(request.POST.get("filter", "")[:2000]))
    waiting = Submission.objects.filter(pk__in=shown.values("pk")).quarantined()
    return list(waiting.order_by("-received_at", "-pk").values_list("pk", flat=True)[:MOST_AT_ONCE])


def _tell(request: HttpRequest, outcomes: list[str], left: int) -> None:
    counts = Counter(outcomes)
    words = {
        "new": ngettext("%(n)s new lead", "%(n)s new leads", counts["new"]),
        "attached": ngettext("%(n)s attached to a lead", "%(n)s attached to leads", counts["attached"]),
        "refused": ngettext("%(n)s refused", "%(n)s refused", counts["refused"]),
        "pending": ngettext("%(n)s still being looked at", "%(n)s still being looked at", counts["pending"]),
    }
    parts = [words[kind] % {"n": counts[kind]} for kind in words if counts[kind]]
    if parts:
        messages.success(request, _("Released: %(parts)s.") % {"parts": ", ".join(parts)})
    if left:
        messages.warning(
            request,
            ngettext(
                "%(n)s did not wait in quarantine any more and was left alone.",
                "%(n)s did not wait in quarantine any more and were left alone.",
                left,
            )
            % {"n": left},
        )


def _pk(receipt: str) -> UUID:
    try:
        return decode("sub", receipt)
    except ValueError:
        raise Http404 from None
