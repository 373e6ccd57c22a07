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

__all__ = [
    "METRICS",
    "Filters",
    "Measure",
    "Metric",
    "Period",
    "Unit",
    "Week",
    "drill_count",
    "drill_ids",
    "is_mature",
    "leads_behind",
    "measure",
    "measure_by",
    "metric",
    "organisation_zone",
    "weekly",
]
