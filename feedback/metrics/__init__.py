"""The only place that knows how a number is computed. Pages, API, e-mail and print ask here."""

from .dictionary import METRICS, Metric, Unit, metric
from .measuring import Filters, Measure, drill_ids, measure, measure_by, weekly
from .periods import Period, Week

__all__ = [
    "METRICS",
    "Filters",
    "Measure",
    "Metric",
    "Period",
    "Unit",
    "Week",
    "drill_ids",
    "measure",
    "measure_by",
    "metric",
    "weekly",
]
