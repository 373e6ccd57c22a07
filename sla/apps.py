"""How Django knows this floor."""

from django.apps import AppConfig


class SlaConfig(AppConfig):
    """Floor 3: who must act by when."""

    name = "sla"
    label = "sla"
    default_auto_field = "django.db.models.BigAutoField"
