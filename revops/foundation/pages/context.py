"""What base.html needs on every page; costs no query."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from revops.foundation.pages.nav import nav_for


def portal(request: HttpRequest) -> dict[str, Any]:
    """Navigation, clock, look and shortcuts of the person who asks."""
    user = getattr(request, "user", None)
    theme = getattr(user, "theme", "auto")
    return {
        "nav_groups": nav_for(user, request.path),
        "server_now": timezone.now(),
        "theme": theme if theme in ("light", "dark") else "auto",
        "shortcuts": getattr(user, "shortcuts", "on"),
        "demo_mode": getattr(settings, "DEMO_MODE", False),
        "request_id": getattr(request, "request_id", ""),
    }
