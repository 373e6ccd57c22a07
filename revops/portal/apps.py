"""How Django knows this floor."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The roof: the journey of a lead and the pages that show several floors."""

    name = "revops.portal"
    label = "portal"
    default_auto_field = "django.db.models.BigAutoField"
