"""Example data of the living design page: each component and chart empty, with one, with many, with long text."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms

from revops.foundation.pages import charts
from revops.foundation.pages.charts import Annotation, Bar, Cell, Step, xmr

LONG = "Bartholomäus-Maximilian von und zu Hohenlohe-Schillingsfürst-Waldenburg, Head of International Partnerships"
WEEKS = [f"W{week}" for week in range(24, 48)]
ACCEPTED = [34, 36, 31, 35, 38, 33, 32, 36, 35, 30, 33, 37, 34, 36, 33, 35, 31, 34, 44, 47, 45, 48, 46, 49]


class ExampleForm(forms.Form):
    """A form with each kind of field."""

    email = forms.EmailField(label="Work e-mail", help_text="We write to this address once, to confirm it.")
    company = forms.CharField(label="Company")
    reason = forms.ChoiceField(
        label="Reason", choices=[("", "Choose a reason"), ("fit", "Not our fit"), ("no", "No need")]
    )
    note = forms.CharField(label="What was said", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    wakes = forms.BooleanField(label="Wake this lead again next quarter", required=False)


def examples(now: datetime) -> dict[str, Any]:
    """Everything the design page shows, at `now`."""
    return {"charts": _charts(), "now": now, **_components(now)}


def _charts() -> dict[str, Any]:
    weekly = list(zip(WEEKS, ACCEPTED, strict=True))
    reasons = ["Not our fit", "Wrong person", "No need now", "Timing", "Wrong or missing data"]
    sources = ["Website", "Webinar", "Trade fair", "Partner", "Outbound"]
    counts = [[14, 22, 61, 3, 18], [9, 12, 19, 2, 31], [21, 34, 11, 5, 40], [7, 9, 4, 8, 12], [2, 1, 27, 0, 4]]
    cells = {
        (reason, source): Cell(
            counts[r][c],
            f"{min(99, counts[r][c] * 100 // 90)}\u202f%" if counts[r][c] > 9 else "",
            "#heat",
            "signal: above its limit" if counts[r][c] > 50 else "",
        )
        for r, reason in enumerate(reasons)
        for c, source in enumerate(sources)
    }
    speed = [12, 41, 66, 52, 31, 18, 11, 6, 4, 3, 1, 2]
    return {
        "run": charts.run_chart(
            "Acceptance rate, weekly",
            weekly,
            "%",
            [Annotation("W42", "Rulebook v14 published")],
            limits=xmr(ACCEPTED, 0, 100, 18),
        ),
        "run_routine": charts.run_chart("Rejections with evidence", weekly[:14], "%", ceiling=100),
        "run_few": charts.run_chart("Meetings booked", weekly[:4]),
        "run_one": charts.run_chart("First week", weekly[:1], "%"),
        "run_empty": charts.run_chart("Revenue from accepted leads", []),
        "bars": charts.bars(
            "Leads by source",
            [Bar("Website", 1820), Bar("Webinar", 940), Bar("Trade fair in Hannover", 610), Bar("Partner", 88)],
        ),
        "bars_long": charts.bars(
            "Long labels", [Bar(LONG, 31, "too few to judge", "mute"), Bar("Acme", 12, "", "bad")]
        ),
        "bars_empty": charts.bars("Spend by campaign", []),
        "steps": charts.step_bars(
            "From hand-off to won",
            [
                Step("Handed off", 1240),
                Step("Accepted", 868),
                Step("Meeting", 412),
                Step("Opportunity", 190),
                Step("Won", 51),
            ],
        ),
        "pareto": charts.pareto(
            "Rejection reasons",
            [
                Bar("Not our fit", 118),
                Bar("No need now", 111),
                Bar("Wrong person", 73),
                Bar("Timing", 40),
                Bar("Missing data", 34),
            ],
        ),
        "why": charts.contributions(
            "Intent: 41 of 60",
            [
                Bar("Viewed pricing 3 times in 4 days", 22, "worth 88 % now"),
                Bar("Asked for a demo", 18),
                Bar("Attended “Pipeline hygiene” webinar", 9, "worth 60 % now"),
                Bar("No visit for 6 days", -5),
                Bar("Free e-mail address", -3),
            ],
        ),
        "spark": charts.sparkline("Acceptance rate", ACCEPTED[:18], "%"),
        "spark_signal": charts.sparkline("Acceptance rate", ACCEPTED, "%", xmr(ACCEPTED, 0, 100, 18)),
        "spark_few": charts.sparkline("New source", [3]),
        "bullet": charts.bullet("Qualified leads this month", 148, 240, 171),
        "bullet_ahead": charts.bullet("Accepted tier-1 leads", 96, 110, 80),
        "histogram": charts.histogram(
            "Hand-off to first attempt",
            [(f"{hour} h", count) for hour, count in enumerate(speed)],
            4,
            "4 business hours",
            [(2.4, "p50 2.4 h")],
        ),
        "composition": charts.composition(
            "Today's decisions",
            [Bar("Accepted", 41), Bar("Rejected", 22), Bar("Snoozed", 9), Bar("Returned to nurture", 6)],
        ),
        "heat": charts.heat_table("Rejections by reason and source", reasons, sources, cells, "Reason"),
        "cohort": charts.cohort_table(
            "Lead to opportunity by week of hand-off",
            [
                ("W42", 112, [2, 9, 14, 17, 18]),
                ("W43", 98, [3, 10, 15, 19]),
                ("W44", 121, [4, 13, 18]),
                ("W45", 104, [6, 15]),
                ("W46", 17, [6]),
            ],
            ["1 week", "2 weeks", "3 weeks", "4 weeks", "5 weeks"],
            "Week",
        ),
    }


def _components(now: datetime) -> dict[str, Any]:
    return {
        "tones": [
            ("good", "circle-check"),
            ("warn", "clock"),
            ("bad", "alert-triangle"),
            ("note", "flame"),
            ("neutral", "circle"),
            ("strong", "star"),
        ],
        "long": LONG,
        "rows": [
            SimpleNamespace(
                company="Acme Robotics",
                person="Mara Lindqvist",
                role="VP Sales",
                tier="Tier 1",
                tone="good",
                value=1840,
                due=now + timedelta(hours=1, minutes=12),
                started=now - timedelta(hours=1),
            ),
            SimpleNamespace(
                company="Globex",
                person="T. Okafor",
                role="Head of RevOps",
                tier="Tier 2",
                tone="note",
                value=920,
                due=now + timedelta(minutes=9),
                started=now - timedelta(hours=3),
            ),
            SimpleNamespace(
                company=LONG,
                person="李小龍",
                role="",
                tier="Tier 3",
                tone="neutral",
                value=12,
                due=now - timedelta(minutes=44),
                started=now - timedelta(hours=4),
            ),
        ],
        "events": [
            {
                "title": "Accepted by Jonas Weber",
                "at": now - timedelta(minutes=3),
                "icon": "check",
                "tone": "good",
                "text": "First contact is due in 4 business hours.",
            },
            {
                "title": "Handed off to Jonas Weber",
                "at": now - timedelta(minutes=41),
                "icon": "arrow-right",
                "tone": "note",
                "by": "Rulebook v14",
            },
            {
                "title": "Asked for a demo",
                "at": now - timedelta(hours=2),
                "icon": "bolt",
                "text": "“We compare three vendors until March.”",
            },
            {"title": "Viewed pricing", "at": now - timedelta(days=1), "icon": "eye"},
        ],
        "tabs": [
            {"label": "Summary", "url": "#summary", "current": True},
            {"label": "Timeline", "url": "#timeline", "count": 23},
            {"label": "Score explained", "url": "#score"},
            {"label": "Attempts", "url": "#attempts", "count": 0},
        ],
        "choices": [
            {"label": label, "url": f"?by={label.lower()}", "current": label == "Source"}
            for label in ("Source", "Campaign", "Rule")
        ],
        "facts": [
            ("Company", "Acme Robotics, 320 people, Stuttgart"),
            ("Phone", None),
            ("Legal basis", "Consent, 3 Nov 2026"),
            ("Note", LONG),
        ],
        "job_running": {
            "state": "running",
            "kind": "import",
            "processed": 412_000,
            "total": 1_000_000,
            "rate": 10_400,
            "eta": timedelta(seconds=57),
        },
        "job_waiting": {"state": "waiting", "kind": "import", "processed": 0, "total": None},
        "job_failed": {
            "state": "failed",
            "kind": "import",
            "processed": 3_100,
            "total": 4_120,
            "error": "Line 3,101 ends inside a quoted cell. Fix it and resume; the first 3,100 rows are done.",
        },
        "due_ok": now + timedelta(hours=5),
        "due_soon": now + timedelta(hours=1, minutes=12),
        "due_urgent": now + timedelta(minutes=8),
        "due_late": now - timedelta(hours=2),
        "due_started": now - timedelta(hours=3),
        "icons": sorted(_icons()),
        "statuses": (400, 403, 404, 409, 410, 413, 429, 500, 503),
    }


def _icons() -> frozenset[str]:
    from revops.foundation.templatetags.portal import icon_names

    return icon_names()
