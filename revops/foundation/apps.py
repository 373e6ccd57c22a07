"""How Django knows this floor."""

from django.apps import AppConfig


class FoundationConfig(AppConfig):
    """The ground: people, outbox, ledger, jobs, and what API and pages share."""

    name = "revops.foundation"
    label = "foundation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Says what becomes of messages to persons: what their settings ask."""
        from revops.foundation import outbox, telling  # models must be loaded first

        outbox.register_telling(telling.tell)
