"""Reads one e-mail as it came: who wrote, what they said, and whether a person wrote it at all. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import sha256
from html import unescape

from leads.cleaning import clean_email, one_line

MOST_BYTES = 10 * 1024 * 1024
LONGEST_TEXT = 20_000
MOST_PARTS = 200
MOST_BOUNCED = 20

ENQUIRY, AUTO_REPLY, BOUNCE, LIST_MAIL = "enquiry", "auto_reply", "bounce", "list"

_AUTO_SUBJECT = re.compile(
    r"^\s*(?:re:\s*)?(?:auto(?:matic|mated)?[ -]?(?:reply|response)|automatische antwort|abwesenheit"
    r"|out of (?:the )?office|r[ée]ponse automatique|absence|respuesta autom[áa]tica|risposta automatica)\b",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (?:status notification|failure|has failed)|returned mail|mail delivery (?:failed|subsystem)"
    r"|unzustellbar|nicht zugestellt",
    re.IGNORECASE,
)
_DAEMON = re.compile(r"^(?:mailer-daemon|postmaster)@", re.IGNORECASE)
_QUOTED = re.compile(
    r"^(?:>|-{2,}\s*(?:original message|ursprüngliche nachricht|forwarded)|_{10,}|on .{5,120} wrote:$"
    r"|am .{5,120} schrieb .*:$|le .{5,120} a écrit\s*:$|from:\s.+@|von:\s.+@)",
    re.IGNORECASE,
)
_TAGS = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]{0,2000}>", re.IGNORECASE | re.DOTALL)
_BREAKS = re.compile(r"<(?:br|/p|/div|/li|/tr|/h\d)\b[^>]{0,200}>", re.IGNORECASE)
_ID = re.compile(r"<[^<>\s]{1,400}>")


class NotAMail(Exception):
    """This is nothing that can be read as an e-mail; the words say why."""


@dataclass(slots=True)
class Mail:
    """One e-mail. `email` is empty if no address of the sender can be read; `bounced` are addresses it says are dead.

    `text` is what the sender wrote, without what they quote; `replies_to` the Message-IDs it answers.
    """

    message_id: str
    kind: str
    email: str = ""
    name: str = ""
    subject: str = ""
    text: str = ""
    sent_at: datetime | None = None
    replies_to: list[str] = field(default_factory=list)
    bounced: list[str] = field(default_factory=list)


def read_mail(raw: bytes) -> Mail:
    """The mail in a file. Raises NotAMail; whatever else is odd in it is left out."""
    if len(raw) > MOST_BYTES:
        raise NotAMail(f"The mail is larger than {MOST_BYTES // 1024 // 1024} MiB.")
    try:
        message = message_from_bytes(raw, policy=default)
        return _read(message, raw)
    except NotAMail:
        raise
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise NotAMail(f"The mail is damaged ({type(error).__name__}).") from error  # the parser is known to trip


def _read(message: EmailMessage, raw: bytes) -> Mail:
    if not any(message.get(name) for name in ("From", "Reply-To", "Sender", "Subject", "Message-ID")):
        raise NotAMail("There is no sender, no subject and no Message-ID in it.")
    subject = _header(message, "Subject", 300)
    bounced = _bounced(message)
    address, name = _sender(message)
    mail = Mail(
        message_id=_message_id(message, raw),
        kind=_kind(message, subject, address, is_bounce=bool(bounced)),
        email=address,
        name=name,
        subject=subject,
        sent_at=_sent_at(message),
        replies_to=_ID.findall(f"{_header(message, 'In-Reply-To', 1000)} {_header(message, 'References', 4000)}")[:50],
        bounced=bounced,
    )
    mail.text = written(_text(message))
    return mail


def _kind(message: EmailMessage, subject: str, address: str, *, is_bounce: bool) -> str:
    """What sort of mail it is. Headers say it (RFC 3834, RFC 3464); words only where headers are silent."""
    submitted = _header(message, "Auto-Submitted", 60).lower()
    precedence = _header(message, "Precedence", 60).lower()
    if is_bounce or message.get_content_type() == "multipart/report" or _header(message, "X-Failed-Recipients", 300):
        return BOUNCE
    if _DAEMON.match(address) or (not address and _BOUNCE_SUBJECT.search(subject)):
        return BOUNCE
    is_auto = (submitted and submitted.split(";")[0].strip() != "no") or "auto_reply" in precedence
    if is_auto or message.get("X-Autoreply") or message.get("X-Autorespond") or _AUTO_SUBJECT.search(subject):
        return AUTO_REPLY
    if message.get("List-Id") or message.get("List-Unsubscribe") or precedence in {"bulk", "list", "junk"}:
        return LIST_MAIL
    return ENQUIRY


def _sender(message: EmailMessage) -> tuple[str, str]:
    """Reply-To before From, the first address that can be read; the name that stands beside it, or in From."""
    names = []
    for header in ("Reply-To", "From", "Sender"):
        values = [str(value)[:2_000] for value in message.get_all(header, [])][:5]
        for name, address in getaddresses(values):
            names.append(one_line(name, 200))
            found, _wrong = clean_email(address[:320])
            if found:
                own = one_line(name, 200) or _name_in(message)
                return found, "" if "@" in own else own
    return "", next((name for name in names if name and "@" not in name), "")


def _name_in(message: EmailMessage) -> str:
    found = getaddresses([str(message.get("From", ""))[:2_000]])
    return one_line(found[0][0], 200) if found else ""


def _message_id(message: EmailMessage, raw: bytes) -> str:
    """Its Message-ID, else a digest of the whole mail: the same file twice is the same mail."""
    found = _ID.search(_header(message, "Message-ID", 500))
    return found.group(0) if found else f"<{sha256(raw).hexdigest()}@no-message-id>"


def _sent_at(message: EmailMessage) -> datetime | None:
    try:
        at = parsedate_to_datetime(_header(message, "Date", 100))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _header(message: EmailMessage, name: str, most: int) -> str:
    try:
        return one_line(str(message.get(name) or ""), most)
    except (ValueError, LookupError, TypeError, AttributeError, IndexError):
        return ""


def _bounced(message: EmailMessage) -> list[str]:
    """Addresses whose mail failed for good, as a delivery report (RFC 3464) or an old header says."""
    found: list[str] = []
    for part in _parts(message):
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            if not isinstance(block, Message):
                continue
            action, status = str(block.get("Action", "")).lower(), str(block.get("Status", ""))
            recipient = str(block.get("Final-Recipient") or block.get("Original-Recipient") or "")
            if action.strip() == "failed" and not status.strip().startswith("4"):
                found.append(recipient.rpartition(";")[2])
    found += str(message.get("X-Failed-Recipients") or "").split(",")
    clean = (clean_email(one_line(address, 320))[0] for address in found)
    return list(dict.fromkeys(address for address in clean if address))[:MOST_BOUNCED]


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    for number, part in enumerate(message.walk()):
        if number == MOST_PARTS:
            return
        yield part


def _text(message: EmailMessage) -> str:
    """The first plain text that is no attachment, else the first HTML without its tags."""
    html = ""
    for part in _parts(message):
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        if part.get_content_type() == "text/plain":
            return _content(part)
        if part.get_content_type() == "text/html" and not html:
            html = _content(part)
    return unescape(_TAGS.sub(" ", _BREAKS.sub("\n", html)))


def _content(part: EmailMessage) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    charset = part.get_content_charset("utf-8")
    try:
        return raw[: LONGEST_TEXT * 4].decode(charset, "replace")
    except LookupError:
        return raw[: LONGEST_TEXT * 4].decode("utf-8", "replace")


def written(text: str) -> str:
    """What somebody wrote themselves: without control characters, quoted mails and the signature below “-- ”."""
    lines = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").split("\n"):
        if line.rstrip() == "--" or _QUOTED.match(line.strip()):
            break
        lines.append("".join(letter if letter.isprintable() or letter == "\t" else " " for letter in line).rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:LONGEST_TEXT]
