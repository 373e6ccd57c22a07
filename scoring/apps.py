"""How Django knows this floor."""

from django.apps import AppConfig


class ScoringConfig(AppConfig):
    """Floor 2: how good is this lead, and why."""

    name = "scoring"
    label = "scoring"
    default_auto_field = "django.db.models.BigAutoField"
