"""Rejections by reason and origin: every cell equals its leads, and all cells equal a slow recount."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.metrics import METRICS, Period, Week, measure
from feedback.models import Disposition, RootCause
from feedback.rejections import By, Cell, Matrix, column_name, cost_of, rejected, rejection_matrix
from leads.models import Campaign, Lead, Spend
from revops.foundation.ids import encode
from tests.conftest import NOW
from tests.feedback.company import Company

REASONS = [("no_budget", "3000 EUR"), ("no_need", "Solved it"), ("is_student", "Thesis"), ("too_small", "3")]


@pytest.fixture
def period(week: Week) -> Period:
    return Period(week.plus(-3).start, week.end)


@pytest.fixture
def refused(company: Company) -> Company:
    """Answers over four weeks from three sources, two campaigns of one name, three countries, two of them undone."""
    dice = random.Random(3)
    campaigns = [
        Campaign.objects.create(source=source, key="spring", name="Spring", created_at=NOW)
        for source in company.sources[:2]
    ]
    for ago in (21, 14, 7, 0):
        at = NOW - timedelta(days=ago)
        for source in range(3):
            leads = company.hand_off(4, at=at, source=source, country=dice.choice(["DE", "US", ""]))
            for lead in leads:
                if dice.random() < 0.6:
                    Lead.objects.filter(pk=lead.pk).update(campaign=dice.choice([*campaigns, None]))
                if dice.random() < 0.3:
                    company.accept(lead, at=at + timedelta(minutes=9))
                    continue
                row = company.reject(lead, *dice.choice(REASONS), at=at + timedelta(minutes=9))
                if dice.random() < 0.15:
                    company.undo(row.pk, at=at + timedelta(minutes=19))
    return company


def _standing(period: Period) -> list[Disposition]:
    undone = set(Disposition.objects.filter(kind="undone").values_list("undoes_id", flat=True))
    rows = Disposition.objects.filter(kind="rejected").select_related(
        "lead__source", "lead__campaign", "lead__person", "lead__account", "handoff__score_decision__rulebook"
    )
    return [
        row for row in rows if row.pk not in undone and row.decided_at and period.start <= row.decided_at < period.end
    ]


def _country(row: Disposition) -> str:
    account = row.lead.account
    return row.lead.person.country or (account.country if account else "") or "-"


SLOW: dict[By, Callable[[Disposition], str]] = {
    By.SOURCE: lambda row: row.lead.source.key,
    By.CAMPAIGN: lambda row: encode("campaign", row.lead.campaign.pk) if row.lead.campaign else "-",
    By.REP: lambda row: encode("user", row.user_id),
    By.RULEBOOK: lambda row: str(row.handoff.score_decision.rulebook.version),
    By.COUNTRY: _country,
    By.WEEK: lambda row: "{}-W{:02d}".format(*row.decided_at.isocalendar()[:2]),
}


def _shown(matrix: Matrix) -> dict[tuple[str, str], int]:
    return {key: n for key, n in matrix.cells.items() if n}


@pytest.mark.parametrize("by", By)
def test_the_matrix_agrees_with_a_slow_recount_and_opens_to_its_leads(refused: Company, period: Period, by: By) -> None:
    rows = _standing(period)
    matrix = rejection_matrix(period, by)
    assert _shown(matrix) == Counter((row.reason_id, SLOW[by](row)) for row in rows)
    assert matrix.rejected == len(rows) == measure(METRICS["rejections"], period).value
    rate = measure(METRICS["rejection_rate"], period)
    assert (matrix.answered, matrix.rate) == (rate.n, pytest.approx(rate.value))
    for (reason, value), n in matrix.cells.items():
        assert rejected(Cell(period, reason, by, value)).count() == n
    for row in matrix.rows:
        assert rejected(Cell(period, row.reason)).count() == row.n
    for column in matrix.columns:
        assert rejected(Cell(period, "", by, column.value)).count() == column.rejected
    assert len({column.name for column in matrix.columns}) == len(matrix.columns)


def test_a_family_opens_all_its_reasons(refused: Company, period: Period) -> None:
    family = [row for row in _standing(period) if row.reason_id in ("no_budget", "no_need")]
    assert rejected(Cell(period, "need")).count() == len(family)


def test_columns_of_one_name_are_told_apart(refused: Company, period: Period) -> None:
    names = {column.name for column in rejection_matrix(period, By.CAMPAIGN).columns}
    assert {"Spring (1)", "Spring (2)", "none"} <= names


@pytest.mark.parametrize(
    ("by", "value"),
    [(By.SOURCE, "nowhere"), (By.CAMPAIGN, "campaign_x"), (By.REP, "user_1"), (By.RULEBOOK, "many"), (By.WEEK, "soon"),
     (By.COUNTRY, "Atlantis")],
)  # fmt: skip
def test_a_value_that_cannot_be_is_empty_not_an_error(refused: Company, period: Period, by: By, value: str) -> None:
    assert not rejected(Cell(period, "", by, value)).exists()
    assert column_name(Cell(period, "", by, value)) == value


def test_a_cell_is_named_like_its_column(refused: Company, period: Period) -> None:
    for by in (By.SOURCE, By.REP, By.RULEBOOK, By.COUNTRY, By.WEEK):
        for column in rejection_matrix(period, by).columns:
            assert column_name(Cell(period, "", by, column.value)) == column.name
    assert column_name(Cell(period)) == ""


def test_more_columns_than_fit_are_counted_and_weeks_are_the_newest(refused: Company, period: Period) -> None:
    all_weeks = rejection_matrix(period, By.WEEK)
    some = rejection_matrix(period, By.WEEK, most_columns=2)
    assert [column.value for column in some.columns] == [column.value for column in all_weeks.columns][-2:]
    assert some.left_out == 2
    assert some.rejected == all_weeks.rejected


def test_what_its_row_and_column_do_not_explain_is_marked(company: Company, period: Period) -> None:
    for source, reason in ((0, REASONS[0]), (1, REASONS[1])):
        for lead in company.hand_off(12, source=source):
            company.reject(lead, *reason)
    for lead in company.hand_off(30, source=2):
        company.reject(lead, *REASONS[1])
    assert rejection_matrix(period, By.SOURCE).marked == {("no_budget", "website")}


def test_root_causes_sum_to_all_rejections(refused: Company, period: Period) -> None:
    causes = rejection_matrix(period, By.SOURCE).root_causes
    assert [cause for cause, _ in causes] == list(RootCause)
    assert sum(n for _, n in causes) == len(_standing(period))


def test_an_empty_period_is_empty(company: Company, period: Period) -> None:
    matrix = rejection_matrix(period, By.SOURCE)
    assert (matrix.rows, matrix.columns, matrix.rate, matrix.rejected) == ([], [], None, 0)


def test_a_rejected_lead_costs_its_share_of_the_months_spend(company: Company, week: Week) -> None:
    leads = company.hand_off(4)
    company.reject(leads[0])
    company.accept(leads[1])
    company.reject(company.hand_off(1, source=1)[0])
    Spend.objects.create(source=company.sources[0], month_on="2026-03-01", amount_minor=100_000, currency="EUR")
    Spend.objects.create(source=company.sources[0], month_on="2026-02-01", amount_minor=777_700, currency="EUR")
    Spend.objects.create(source=company.sources[1], month_on="2026-03-01", amount_minor=50_000, currency="USD")
    cost = cost_of(week.period)
    assert (cost.rejected, cost.known, cost.accepted, cost.accepted_known) == (250.0, 1, 250.0, 1)


def test_without_spend_the_cost_is_unknown_not_zero(company: Company, week: Week) -> None:
    company.reject(company.hand_off(1)[0])
    assert cost_of(week.period).known == 0


@pytest.mark.parametrize("sources", [1, 3])
def test_the_matrix_takes_as_many_queries_for_more(company: Company, period: Period, sources: int) -> None:
    for source in range(sources):
        company.reject(company.hand_off(1, source=source)[0])
    with CaptureQueriesContext(connection) as captured:
        rejection_matrix(period, By.SOURCE)
    assert len(captured) == 4  # versions, counts, names of columns, reasons
