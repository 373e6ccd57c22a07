"""What describes the API: the reference page, the pages of problem codes, and what the schema gets on top."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from revops.foundation.api.problems import REGISTRY
from revops.foundation.middleware import content_security_policy
from revops.portal.api import signals, submissions
from revops.portal.api.problem_words import WORDS


@require_safe
@content_security_policy(style_src="'self' 'unsafe-inline'", worker_src="'self' blob:", img_src="'self' data: blob:")
def reference(request: HttpRequest) -> HttpResponse:
    """The API reference, from files of our own."""
    return render(request, "api/reference.html")


@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """What one problem code means and what to do; every problem document links here."""
    known = REGISTRY.get(code)
    if known is None:
        raise Http404
    return render(request, "api/problem.html", {"problem": known, "words": WORDS[code]})


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """All problem codes."""
    rows = [{"problem": row, "words": WORDS[row.code]} for row in REGISTRY.values()]
    return render(request, "api/problems.html", {"rows": rows})


def add_schemas(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Postprocessing hook of drf-spectacular: adds the schemas that no serializer describes."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(submissions.SCHEMAS | signals.SCHEMAS)
    return result
