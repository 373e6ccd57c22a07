"""Which rule, source or campaign sends leads that sales refuses, and what did the reps say?"""

from __future__ import annotations

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from feedback.models import Disposition, ReasonCode
from feedback.rejections import LABELS, column_name, cost_of, rejected, rejection_matrix
from revops.foundation.policy import can, check
from revops.foundation.statistics import is_too_few, wilson_interval
from revops.portal.back_office import csv_response
from revops.portal.lead_pages.visibility import leads_for
from revops.portal.rejections import page
from revops.portal.rejections.asked import SPANS, Asked
from revops.portal.wording import metric_url, say_value

PAGE = 50
LATEST = 8


def _asked(request: HttpRequest) -> Asked:
    check(request.user, "review.view")
    allowed = page.splits_for(can(request.user, "review.decide"))
    return Asked.read(request.GET.dict(), timezone.now(), allowed)


@login_required
@require_GET
def rejections(request: HttpRequest) -> HttpResponse:
    """The rejection review of some weeks."""
    asked = replace(_asked(request), reason="", value="")
    matrix = rejection_matrix(asked.period, asked.by)
    run, verdict = page.run_of(page.rate_by_week(asked), is_running=asked.until == asked.newest)
    interval = wilson_interval(matrix.rejected, matrix.answered)
    cost = cost_of(asked.period)
    later = asked.later()
    period = (asked.first.name, asked.until.name)
    context = {
        "asked": asked,
        "matrix": matrix,
        "said": page.said_of(matrix),
        "few": is_too_few(matrix.answered),
        "rate": say_value("share", matrix.rate, matrix.answered),
        "interval": interval and (say_value("share", interval.low), say_value("share", interval.high)),
        "run": run,
        "verdict": verdict,
        "heat": page.heat_of(matrix, asked),
        "pareto": page.pareto_of(matrix),
        "causes": page.causes_of(matrix),
        "cost": cost,
        "cost_rejected": say_value("money", cost.rejected),
        "cost_accepted": say_value("money", cost.accepted),
        "spans": [{"label": label, "url": replace(asked, weeks=span).url(), "current": asked.weeks == span}
                  for span, label in SPANS.items()],
        "splits": [{"label": LABELS[by], "url": replace(asked, by=by).url(), "current": asked.by is by}
                   for by in page.splits_for(can(request.user, "review.decide"))],
        "earlier_url": asked.earlier().url(),
        "later_url": later.url() if later else "",
        "all_url": asked.url("rejections-list"),
        "answers_url": metric_url("rejection_rate", period[0], until=period[1]),
        "csv_url": asked.url("rejections-csv"),
        "latest": _latest(request, asked, PAGE if is_too_few(matrix.answered) else LATEST),
    }  # fmt: skip
    return render(request, "rejections/rejections.html", context)


@login_required
@require_GET
def rejected_leads(request: HttpRequest) -> HttpResponse:
    """The leads behind one number of the rejection review, with the reps' words."""
    asked = _asked(request)
    rows = rejected(asked.cell)
    total = rows.count()
    mine = _readable(request, asked)
    pages = Paginator(mine, PAGE).get_page(request.GET.get("page"))
    reason = ReasonCode.objects.filter(pk=asked.reason).first() if asked.reason else None
    context = {
        "asked": asked,
        "rows": pages,
        "total": total,
        "visible": pages.paginator.count,
        "reason": reason,
        "column": column_name(asked.cell),
        "column_label": LABELS[asked.by],
        "leads_url": asked.leads_url(),
        "back_url": replace(asked, reason="", value="").url(),
        "show_reps": can(request.user, "review.decide"),
        "next_url": f"{asked.url('rejections-list')}{'&' if '?' in asked.url() else '?'}page={pages.next_page_number()}"
        if pages.has_next()
        else "",
    }
    return render(request, "rejections/leads.html", context)


def _readable(request: HttpRequest, asked: Asked) -> QuerySet[Disposition]:
    """The rejections asked for whose leads this person may open."""
    return rejected(asked.cell).filter(lead__in=leads_for(request.user))


def _latest(request: HttpRequest, asked: Asked, most: int) -> list[Disposition]:
    """The newest of them. Chosen by their ids first: reading what a list shows of each of a year would take seconds."""
    found = list(_readable(request, asked).values_list("pk", flat=True)[:most])
    return list(rejected(asked.cell).filter(pk__in=found)) if found else []


@login_required
@require_GET
def as_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The matrix as a file: one row a reason, one column a source (or what it is split by)."""
    asked = _asked(request)
    matrix = rejection_matrix(asked.period, asked.by, most_columns=10_000)
    header = [_("Reason"), _("Root cause"), _("All"), *(column.name for column in matrix.columns)]
    rows = [
        [
            row.label,
            row.root_cause,
            row.n,
            *(matrix.cells.get((row.reason, column.value), 0) for column in matrix.columns),
        ]
        for row in matrix.rows
    ]
    rows.append([_("Answers"), "", matrix.answered, *(column.answered for column in matrix.columns)])
    return csv_response(f"rejections-{asked.first.name}-{asked.until.name}-by-{asked.by}", header, rows)
