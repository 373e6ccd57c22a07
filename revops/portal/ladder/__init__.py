"""The escalation ladder of the agreement: read by all, changed by those who manage the SLA."""
