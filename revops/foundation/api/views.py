"""The base of all API views: who may, how often, which parameters, and writes that happen once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from revops.foundation.api import etags, idempotency, pagination, sparse, throttling
from revops.foundation.api.parsers import StrictJsonParser
from revops.foundation.api.permissions import May
from revops.foundation.api.problems import FieldError, ProblemError
from revops.foundation.api.renderers import JsonRenderer
from revops.foundation.api.schema import PortalSchema

API_VERSION = "2026-12-01"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LIST_COST, WRITE_COST, BATCH_COST, EXPORT_COST = 1, 2, 20, 50


class ApiView(APIView):
    """Write `get`, `post` … as usual and answer with Response; raise ProblemError for refusals.

    Every write runs in one transaction (exceptions undo it, returned answers do not) and honours Idempotency-Key.
    """

    permissions: ClassVar[Mapping[str, str]] = {}  # method → name in the policy table; missing: anybody signed in
    query_parameters: ClassVar[frozenset[str]] = frozenset()  # what GET knows besides the parameters of lists
    filterset_class: ClassVar[Any] = None  # a django-filter FilterSet: its names are known too
    sorts: ClassVar[Mapping[str, pagination.Sort | str]] = {}  # not empty: GET is a list
    usual_sort: ClassVar[str] = "-id"
    max_body_bytes: ClassVar[int] = 1024 * 1024
    costs: ClassVar[Mapping[str, int]] = {}
    is_transactional: ClassVar[bool] = True  # False: the handler sees to transaction and Idempotency-Key itself

    permission_classes: Any = (May,)
    parser_classes = (StrictJsonParser,)
    renderer_classes = (JsonRenderer,)
    schema: Any = PortalSchema()
    allowance: throttling.Allowance | None = None

    @csrf_exempt  # the session authentication checks it, for those who come with a session
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.args, self.kwargs = args, kwargs
        asked = self.initialize_request(request, *args, **kwargs)
        self.request, self.headers, self.allowance = asked, {}, None
        try:
            self.initial(asked, *args, **kwargs)
            handler = self._handler(asked)
            if asked.method in WRITES and self.is_transactional:
                return self._write(asked, handler)
            return self._finished(self._chosen(handler(asked, *args, **kwargs)))
        except Exception as error:  # noqa: BLE001 - every refusal has an answer
            return self._finished(self.handle_exception(error))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Everything that can refuse a request before its handler runs."""
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        if "\x00" in request.path:  # no address and no column holds it
            raise exceptions.NotFound
        try:
            self.perform_authentication(request)
        except exceptions.APIException:
            request.user, request.auth = AnonymousUser(), None
            self._take_turn(request)
            raise
        self._take_turn(request)
        if request.method not in {name.upper() for name in self.http_method_names if hasattr(self, name)}:
            raise exceptions.MethodNotAllowed(str(request.method))
        self.check_permissions(request)
        self._check_version(request)
        self._check_parameters(request)

    def page(self, queryset: QuerySet[Any], render: Callable[[list[Any]], Any], *, usual: str = "") -> Response:
        """The answer of a list: filtered by `filterset_class`, sorted by `sorts`; `render` turns rows into data."""
        if self.filterset_class is not None:
            filters = self.filterset_class(self.request.query_params, queryset=queryset, request=self.request)
            if not filters.is_valid():
                raise _invalid_filters(filters.form)
            queryset = filters.qs
        sorts = self.sorts or {"id": "pk"}
        page = pagination.page_of(queryset, self.request, sorts=sorts, usual=usual or self.usual_sort)
        return Response(page.document(render))

    def versioned(self, data: Any, version: int, status: int = 200) -> Response:
        """An answer with its ETag, or 304 if the client of a GET has it already."""
        if self.request.method == "GET" and etags.is_not_modified(self.request, version):
            return Response(status=304, headers={"ETag": etags.etag(version)})
        return Response(data, status=status, headers={"ETag": etags.etag(version)})

    def permission_denied(self, request: Request, message: str | None = None, code: str | None = None) -> Any:
        if request.auth is None and not (request.user and request.user.is_authenticated):
            raise exceptions.NotAuthenticated(_("Send an API key: Authorization: Bearer rop_live_…"))
        raise exceptions.PermissionDenied(message or _("You may not do this."), code)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Which methods work here."""
        return Response(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    def _handler(self, request: Request) -> Callable[..., Response]:
        return getattr(self, str(request.method).lower(), self.http_method_not_allowed)

    def _write(self, request: Request, handler: Callable[..., Response]) -> HttpResponseBase:
        def run() -> HttpResponse:
            return self._finished(handler(request, *self.args, **self.kwargs))

        def refuse(error: Exception) -> HttpResponse:
            return self._finished(self.handle_exception(error))

        response = idempotency.answer_once(request, timezone.now(), run, refuse)
        if "API-Version" not in response:  # replayed: it never passed through here
            self._add_headers(response)
        return response

    def _chosen(self, response: Any) -> Any:
        """The answer to a GET with the fields that were asked for; whole if none were."""
        names = self.request.query_params.get(sparse.PARAMETER)
        if names is not None and response.status_code == 200:
            response.data = sparse.only(getattr(response, "data", None), names)
        return response

    def _finished(self, response: Any) -> Any:
        """The rendered answer, with everything each answer carries."""
        if isinstance(response, Response) and not getattr(self.request, "accepted_renderer", None):
            negotiated = self.perform_content_negotiation(self.request, force=True)
            self.request.accepted_renderer, self.request.accepted_media_type = negotiated
        response = self.finalize_response(self.request, response, *self.args, **self.kwargs)
        self._add_headers(response)
        if isinstance(response, Response) and not response.is_rendered:
            response.render()
        return response

    def _add_headers(self, response: HttpResponseBase) -> None:
        response["API-Version"] = API_VERSION
        if self.allowance is not None:
            for name, value in self.allowance.headers().items():
                response[name] = value

    def _take_turn(self, request: Request) -> None:
        cost = self.costs.get(str(request.method), WRITE_COST if request.method in WRITES else LIST_COST)
        self.allowance = throttling.take(request, cost)
        if self.allowance is not None and not self.allowance.is_allowed:
            raise throttling.refuse(self.allowance)

    def _check_version(self, request: Request) -> None:
        wanted = request.headers.get("API-Version", API_VERSION)
        if wanted != API_VERSION:
            words = _("This portal speaks version %(version)s. Send that, or no API-Version.") % {
                "version": API_VERSION
            }
            error: FieldError = {"pointer": "#/header/API-Version", "code": "unknown_version", "detail": words}
            raise ProblemError("validation_error", words, errors=[error])

    def _check_parameters(self, request: Request) -> None:
        """A typo must not return the whole table, and a value given twice has no meaning."""
        given = request.query_params
        if not given:
            return
        known: set[str] = {sparse.PARAMETER, *self.query_parameters} if request.method == "GET" else set()
        if request.method == "GET" and self.filterset_class is not None:
            known |= set(self.filterset_class.base_filters)
        if request.method == "GET" and (self.sorts or self.filterset_class is not None):
            known |= pagination.PARAMETERS
        errors: list[FieldError] = []
        for name, values in given.lists():
            shown = name[:80]
            if name not in known:
                words = _("There is no parameter of this name. Parameters are: %(names)s.")
                detail = words % {"names": ", ".join(sorted(known)) or _("none")}
                errors.append({"pointer": f"#/query/{shown}", "code": "unknown_parameter", "detail": detail})
            elif len(values) > 1:
                detail = _("Send it once.")
                errors.append({"pointer": f"#/query/{shown}", "code": "repeated_parameter", "detail": detail})
            elif "\x00" in values[0]:
                detail = _("Texts cannot hold the NUL character. Remove it.")
                errors.append({"pointer": f"#/query/{shown}", "code": "nul_character", "detail": detail})
        if errors:
            raise ProblemError("validation_error", errors[0]["detail"], errors=errors[:20])


class NotFoundView(ApiView):
    """Mount it last under the API's root: an unknown address is a problem document, not a page or a redirect."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise exceptions.NotFound


def _invalid_filters(form: Any) -> ProblemError:
    errors: list[FieldError] = [
        {"pointer": f"#/query/{name}", "code": str(error.code or "invalid_value"), "detail": " ".join(error.messages)}
        for name, found in form.errors.as_data().items()
        for error in found
    ]
    return ProblemError("validation_error", errors[0]["detail"], errors=errors)
