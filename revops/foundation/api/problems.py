"""One shape for everything that can go wrong over the API: problem documents (RFC 9457) from one registry."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import orjson
from django.core import exceptions as django_errors
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from psycopg_pool import PoolTimeout
from rest_framework import exceptions as drf_errors
from rest_framework.response import Response

from revops.foundation.correlation import request_id
from revops.foundation.embedded.errors import ServiceError

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TYPE_BASE = "/docs/problems/"


@dataclass(frozen=True)
class Problem:
    """One kind of problem: its status, what it is called, and whether the same request may work later."""

    code: str
    status: int
    title: str | Promise
    retryable: bool = False


class FieldError(TypedDict):
    """One thing wrong at one place (`pointer`, a JSON pointer fragment like #/email)."""

    pointer: str
    code: str
    detail: str


def _registry(*rows: Problem) -> dict[str, Problem]:
    return {row.code: row for row in rows}


REGISTRY: dict[str, Problem] = _registry(
    Problem("malformed_json", 400, gettext_lazy("The body is not well-formed")),
    Problem("invalid_cursor", 400, gettext_lazy("The cursor does not belong to this list")),
    Problem("idempotency_key_required", 400, gettext_lazy("This key must send an Idempotency-Key")),
    Problem("bad_request", 400, gettext_lazy("The request cannot be understood")),
    Problem("unauthenticated", 401, gettext_lazy("Nobody is signed in")),
    Problem("insufficient_scope", 403, gettext_lazy("The API key lacks a scope")),
    Problem("forbidden", 403, gettext_lazy("This is not allowed")),
    Problem("not_found", 404, gettext_lazy("Nothing is here")),
    Problem("method_not_allowed", 405, gettext_lazy("This method does not work here")),
    Problem("not_acceptable", 406, gettext_lazy("No acceptable format")),
    Problem("invalid_transition", 409, gettext_lazy("The move is not possible from here")),
    Problem("duplicate_external_id", 409, gettext_lazy("The external id is taken")),
    Problem("idempotency_in_progress", 409, gettext_lazy("The same request is still running"), retryable=True),
    Problem("lead_taken", 409, gettext_lazy("A colleague was faster")),
    Problem("conflict", 409, gettext_lazy("This no longer fits what is stored")),
    Problem("gone", 410, gettext_lazy("This is no longer here")),
    Problem("erased", 410, gettext_lazy("This was erased")),
    Problem("version_mismatch", 412, gettext_lazy("Somebody changed it meanwhile")),
    Problem("payload_too_large", 413, gettext_lazy("The body is too large")),
    Problem("unsupported_media_type", 415, gettext_lazy("This content type does not work here")),
    Problem("validation_error", 422, gettext_lazy("Some fields are not valid")),
    Problem("unknown_field", 422, gettext_lazy("There is no such field")),
    Problem("idempotency_key_reused", 422, gettext_lazy("The Idempotency-Key was used for another request")),
    Problem("suppressed_contact", 422, gettext_lazy("This contact must not be used")),
    Problem("precondition_required", 428, gettext_lazy("Say which version you change")),
    Problem("rate_limited", 429, gettext_lazy("Too many requests"), retryable=True),
    Problem("too_many_jobs", 429, gettext_lazy("Too many jobs at once"), retryable=True),
    Problem("internal", 500, gettext_lazy("Something unexpected happened"), retryable=True),
    Problem("maintenance", 503, gettext_lazy("Not available at the moment"), retryable=True),
    Problem("read_only", 503, gettext_lazy("Only reading works at the moment"), retryable=True),
)


class ProblemError(Exception):
    """Raise it anywhere below a view: `ProblemError("lead_taken", _("Ana accepted it."), taken_by=…)`.

    `extra` become members of the document. Unknown codes raise KeyError, so that the registry stays complete.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        self.problem = REGISTRY[code]
        self.code = code
        self.detail = str(detail) or str(self.problem.title)
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.extra = extra
        super().__init__(self.detail)

    @property
    def status(self) -> int:
        return self.problem.status

    def document(self, instance: str) -> dict[str, Any]:
        """The problem as the client gets it. `instance` is the path that was asked for."""
        body: dict[str, Any] = {
            "type": f"{TYPE_BASE}{self.code}/",
            "title": str(self.problem.title),
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
            "request_id": request_id.get(),
            "retryable": self.problem.retryable,
        }
        if self.errors:
            body["errors"] = self.errors
        return body | self.extra


def handle_exception(error: Exception, context: dict[str, Any]) -> Response:
    """What REST framework calls for every exception of a view: always a problem document, never a traceback."""
    request = context["request"]
    problem = as_problem(error)
    if problem.code == "internal":
        logger.error("Unexpected error at %s", request.path, exc_info=error)
        got_request_exception.send(sender=type(context.get("view")), request=getattr(request, "_request", request))
    response = Response(
        problem.document(request.path), status=problem.status, headers=problem.headers, content_type=CONTENT_TYPE
    )
    response.exception = True
    return response


def problem_response(request: HttpRequest, code: str, detail: str = "", **extra: Any) -> HttpResponse:
    """A problem document from outside of REST framework, for error handlers and middleware."""
    problem = ProblemError(code, detail, **extra)
    body = orjson.dumps(problem.document(request.path))
    return HttpResponse(body, status=problem.status, content_type=CONTENT_TYPE, headers=problem.headers)


def as_problem(error: Exception) -> ProblemError:
    """The problem that an exception means to the client."""
    if isinstance(error, ProblemError):
        return error
    for kinds, problem in _MEANINGS:
        if isinstance(error, kinds):
            return problem(error)
    return ProblemError("internal", _("It was logged. Quote the request id when you report it."))


def _unauthenticated(error: Any) -> ProblemError:
    challenge = getattr(error, "auth_header", 'Bearer realm="api"')
    return ProblemError("unauthenticated", str(error.detail), headers={"WWW-Authenticate": challenge})


def _unavailable(error: Exception) -> ProblemError:
    logger.warning("The database could not serve a request: %s", error)
    return ProblemError("maintenance", _("Try again in a few seconds."), headers={"Retry-After": "2"})


def _django_invalid(error: Any) -> ProblemError:
    messages = error.message_dict if hasattr(error, "error_dict") else error.messages
    return _invalid(drf_errors.ValidationError(messages))


def _invalid(error: drf_errors.ValidationError) -> ProblemError:
    errors = list(_flat(error.get_full_details(), ""))
    unknown = errors and all(error["code"] == "unknown_field" for error in errors)
    count = len(errors)
    detail = ngettext("%(n)s field needs attention.", "%(n)s fields need attention.", count) % {"n": count}
    return ProblemError("unknown_field" if unknown else "validation_error", detail, errors=errors)


def _flat(details: Any, pointer: str) -> Iterable[FieldError]:
    if isinstance(details, dict) and isinstance(details.get("message"), str) and "code" in details:
        code = details["code"] if details["code"] != "invalid" else "invalid_value"
        yield {"pointer": f"#{pointer}", "code": str(code), "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            step = "" if name == "non_field_errors" else f"/{escape_pointer(name)}"
            yield from _flat(inner, pointer + step)
    else:
        whole = all(isinstance(inner, dict) and isinstance(inner.get("message"), str) for inner in details)
        for position, inner in enumerate(details):
            yield from _flat(inner, pointer if whole else f"{pointer}/{position}")


def escape_pointer(name: Any) -> str:
    """A member name as one step of a JSON pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")


_MEANINGS: tuple[tuple[tuple[type[Exception], ...], Callable[[Any], ProblemError]], ...] = (
    ((drf_errors.ValidationError,), _invalid),
    ((django_errors.ValidationError,), _django_invalid),
    (
        (drf_errors.ParseError, django_errors.BadRequest, django_errors.SuspiciousOperation),
        lambda error: ProblemError("bad_request", str(error) or _("Check the address and the body.")),
    ),
    ((drf_errors.NotAuthenticated, drf_errors.AuthenticationFailed), _unauthenticated),
    (
        (drf_errors.PermissionDenied, django_errors.PermissionDenied),
        lambda error: ProblemError("forbidden", str(error) or _("You may not do this.")),
    ),
    (
        (Http404, drf_errors.NotFound, django_errors.ObjectDoesNotExist),
        lambda error: ProblemError("not_found", _("Nothing you may see has this address. Check the id.")),
    ),
    ((drf_errors.MethodNotAllowed,), lambda error: ProblemError("method_not_allowed", str(error.detail))),
    (
        (drf_errors.NotAcceptable,),
        lambda error: ProblemError("not_acceptable", _("Answers come as application/json. Change the Accept header.")),
    ),
    (
        (drf_errors.UnsupportedMediaType,),
        lambda error: ProblemError("unsupported_media_type", _("Send application/json, and say so in Content-Type.")),
    ),
    ((OperationalError, PoolTimeout, ServiceError), _unavailable),
)
