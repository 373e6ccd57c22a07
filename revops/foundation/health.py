"""Tells load balancers and people whether this portal lives and is ready."""

from django.http import HttpRequest, JsonResponse


def live(request: HttpRequest) -> JsonResponse:
    """The process answers; says nothing about what it depends on."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Filled in below."""
    return JsonResponse({"status": "ok"})
