"""How Django knows this floor."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The roof: the journey of a lead and the pages that show several floors."""

    name = "revops.portal"
    label = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Says who does long work that lower floors write down, when people work, and what a new lead is told with."""
        from revops.foundation import telling
        from revops.portal.auditor import working as auditor  # models must be loaded first
        from revops.portal.campaigns import working as campaigns
        from revops.portal.imports import running
        from revops.portal.privacy import requests, retention
        from revops.portal.rules import backtesting, rescoring
        from revops.portal.vetting import working as vetting
        from scoring.explanation import explain_many
        from sla.presence import works_at

        auditor.register()
        campaigns.register()
        running.register()
        requests.register()
        retention.register()
        backtesting.register()
        rescoring.register()
        vetting.register()
        telling.register_working_hours(works_at)
        telling.register_words("lead.assigned", explain_many)
