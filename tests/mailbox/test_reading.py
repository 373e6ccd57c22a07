"""Reading e-mails: who wrote what, what nobody wrote, and what was never a mail."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from leads.mail_reading import MOST_BYTES, NotAMail, read_mail, written

PLAIN = b"""From: "Ada Lovelace" <Ada@Acme-Works.com>
To: sales@portal.example
Subject: =?utf-8?q?Preise_f=C3=BCr_40_Touren?=
Message-ID: <m1@acme-works.com>
Date: Wed, 4 Mar 2026 11:00:00 +0100

We plan 40 routes. What does it cost?

--
Ada Lovelace
""".replace(b"\n--\n", b"\n-- \n")

BOUNCE = b"""From: MAILER-DAEMON@mx.example
To: portal@portal.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <b1@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

It did not work.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; gone@acme-works.com
Action: failed
Status: 5.1.1

Final-Recipient: rfc822; full@acme-works.com
Action: failed
Status: 4.2.2

Final-Recipient: rfc822; slow@acme-works.com
Action: delayed
Status: 4.4.1
--x
Content-Type: message/rfc822

From: portal@portal.example
Subject: Hello
--x--
"""


def with_header(line: str) -> bytes:
    return line.encode() + b"\n" + PLAIN


def test_a_plain_mail_says_who_wrote_what_and_when() -> None:
    mail = read_mail(PLAIN)
    assert (mail.kind, mail.email, mail.name) == ("enquiry", "ada@acme-works.com", "Ada Lovelace")
    assert (mail.subject, mail.text) == ("Preise für 40 Touren", "We plan 40 routes. What does it cost?")
    assert (mail.message_id, mail.sent_at) == ("<m1@acme-works.com>", datetime(2026, 3, 4, 10, tzinfo=UTC))


def test_an_answer_goes_where_the_sender_wants_it() -> None:
    mail = read_mail(with_header("Reply-To: Grace <grace@hopper-works.com>"))
    assert (mail.email, mail.name) == ("grace@hopper-works.com", "Grace")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Auto-Submitted: auto-replied", "auto_reply"), ("Auto-Submitted: no", "enquiry"),
        ("Auto-Submitted: auto-generated (rejected)", "auto_reply"), ("X-Autoreply: yes", "auto_reply"),
        ("Precedence: auto_reply", "auto_reply"), ("Precedence: bulk", "list"), ("List-Id: <news.example>", "list"),
        ("X-Failed-Recipients: gone@acme-works.com", "bounce"),
    ],
)  # fmt: skip
def test_headers_say_that_nobody_wrote_it(line: str, kind: str) -> None:
    assert read_mail(with_header(line)).kind == kind


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Automatic reply: Prices", "auto_reply"), ("Out of office", "auto_reply"), ("Abwesenheit", "auto_reply"),
        ("Réponse automatique : Prix", "auto_reply"), ("Re: automatic doors for our office", "enquiry"),
        ("Undelivered goods at our site", "enquiry"), ("Please call", "enquiry"),
    ],
)  # fmt: skip
def test_words_decide_only_where_they_begin_the_subject(subject: str, kind: str) -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "ada@acme-works.com", subject
    message.set_content("Hello")
    assert read_mail(bytes(message)).kind == kind


def test_a_bounce_names_only_addresses_that_failed_for_good() -> None:
    mail = read_mail(BOUNCE)
    assert (mail.kind, mail.bounced) == ("bounce", ["gone@acme-works.com"])


def test_html_is_read_without_its_tags_and_attachments_are_left_out() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "ada@acme-works.com", "x"
    message.set_content("<style>p{}</style><p>One &amp; two</p><script>evil()</script><br>three", subtype="html")
    message.add_attachment(b"secret", maintype="text", subtype="plain", filename="a.txt")
    assert read_mail(bytes(message)).text.split() == ["One", "&", "two", "three"]


@pytest.mark.parametrize(
    "quoted",
    ["> We wrote this", "On Tue, 3 Mar 2026, Max wrote:", "-----Original Message-----", "Am 3. März schrieb Max:",
     "From: max@portal.example", "________________", "-- "],
)  # fmt: skip
def test_what_is_quoted_is_not_what_was_written(quoted: str) -> None:
    assert written(f"Yes, please.\r\n\r\n{quoted}\r\nold words") == "Yes, please."


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\x00", b"hello", b"\xff\xfe\x00", b"<html>", b"{}", b"\n\n\nbody only", b"PK\x03\x04" + b"x" * 1000,
        b"a" * 100_000, b":\n" * 1000,
    ],
)  # fmt: skip
def test_what_is_no_mail_is_said(raw: bytes) -> None:
    with pytest.raises(NotAMail, match=r"\w+ \w+"):
        read_mail(raw)


def test_a_mail_that_is_too_large_is_said() -> None:
    with pytest.raises(NotAMail, match="larger than 10 MiB"):
        read_mail(PLAIN + b"x" * MOST_BYTES)


@pytest.mark.parametrize(
    "line",
    [
        b"From: \xff\xfe", b"From: =?x?y?z?=", b"Subject: =?utf-8?b?////?=", b"Date: nonsense", b"Message-ID: <<<>>>",
        b"Content-Type: multipart/mixed", b"Content-Type: text/plain; charset=klingon", b"From: a@b, c@d, <",
        b"Content-Type: multipart/report; report-type=delivery-status", b"Content-Transfer-Encoding: base64",
        b"From: " + b"a" * 5000 + b"@example.com", b"Content-Type: message/rfc822", b"References: " + b"<x> " * 3000,
        "From: \u202eevil <a@b.com>".encode(), b"Reply-To: @@@", b"Subject: \x00\x07",
    ],
)  # fmt: skip
def test_odd_headers_are_left_out_or_said_and_never_break(line: bytes) -> None:
    for raw in (line + b"\n" + PLAIN, line + b"\n\nbody"):
        try:
            mail = read_mail(raw)
        except NotAMail:
            continue
        assert mail.message_id
        assert "\x00" not in mail.subject + mail.text + mail.name


def test_many_parts_and_deep_nesting_end() -> None:
    inner = b"Content-Type: text/plain\n\nx"
    for number in range(300):
        inner = b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n%s\n--b%d--\n' % (
            number,
            number,
            inner,
            number,
        )
    with suppress(NotAMail):
        assert read_mail(b"From: a@b.com\n" + inner).email == "a@b.com"
