"""The independent auditor: plain SQL over the tables, sharing no code with what wrote them."""

from .asking import Finding, Report, audit

__all__ = ["Finding", "Report", "audit"]
