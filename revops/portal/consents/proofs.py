"""What of a request is kept as proof: the network it came from, its browser, and the page."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from leads.cleaning import one_line
from leads.consents import network_of
from revops.foundation.api.throttling import address_of


def proof_of(request: HttpRequest, page: str = "") -> dict[str, str]:
    """The address is cut to its network; the digest beside it, keyed so that nobody can guess back, tells two apart."""
    address = address_of(request)
    found = {
        "network": network_of(address),
        "address_digest": salted_hmac("consent", address, algorithm="sha256").hexdigest() if address else "",
        "user_agent": one_line(request.headers.get("User-Agent"), 300),
        "page": one_line(page, 500),
    }
    return {name: text for name, text in found.items() if text}
