"""The only place that knows how a number is computed. Pages, API, e-mail and print ask here."""

from .dictionary import METRICS, Metric, Unit, metric
from .measuring import (
    Filters,
    Measure,
    drill_count,
    drill_ids,
    is_mature,
    leads_behind,
    measure,
    measure_by,
    organisation_zone,
    weekly,
)
from .periods import Period, Week
from .remembering import by_source_of, weekly_of

__all__ = [
    "METRICS",
    "Filters",
    "Measure",
    "Metric",
    "Period",
    "Unit",
    "Week",
    "by_source_of",
    "drill_count",
    "drill_ids",
    "is_mature",
    "leads_behind",
    "measure",
    "measure_by",
    "metric",
    "organisation_zone",
    "weekly",
    "weekly_of",
]
