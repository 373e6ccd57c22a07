"""Which address belongs to which floor; each floor names its own pages."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

from revops.foundation import health


def mount(route: str, module: str) -> list[URLPattern | URLResolver]:
    """The addresses of `module` under `route`; nothing while the module does not exist yet."""
    parent, _, _ = module.rpartition(".")
    if find_spec(parent) is None or find_spec(module) is None:
        return []
    return [path(route, include(module))]


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz/live", health.live, name="healthz-live"),
    path("healthz/ready", health.ready, name="healthz-ready"),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    *mount("api/", "revops.portal.api.urls"),
    *mount("", "revops.portal.urls"),
    *mount("", "revops.foundation.pages.urls"),
    path("accounts/", include("allauth.urls")),
]

if find_spec("revops.foundation.pages") and find_spec("revops.foundation.pages.errors"):
    handler400 = "revops.foundation.pages.errors.bad_request"
    handler403 = "revops.foundation.pages.errors.permission_denied"
    handler429 = "revops.foundation.pages.errors.too_many_requests"  # asked for by allauth
    handler404 = "revops.foundation.pages.errors.page_not_found"
    handler500 = "revops.foundation.pages.errors.server_error"
