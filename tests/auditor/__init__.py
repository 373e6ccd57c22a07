"""The independent auditor."""
