"""The weekly reviews of the last two months: frozen, discussed, decided, and answered a week later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from feedback.findings import answer_finding, findings, open_findings
from feedback.metrics import Week
from feedback.models import PerformanceReport, ReviewDecision
from feedback.performance import Month, share_performance
from feedback.reviews import (
    answer_decision,
    close_review,
    freeze_review,
    organisation_zone,
    record_attendance,
    record_decision,
)
from revops.portal.demo.company import Company

HELD_AFTER = timedelta(days=1, hours=9)
"""Reviews are on Tuesday morning, about the week before."""


class Planned(NamedTuple):
    """One decision of the review of so many weeks ago, and how it was answered (empty: still open)."""

    weeks_ago: int
    text: str
    owner: str
    metric: str
    direction: str
    answer: str
    note: str = ""


DECISIONS = (
    Planned(9, "Ask the syndication networks to stop ticking “contact me”", "marketing-manager", "acceptance_rate",
            "up", "done", "Network A agreed, network B did not answer"),
    Planned(8, "Route weekend leads to whoever opens first on Monday", "manager1", "speed_to_lead", "down", "not_done",
            "Waits for the new calendar"),
    Planned(7, "Ask for the role on every fair badge scan", "marketer2", "acceptance_rate", "up", "done",
            "The fair app has a field for it now"),
    Planned(6, "Two hours a day without meetings for first calls in the Americas", "manager2", "speed_to_lead", "down",
            "done", "Kept on four of five days"),
    Planned(5, "Show the planning calculator before the price list", "marketer1", "lead_to_opportunity", "up",
            "dropped", "Website team has no time before spring"),
    Planned(4, "Backup for every rep of Sales Americas until the backlog is gone", "manager2", "response_quality", "up",
            "done", "Backlog gone since Thursday"),
    Planned(3, "Send “later this year” leads a date to choose, not a brochure", "marketer3", "rejections", "down",
            "done"),
    Planned(2, "Pause retargeting in paid social for two weeks", "marketing-manager", "acceptance_rate", "up", ""),
    Planned(2, "Log a second channel before the third call", "manager3", "contact_rate", "up", ""),
    Planned(1, "Draft a fit rule for construction and utilities", "admin", "acceptance_rate", "up", ""),
)  # fmt: skip


MARKETING_MISSED = 5
"""The huddle, so many weeks ago, to which nobody of marketing came."""
FINDING_ANSWER = "We looked at the leads together: the audience of that source is narrowed from Monday on."
PERFORMANCE_NOTE = "Search and partners carry the month; paid social stays on watch until its leads are accepted."


class Huddles:
    """Holds each review once simulated time has come."""

    def __init__(self, company: Company, now: datetime) -> None:
        self.users = company.users
        this_week = Week.of(now, organisation_zone())
        self._planned = [(ago, this_week.plus(-ago)) for ago in range(max(plan.weeks_ago for plan in DECISIONS), 0, -1)]

    def hold(self, end: datetime) -> None:
        """Holds the reviews whose day has come by `end`."""
        while self._planned and self._planned[0][1].end + HELD_AFTER <= end:
            with transaction.atomic():
                self._hold(*self._planned.pop(0), end)

    def _hold(self, ago: int, week: Week, end: datetime) -> None:
        at = min(week.end + HELD_AFTER, end)
        freeze_review(week, now=at)
        answers = {plan.text: plan for plan in DECISIONS}
        due = ReviewDecision.objects.filter(answer="", due_on__lte=at.date()).order_by("week_on", "text")
        for decision in due.select_related("owner"):
            plan = answers[decision.text]
            if plan.answer:
                answer_decision(decision.pk, answer=plan.answer, note=plan.note, user=decision.owner, now=at)
        for plan in DECISIONS:
            if plan.weeks_ago == ago:
                record_decision(
                    week,
                    text=plan.text,
                    owner=self.users[plan.owner],
                    due_on=week.monday + timedelta(days=14),
                    metric_key=plan.metric,
                    direction=plan.direction,
                    author=self.users["marketing-manager"],
                    now=at,
                )
        self._keep_word(week, at, missed=ago == MARKETING_MISSED)
        if ago > 1:
            close_review(week, user=self.users["executive"], now=at)

    def _keep_word(self, week: Week, at: datetime, *, missed: bool) -> None:
        """Marketing comes to the huddle, answers what was found the week before, and shares the month that is over."""
        head = self.users["marketing-manager"]
        there = [self.users["manager1"], self.users["manager2"], *([] if missed else [head])]
        record_attendance(week, [person.pk for person in there], by=self.users["executive"], now=at)
        for finding in findings().filter(answered_at__isnull=True, week_on__lt=week.monday):
            answer_finding(finding.pk, answer=FINDING_ANSWER, by=head, now=at)
        open_findings(week, now=at)
        month = Month.of(at, week.zone).plus(-1)
        if not PerformanceReport.objects.filter(month_on=month.first).exists():
            share_performance(month, by=head, note=PERFORMANCE_NOTE, now=at)
