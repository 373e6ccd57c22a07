"""How Django knows this floor."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """Floor 1: who knocked."""

    name = "leads"
    label = "leads"
    default_auto_field = "django.db.models.BigAutoField"
