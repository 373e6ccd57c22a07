"""Posts to addresses that people entered, without letting them point the portal at its own house (SSRF)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from revops.foundation.delivery.carriers import DeliveryRefused, EndpointGone, TryLater

TIMEOUT_SECONDS = 15.0
"""For everything: name, connection, answer. A receiver that drips bytes is cut off, too."""
MOST_ANSWER_BYTES = 4096
LONGEST_WAIT = timedelta(hours=24)
_NAT64 = IPv6Network("64:ff9b::/96")
_TRY_AGAIN = frozenset({408, 409, 423, 425, 429})
"""Answers in the 400s that say nothing about the message itself."""

Address = IPv4Address | IPv6Address


def check_address(url: str) -> SplitResult:
    """The parts of an address that may be posted to. Raises DeliveryRefused in words that say what to change."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise DeliveryRefused(_("This is no web address. It looks like https://hooks.example.com/…")) from error
    if not parts.hostname:
        raise DeliveryRefused(_("This is no web address. It looks like https://hooks.example.com/…"))
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.ALLOW_PRIVATE_ENDPOINTS):
        raise DeliveryRefused(_("Only https addresses are posted to. Begin the address with https://"))
    if parts.username or parts.password:
        raise DeliveryRefused(_("Leave name and password out of the address."))
    if port is not None and not settings.ALLOW_PRIVATE_ENDPOINTS and port not in (443, 8443):
        raise DeliveryRefused(_("Only the ports 443 and 8443 are posted to."))
    return parts


def is_global(address: Address) -> bool:
    """Whether an address is out in the world, also when it is wrapped: IPv4 in IPv6, NAT64, 6to4, Teredo."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is not None:
            return is_global(inner)
        if int(address) >> 32 == 0:  # the long forgotten ::a.b.c.d
            return False
    return address.is_global and not address.is_multicast


def resolve(host: str, port: int) -> str:
    """The one address to connect to. Every address of the name must be global, else none is used."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TryLater(_("The name %(host)s is not known.") % {"host": host}) from error
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not settings.ALLOW_PRIVATE_ENDPOINTS and not all(is_global(ip_address(one)) for one in addresses):
        raise DeliveryRefused(_("%(host)s leads into a private network. Nothing is posted there.") % {"host": host})
    return addresses[0]


def post(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Posts once and answers the first bytes of a 2xx answer. Never follows a redirect.

    Raises EndpointGone (410), DeliveryRefused (it can never work), or TryLater (with `Retry-After`, if given).
    """
    parts = check_address(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = _connection(parts.scheme, host, port, resolve(host, port))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    guard = Timer(TIMEOUT_SECONDS, _cut, [connection])
    guard.daemon = True
    guard.start()
    try:
        connection.request("POST", target, body=body, headers=dict(headers))
        response = connection.getresponse()
        answer = response.read(MOST_ANSWER_BYTES)
    except ssl.SSLCertVerificationError as error:
        raise TryLater(_("The certificate of %(host)s is not valid.") % {"host": host}) from error
    except (OSError, HTTPException, ValueError) as error:
        raise TryLater(f"{type(error).__name__}: {error}" if str(error) else _("No answer in time.")) from error
    finally:
        guard.cancel()
        connection.close()
    return _judge(response, answer)


def _judge(response: HTTPResponse, answer: bytes) -> bytes:
    status = response.status
    if 200 <= status < 300:
        return answer
    words = _("It answered %(status)s: %(text)s") % {
        "status": status, "text": answer.decode("utf-8", "replace").strip()[:200] or response.reason,
    }  # fmt: skip
    if status == 410:
        raise EndpointGone(words)
    if 300 <= status < 400:
        raise DeliveryRefused(_("It redirects. Enter the address it redirects to; redirects are not followed."))
    if 400 <= status < 500 and status not in _TRY_AGAIN:
        raise DeliveryRefused(words)
    raise TryLater(words, after=retry_after(response.getheader("Retry-After"), datetime.now(UTC)))


def retry_after(text: str | None, now: datetime) -> timedelta | None:
    """How long a receiver asked to wait: seconds or a date, at most a day; None if it did not say."""
    if not text:
        return None
    try:
        wait = timedelta(seconds=int(text)) if text.strip().isdigit() else parsedate_to_datetime(text) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta()), LONGEST_WAIT)


def _connection(scheme: str, host: str, port: int, address: str) -> HTTPConnection:
    if scheme == "https":
        return _PinnedHTTPS(host, port, address)
    return _PinnedHTTP(host, port, address)


class _PinnedHTTP(HTTPConnection):
    """Connects to the address that was looked up, whatever the name leads to by now."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self.address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), self.timeout)


class _PinnedHTTPS(HTTPSConnection):
    """The same with a certificate for the name, not for the address."""

    def __init__(self, host: str, port: int, address: str) -> None:
        self.safe = ssl.create_default_context()
        super().__init__(host, port, timeout=TIMEOUT_SECONDS, context=self.safe)
        self.address = address

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), self.timeout)
        self.sock = self.safe.wrap_socket(plain, server_hostname=self.host)


def _cut(connection: HTTPConnection) -> None:
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
