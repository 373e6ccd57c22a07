"""Who changed what, and when: the ledger on a page."""
