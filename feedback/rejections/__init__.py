"""Reads rejections for those who can change what causes them: which reason comes from where, and the leads behind it.

The rows are those of the metric "rejections": what sales rejected and did not take back, history left out.
"""

from .cost import Cost, cost_of
from .dimensions import LABELS, By, Cell
from .matrix import Column, Matrix, Row, column_name, rejected, rejection_matrix

__all__ = [
    "LABELS",
    "By",
    "Cell",
    "Column",
    "Cost",
    "Matrix",
    "Row",
    "column_name",
    "cost_of",
    "rejected",
    "rejection_matrix",
]
