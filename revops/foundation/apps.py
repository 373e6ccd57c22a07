"""How Django knows this floor."""

from django.apps import AppConfig


class FoundationConfig(AppConfig):
    """The ground: people, outbox, ledger, jobs, and what API and pages share."""

    name = "revops.foundation"
    label = "foundation"
    default_auto_field = "django.db.models.BigAutoField"
