"""How form fields become HTML: as Django does it, but an empty choice is a word instead of nine dashes."""

from django.conf import settings
from django.forms.renderers import DjangoTemplates
from django.template.backends.django import DjangoTemplates as Engine
from django.utils.functional import cached_property


class PortalRenderer(DjangoTemplates):
    """Looks into `templates/fields` of the portal before Django's own templates of widgets."""

    @cached_property
    def engine(self) -> Engine:
        own = settings.BASE_DIR / "templates" / "fields"
        options = {"APP_DIRS": True, "DIRS": [own, *super().engine.dirs], "NAME": "fields", "OPTIONS": {}}
        return Engine(options)
