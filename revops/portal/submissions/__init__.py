"""The journal: everything received and what became of it, with the quarantine and its release."""
