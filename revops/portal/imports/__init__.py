"""Imports: from an uploaded file over a confirmed mapping to submissions that took the same journey as all others."""
