"""The metric dictionary: one definition in words and one query per number, its owner, and the decision it informs.

Every query answers rows of (lead_id, source_id, at, value): the leads behind the number. A rate's value is 1 or 0, a
sum's is its amount, a median's is its span. History and withdrawn leads are never in it. How to add one:
docs/how-to/add-a-metric.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from feedback.models.changed_days import FactKind


class Unit(StrEnum):
    SHARE = "share"
    MONEY = "money"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    COUNT = "count"


class Fold(StrEnum):
    """How the values of the rows become one number."""

    MEAN = "mean"
    SUM = "sum"
    MEDIAN = "median"
    PER_LEAD = "per_lead"
    """Sum of all rows, divided by those that are leads: rows without a lead are money."""


@dataclass(frozen=True)
class Facts:
    """The query of a metric, and the kind of facts whose changes change it; None if it also reads something else."""

    query: str
    kind: FactKind | None


@dataclass(frozen=True)
class Metric:
    """One number. `higher_is_better` says which way is good; `matures_after` how long a cohort needs to be judged."""

    key: str
    name: str | Promise
    definition: str | Promise
    unit: Unit
    fold: Fold
    owner: str
    decision: str | Promise
    facts: Facts
    higher_is_better: bool = True
    matures_after: timedelta = timedelta()
    can_be_goal: bool = True

    @property
    def query(self) -> str:
        return self.facts.query


_LIVE = "NOT lead.is_history AND lead.withdrawn_at IS NULL"

_NEXT_HANDOFF = (
    "COALESCE((SELECT later.handed_off_at FROM sla_handoff later"
    " WHERE later.lead_id = lead.id AND later.number = handoff.number + 1), 'infinity')"
)
"""What happens after a lead came back belongs to its next hand-off."""
_FIRST_ATTEMPT = (
    "LATERAL (SELECT min(CASE WHEN attempt.grade = 'C' THEN attempt.recorded_at ELSE attempt.occurred_at END) AS at"
    " FROM leads_attempt attempt WHERE attempt.lead_id = lead.id AND NOT attempt.is_automatic"
    f" AND attempt.occurred_at >= handoff.handed_off_at AND attempt.occurred_at < {_NEXT_HANDOFF}) first"
)
_TOLD = (
    "SELECT min(notice.created_at) AS at FROM foundation_notice notice"
    " WHERE notice.subject_id = lead.id AND notice.kind = 'lead.assigned'"
    f" AND notice.created_at >= handoff.handed_off_at AND notice.created_at < {_NEXT_HANDOFF}"
)
_REPS_TURN = (
    "LATERAL (SELECT max(step.at) AS at FROM ("
    "SELECT min(given.assigned_at) AS at FROM sla_assignment given"
    " WHERE given.handoff_id = handoff.id AND given.user_id IS NOT NULL"
    f" UNION ALL {_TOLD}"
    " UNION ALL SELECT min(clock.met_at) FROM sla_clock clock JOIN sla_clause clause ON clause.id = clock.clause_id"
    " WHERE clock.handoff_id = handoff.id AND clause.code = 'details_within'"
    ") step WHERE step.at <= first.at) begun"
)
"""Since when a rep could have tried: the lead was theirs, they were told, and the details were there."""


def _from_handoffs(value: str, joined: str, condition: str) -> Facts:
    query = (
        f"SELECT lead.id AS lead_id, lead.source_id, handoff.handed_off_at AS at, ({value})::numeric AS value"
        f" FROM sla_handoff handoff JOIN leads_lead lead ON lead.id = handoff.lead_id, {joined}"
        f" WHERE {condition} AND {_LIVE}"
    )
    return Facts(query, FactKind.HANDOFFS)


def _from_answers(value: str, condition: str = "handoff.state IN ('accepted', 'rejected', 'returned')") -> Facts:
    query = (
        f"SELECT lead.id AS lead_id, lead.source_id, handoff.answered_at AS at, ({value})::numeric AS value"
        " FROM sla_handoff handoff JOIN leads_lead lead ON lead.id = handoff.lead_id"
        f" WHERE {condition} AND {_LIVE}"
    )
    return Facts(query, FactKind.ANSWERS)


_STANDS = "NOT EXISTS (SELECT FROM feedback_disposition undo WHERE undo.undoes_id = answer.id)"


def _from_dispositions(value: str, kinds: str) -> Facts:
    """Answers that stand, also the second one of a lead that was accepted first."""
    query = (
        f"SELECT lead.id AS lead_id, lead.source_id, answer.decided_at AS at, ({value})::numeric AS value"
        " FROM feedback_disposition answer JOIN leads_lead lead ON lead.id = answer.lead_id"
        f" WHERE answer.kind IN ({kinds}) AND NOT answer.is_history AND {_STANDS} AND {_LIVE}"
    )
    return Facts(query, FactKind.DISPOSITIONS)


def _from_leads(value: str, at: str = "lead.received_at") -> Facts:
    query = (
        f"SELECT lead.id AS lead_id, lead.source_id, {at} AS at, ({value})::numeric AS value"
        f" FROM leads_lead lead WHERE {_LIVE}"
    )
    return Facts(query, FactKind.LEADS)


def _counts(outcome: str) -> str:
    """That no later row corrects this outcome: of a restated one only the latest version counts."""
    return f"NOT EXISTS (SELECT FROM feedback_outcome later WHERE later.corrects_id = {outcome}.id)"


def _from_outcomes(value: str, kinds: str) -> Facts:
    query = (
        f"SELECT lead.id AS lead_id, lead.source_id, outcome.occurred_at AS at, ({value})::numeric AS value"
        " FROM feedback_outcome outcome JOIN leads_lead lead ON lead.id = outcome.lead_id"
        f" WHERE outcome.kind IN ({kinds}) AND {_counts('outcome')} AND {_LIVE}"
    )
    return Facts(query, FactKind.OUTCOMES)


def _has_outcome(kinds: str) -> str:
    return (
        "CASE WHEN EXISTS (SELECT FROM feedback_outcome became WHERE became.lead_id = lead.id"
        f" AND became.kind IN ({kinds}) AND {_counts('became')}) THEN 1 ELSE 0 END"
    )


def _amount_of(kind: str) -> str:
    return (
        "COALESCE((SELECT sum(became.amount) FROM feedback_outcome became"
        f" WHERE became.lead_id = lead.id AND became.kind = '{kind}' AND became.currency = %(currency)s"
        f" AND {_counts('became')}), 0)"
    )


_ACCEPTED = "handoff.state = 'accepted'"

_MONEY_AND_ACCEPTED = (
    "SELECT lead.id AS lead_id, lead.source_id, lead.received_at AS at, 0::numeric AS value FROM leads_lead lead"
    f" WHERE {_LIVE} AND EXISTS (SELECT FROM sla_handoff handoff WHERE handoff.lead_id = lead.id AND {_ACCEPTED})"
    " UNION ALL SELECT NULL, spend.source_id, day AT TIME ZONE %(zone)s,"
    " spend.amount_minor / %(units)s::numeric / extract(day FROM spend.month_on + interval '1 month - 1 day')"
    " FROM leads_spend spend, generate_series(spend.month_on::timestamp,"
    " spend.month_on + interval '1 month - 1 day', interval '1 day') AS day WHERE spend.currency = %(currency)s"
)
"""A month's money is spread evenly over its days, so that weeks and single days have their share."""
_WAS_CONTACTED = (
    "CASE WHEN EXISTS (SELECT FROM leads_attempt attempt WHERE attempt.lead_id = lead.id"
    " AND NOT attempt.is_automatic"
    " AND attempt.result IN ('contact', 'conversation')) THEN 1 ELSE 0 END"
)
_TOUCHED_IN_A_DAY = (
    "CASE WHEN EXISTS (SELECT FROM leads_attempt attempt WHERE attempt.lead_id = lead.id"
    " AND NOT attempt.is_automatic"
    " AND attempt.occurred_at < handoff.answered_at + interval '24 hours') THEN 1 ELSE 0 END"
)

_DEFINITIONS = [
    Metric(
        "acceptance_rate", _("Acceptance rate"),
        _("Of the hand-offs sales answered, the share it accepted."),
        Unit.SHARE, Fold.MEAN, "revops", _("Which sources and rules stay as they are."),
        _from_answers("CASE WHEN handoff.state = 'accepted' THEN 1 ELSE 0 END"),
    ),
    Metric(
        "accepted_leads", _("Accepted leads"),
        _("Hand-offs that a rep accepted."),
        Unit.COUNT, Fold.SUM, "marketing", _("Whether marketing keeps its volume clause."),
        _from_answers("1", _ACCEPTED),
    ),
    Metric(
        "lead_to_opportunity", _("Lead to opportunity"),
        _("Of the leads that entered, the share that became an opportunity so far."),
        Unit.SHARE, Fold.MEAN, "revops", _("Which sources grow."),
        _from_leads(_has_outcome("'opportunity', 'won', 'lost'")), matures_after=timedelta(weeks=8),
    ),
    Metric(
        "lead_to_revenue", _("Lead to revenue"),
        _("Of the leads that entered, the share that was won so far."),
        Unit.SHARE, Fold.MEAN, "revops", _("Which sources get budget."),
        _from_leads(_has_outcome("'won'")), matures_after=timedelta(weeks=16),
    ),
    Metric(
        "pipeline_created", _("Pipeline created"),
        _("Amount of the opportunities opened, in the reporting currency."),
        Unit.MONEY, Fold.SUM, "sales", _("Whether the quarter is covered."),
        _from_outcomes("CASE WHEN outcome.currency = %(currency)s THEN outcome.amount ELSE 0 END", "'opportunity'"),
    ),
    Metric(
        "revenue_won", _("Revenue won"),
        _("Amount of the deals won, in the reporting currency."),
        Unit.MONEY, Fold.SUM, "sales", _("Whether the plan holds."),
        _from_outcomes("CASE WHEN outcome.currency = %(currency)s THEN outcome.amount ELSE 0 END", "'won'"),
    ),
    Metric(
        "pipeline_per_accepted", _("Pipeline per accepted lead"),
        _("Opportunity amount so far, per hand-off accepted."),
        Unit.MONEY, Fold.MEAN, "revops", _("Where the next euro of spend goes."),
        _from_answers(_amount_of("opportunity"), _ACCEPTED), matures_after=timedelta(weeks=8),
    ),
    Metric(
        "revenue_per_accepted", _("Revenue per accepted lead"),
        _("Won amount so far, per hand-off accepted."),
        Unit.MONEY, Fold.MEAN, "revops", _("Which sources are worth their price."),
        _from_answers(_amount_of("won"), _ACCEPTED), matures_after=timedelta(weeks=16),
    ),
    Metric(
        "cost_per_accepted", _("Cost per accepted lead"),
        _("Money stated for the days of the period, per lead received in it that sales accepted so far."),
        Unit.MONEY, Fold.PER_LEAD, "marketing", _("Which sources and campaigns are worth their price."),
        Facts(_MONEY_AND_ACCEPTED, None), higher_is_better=False, matures_after=timedelta(weeks=2),
    ),
    Metric(
        "win_rate", _("Win rate"),
        _("Of the deals that closed, the share that was won."),
        Unit.SHARE, Fold.MEAN, "sales", _("Which deals to leave earlier."),
        _from_outcomes("CASE WHEN outcome.kind = 'won' THEN 1 ELSE 0 END", "'won', 'lost'"),
    ),
    Metric(
        "speed_to_lead", _("Speed to lead"),
        _("Median hours from hand-off to the first attempt, by the clock on the wall."),
        Unit.HOURS, Fold.MEDIAN, "sales", _("Whether routing or staffing must change."),
        _from_handoffs("extract(epoch FROM first.at - handoff.handed_off_at) / 3600", _FIRST_ATTEMPT,
                       "first.at IS NOT NULL"),
        higher_is_better=False,
    ),
    Metric(
        "speed_to_lead_system", _("Speed to lead: system"),
        _("Median minutes from qualification until the owner was told, by the clock on the wall."),
        Unit.MINUTES, Fold.MEDIAN, "revops", _("Whether routing or the workers must change."),
        _from_handoffs("extract(epoch FROM told.at - handoff.qualified_at) / 60", f"LATERAL ({_TOLD}) told",
                       "told.at IS NOT NULL"),
        higher_is_better=False,
    ),
    Metric(
        "speed_to_lead_person", _("Speed to lead: person"),
        _("Median hours from when the rep had the lead, was told and had the details, to the first attempt."),
        Unit.HOURS, Fold.MEDIAN, "sales", _("Whether staffing or habits must change."),
        _from_handoffs("extract(epoch FROM first.at - COALESCE(begun.at, handoff.handed_off_at)) / 3600",
                       f"{_FIRST_ATTEMPT}, {_REPS_TURN}", "first.at IS NOT NULL"),
        higher_is_better=False,
    ),
    Metric(
        "response_quality", _("Response quality"),
        _("Of the hand-offs accepted, the share with an attempt within a day of acceptance."),
        Unit.SHARE, Fold.MEAN, "sales", _("Whether accepted leads are worked."),
        _from_answers(_TOUCHED_IN_A_DAY, _ACCEPTED), matures_after=timedelta(days=1),
    ),
    Metric(
        "contact_rate", _("Contact rate"),
        _("Of the hand-offs accepted, the share in which somebody was reached."),
        Unit.SHARE, Fold.MEAN, "sales", _("Whether details and channels are good enough."),
        _from_answers(_WAS_CONTACTED, _ACCEPTED), matures_after=timedelta(weeks=2),
    ),
    Metric(
        "connect_to_meeting", _("Contact to meeting"),
        _("Of the accepted leads that were reached, the share that had a meeting."),
        Unit.SHARE, Fold.MEAN, "sales", _("Whether talk tracks work."),
        _from_answers(_has_outcome("'meeting'"), f"{_ACCEPTED} AND {_WAS_CONTACTED} = 1"),
        matures_after=timedelta(weeks=3),
    ),
    Metric(
        "meeting_to_opportunity", _("Meeting to opportunity"),
        _("Of the meetings held, the share whose lead became an opportunity so far."),
        Unit.SHARE, Fold.MEAN, "sales", _("Whether meetings are with the right people."),
        _from_outcomes(_has_outcome("'opportunity', 'won', 'lost'"), "'meeting'"), matures_after=timedelta(weeks=4),
    ),
    Metric(
        "opportunity_velocity", _("Opportunity velocity"),
        _("Median days from hand-off to opportunity."),
        Unit.DAYS, Fold.MEDIAN, "sales", _("Where deals get stuck."),
        _from_outcomes(
            "SELECT extract(epoch FROM outcome.occurred_at - min(handoff.handed_off_at)) / 86400"
            " FROM sla_handoff handoff WHERE handoff.lead_id = lead.id",
            "'opportunity'",
        ),
        higher_is_better=False,
    ),
    Metric(
        "rejections", _("Rejections"),
        _("Rejections by sales that stand, also of leads it had accepted first."),
        Unit.COUNT, Fold.SUM, "marketing", _("Which rule or source changes next."),
        _from_dispositions("1", "'rejected'"), higher_is_better=False, can_be_goal=False,
    ),
    Metric(
        "rejection_rate", _("Rejection rate"),
        _("Of the answers sales gave, the share that rejected the lead, at once or after accepting it."),
        Unit.SHARE, Fold.MEAN, "marketing", _("Whether the rules let too much through."),
        _from_dispositions("CASE WHEN answer.kind = 'rejected' THEN 1 ELSE 0 END",
                           "'accepted', 'rejected', 'returned'"),
        higher_is_better=False, can_be_goal=False,
    ),
    Metric(
        "wasted_hours", _("Wasted effort"),
        _("Hours spent on attempts at leads that were rejected, at six minutes an attempt."),
        Unit.HOURS, Fold.SUM, "revops", _("What poor leads cost."),
        _from_dispositions(
            "(SELECT count(*) FROM leads_attempt attempt WHERE attempt.lead_id = lead.id"
    " AND NOT attempt.is_automatic"
            " AND attempt.occurred_at <= answer.decided_at) * 0.1",
            "'rejected'",
        ),
        higher_is_better=False,
    ),
    Metric(
        "recycled_conversion", _("Recycled conversion"),
        _("Of the hand-offs that came back after a rejection or nurture, the share sales accepted."),
        Unit.SHARE, Fold.MEAN, "marketing", _("Whether nurture earns its keep."),
        _from_answers(
            "CASE WHEN handoff.state = 'accepted' THEN 1 ELSE 0 END",
            "handoff.number > 1 AND handoff.state IN ('accepted', 'rejected', 'returned')",
        ),
    ),
]  # fmt: skip

METRICS: dict[str, Metric] = {entry.key: entry for entry in _DEFINITIONS}


def metric(key: str) -> Metric:
    """The metric of that name. Raises KeyError with the known names."""
    try:
        return METRICS[key]
    except KeyError:
        raise KeyError(f"There is no metric “{key}”. Known: {', '.join(METRICS)}.") from None
