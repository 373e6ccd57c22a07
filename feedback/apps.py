"""How Django knows this floor."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    """Floor 4: what sales answered and what we learn from it."""

    name = "feedback"
    label = "feedback"
    default_auto_field = "django.db.models.BigAutoField"
