"""Pages for what went wrong: what happened, whether anything was lost, what to do, and the request id."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

ERRORS = {
    400: (
        _("The portal could not read that request"),
        _("Part of it was damaged or too unusual. Nothing was changed. Go back, reload the page and try again."),
    ),
    403: (
        _("You do not have access to this"),
        _("Nothing was changed. If you need it for your work, ask a RevOps admin and name the address of this page."),
    ),
    404: (
        _("There is nothing at this address"),
        _("It may have been moved or merged, or the link was cut. Search for it, or start from your first page."),
    ),
    409: (
        _("Somebody changed this before you"),
        _("Your change was not saved, so that theirs is not lost. Go back, reload to see theirs, then decide again."),
    ),
    410: (
        _("This was removed"),
        _("It was erased or withdrawn on purpose and does not come back. A RevOps admin can tell you when and why."),
    ),
    413: (
        _("That is too large to send at once"),
        _("Nothing was saved. Split the file into smaller ones, or use the import page, which takes up to 200 MB."),
    ),
    429: (
        _("Too many requests in a short time"),
        _("Nothing was changed. Wait a minute, then try again; what you typed is still in the form."),
    ),
    500: (
        _("The portal made a mistake"),
        _("It was logged. What you had saved before is safe. Try again; if it stays, send the request id to an admin."),
    ),
    503: (
        _("The portal is not ready yet"),
        _("It is starting or being updated. What you had saved is safe. Try again in a minute."),
    ),
}


def error_page(request: HttpRequest, status: int, detail: object = "") -> HttpResponse:
    """The page of a status, with `detail` (our own words, never an exception's) after the general sentence."""
    title, words = ERRORS[status]
    values = {"status": status, "error_title": title, "error_words": words, "detail": detail}
    return render(request, f"errors/{status}.html", values, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 403, str(exception))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 404)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    return error_page(request, 429)


def server_error(request: HttpRequest) -> HttpResponse:
    """Static: no session, no database, no context processor."""
    from django.template.loader import get_template

    values = {"request_id": getattr(request, "request_id", "")}
    return HttpResponse(get_template("500.html").render(values), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For CSRF_FAILURE_VIEW."""
    words = _("The page was open for too long, or cookies are blocked. Go back, reload the page and send it again.")
    return error_page(request, 403, words)
