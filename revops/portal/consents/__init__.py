"""Consent: what arrives with submissions, double opt-in, the ledger's pages, and the way out for those mailed."""
