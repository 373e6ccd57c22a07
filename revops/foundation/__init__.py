"""The ground: people, outbox, ledger, jobs, and what API and pages share."""
