"""What a view behind `login_required` gets."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from revops.foundation.models import User


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in; `htmx` is true when a fragment is wanted."""

    user: User
    htmx: HtmxDetails
