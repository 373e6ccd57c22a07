"""E-mail by SMTP: one connection for all that leaves in one go, the same Message-ID on every retry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from revops.foundation.delivery.carriers import Carrier, DeliveryRefused, Send, TryLater
from revops.foundation.models import OutboxMessage


def prepare(messages: Sequence[OutboxMessage]) -> Mapping[UUID, Send]:
    """How each message is sent. Payloads hold `subject`, `text`, and optionally `html` and `unsubscribe_url`."""
    connection = get_connection()
    last = messages[-1].pk if messages else None
    return {message.pk: _sender(message, connection, closes=message.pk == last) for message in messages}


def _sender(message: OutboxMessage, connection: Any, *, closes: bool) -> Send:
    def send() -> None:
        try:
            _send(message, connection)
        except SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()), (550, b""))
            raise _reply(code, words) from error
        except SMTPResponseException as error:
            raise _reply(error.smtp_code, error.smtp_error) from error
        except (SMTPException, OSError) as error:
            connection.close()
            raise TryLater(f"{type(error).__name__}: {error}") from error
        finally:
            if closes:
                connection.close()

    return send


def _send(message: OutboxMessage, connection: Any) -> None:
    payload = message.payload
    mail = EmailMultiAlternatives(
        subject=" ".join(str(payload.get("subject") or message.kind).split()),
        body=payload.get("text", ""),
        to=[message.recipient],
        headers=_headers(message),
        connection=connection,
    )
    if payload.get("html"):
        mail.attach_alternative(payload["html"], "text/html")
    connection.open()  # stays open for the next one; does nothing if it is
    mail.send()


def _headers(message: OutboxMessage) -> dict[str, str]:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    headers = {"Message-ID": f"<{message.pk}@{domain}>", "Auto-Submitted": "auto-generated"}
    if url := message.payload.get("unsubscribe_url"):
        headers["List-Unsubscribe"] = f"<{url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _reply(code: int, words: bytes | str) -> Exception:
    """What an SMTP server's refusal means: 5xx is for good, 4xx for now; neither stops the mails after it."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    if 500 <= code < 600:
        return DeliveryRefused(f"{code} {text}".strip())
    return TryLater(f"{code} {text}".strip(), blocks_lane=False)


CARRIER = Carrier(prepare, shares_lane=True, at_once=20)
