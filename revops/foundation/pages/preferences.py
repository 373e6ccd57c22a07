"""How a person wants the pages to look and to listen to keys."""

from typing import Any

from django.contrib.auth import get_user_model

THEMES = ("auto", "light", "dark")
SHORTCUTS = ("on", "off", "alt")


def keep_display_settings(user: Any, theme: str | None = None, shortcuts: str | None = None) -> None:
    """Keeps what is given and known; anything else is left as it was. One query at most."""
    changed = {}
    if theme in THEMES:
        changed["theme"] = theme
    if shortcuts in SHORTCUTS:
        changed["shortcuts"] = shortcuts
    if changed:
        get_user_model().objects.filter(pk=user.pk).update(**changed)
