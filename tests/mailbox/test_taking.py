"""The mailbox end to end: files of a directory become leads, signals and closed addresses, each once."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from leads.models import BouncedAddress, Lead, Signal, Submission, SubmissionOutcome
from revops.foundation.models import OutboxMessage
from revops.portal import tasks
from revops.portal.mailbox.directory import read_directory
from revops.portal.mailbox.taking import mailbox_source, take_mails
from tests.factories import item
from tests.mailbox.test_reading import BOUNCE, PLAIN, with_header
from tests.portal.desk import Office

pytestmark = pytest.mark.django_db

REPLY = PLAIN.replace(b"<m1@", b"<m2@").replace(b"Ada@Acme-Works.com", b"ada@company-0.com")


def take(*raws: bytes) -> list[Any]:
    now = timezone.now()
    return take_mails(raws, mailbox_source("mailbox", now), now=now)


def test_a_mail_of_a_stranger_is_an_enquiry_in_their_words(company: Any) -> None:
    (taken,) = take(PLAIN)
    lead = Lead.objects.select_related("person", "source").get()
    assert (taken.receipt.outcome, lead.person.email, lead.person.name) == ("new", "ada@acme-works.com", "Ada Lovelace")
    assert "We plan 40 routes" in lead.need
    assert (lead.source.key, Submission.objects.get().channel) == ("mailbox", "email")
    assert Signal.objects.get().kind.code == "contact_request"


def test_the_same_message_twice_changes_nothing(company: Any) -> None:
    take(PLAIN)
    (again,) = take(PLAIN.replace(b"40 routes", b"50 routes"))
    assert again.is_repeat
    assert Submission.objects.count() == Signal.objects.count() == 1


def test_a_reply_is_a_signal_of_the_lead_and_tells_its_owner(office: Office) -> None:
    lead = office.lead(0)
    before = Signal.objects.count()
    (taken,) = take(REPLY)
    assert (taken.is_reply, taken.receipt.lead_id) == (True, lead.pk)
    assert list(Signal.objects.order_by("pk").values_list("kind__code", flat=True))[before:] == ["inbound_reply"]
    ping = OutboxMessage.objects.get(kind="lead.replied")
    assert (ping.recipient, ping.payload["text"]) == (str(office.rep.pk), "Company 0 wrote back.")
    lead.refresh_from_db()
    assert "40 routes" not in lead.need, "a reply does not overwrite what they need"
    take(REPLY)
    assert OutboxMessage.objects.filter(kind="lead.replied").count() == 1


@pytest.mark.parametrize("line", ["Auto-Submitted: auto-replied", "Precedence: bulk"])
def test_what_nobody_wrote_is_journalled_and_counts_as_nothing(office: Office, line: str) -> None:
    office.lead(0)
    before = Signal.objects.count()
    raw = line.encode() + b"\n" + REPLY
    (taken,) = take(raw)
    assert taken.receipt.outcome == "refused"
    assert Signal.objects.count() == before
    assert not OutboxMessage.objects.filter(kind="lead.replied").exists()


def test_a_bounce_closes_the_address_and_makes_no_lead(company: Any) -> None:
    (taken,) = take(BOUNCE)
    assert (taken.receipt.outcome, taken.bounced) == ("refused", 1)
    assert BouncedAddress.objects.get().origin == "mail"
    assert not Lead.objects.exists()


def test_a_directory_is_emptied_into_done_and_failed(company: Any, tmp_path: Path) -> None:
    for name, raw in {"a.eml": PLAIN, "b.EML": BOUNCE, "c.eml": b"\x00\xff", "d.eml": PLAIN, ".e.eml": PLAIN,
                      "note.txt": b"x"}.items():  # fmt: skip
        (tmp_path / name).write_bytes(raw)
    source = mailbox_source("mailbox", timezone.now())
    counts = read_directory(tmp_path, source, now=timezone.now())
    assert counts == {"enquiry": 1, "bounce": 1, "unreadable": 1, "repeat": 1}
    assert sorted(path.name for path in (tmp_path / "done").iterdir()) == ["a.eml", "b.EML", "d.eml"]
    assert [path.name for path in (tmp_path / "failed").iterdir()] == ["c.eml"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [".e.eml", "note.txt"]
    (tmp_path / "c.eml").write_bytes(b"\x00\xff")
    assert read_directory(tmp_path, source, now=timezone.now()) == {"repeat": 1}
    assert sorted(path.name for path in (tmp_path / "failed").iterdir()) == ["c-2.eml", "c.eml"]
    kinds = sorted(SubmissionOutcome.objects.values_list("kind", flat=True))
    assert kinds == ["new", "refused", "refused"]


def test_the_commands_say_what_became_of_each_mail(company: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(PLAIN)
    out = StringIO()
    call_command("take_eml", str(file), "--json", "--source", "website", stdout=out)
    row = json.loads(out.getvalue())
    assert (row["kind"], row["outcome"]) == ("enquiry", "new")
    assert file.exists()
    out = StringIO()
    call_command("read_mailbox", str(tmp_path), "--source", "website", stdout=out)
    assert "1 repeat" in out.getvalue()
    with pytest.raises(CommandError, match="no directory"):
        call_command("read_mailbox", str(tmp_path / "nowhere"))
    with pytest.raises(CommandError, match="No source with the key"):
        call_command("take_eml", str(tmp_path / "done" / "a.eml"), "--source", "nobody")
    with pytest.raises(CommandError, match="No such file"):
        call_command("take_eml", str(tmp_path / "x.eml"))


def test_the_sweep_reads_the_mailbox_if_there_is_one(company: Any, tmp_path: Path, settings: Any) -> None:
    settings.MAILBOX_DIR = ""
    assert tasks.read_mailbox() == 0
    settings.MAILBOX_DIR = str(tmp_path)
    (tmp_path / "a.eml").write_bytes(PLAIN)
    assert tasks.read_mailbox() == 1
    assert tasks.read_mailbox() == 0


def test_a_mail_of_somebody_whose_lead_is_over_is_a_new_enquiry(company: Any) -> None:
    from revops.portal import journey

    now = timezone.now()
    journey.admit([item(company["source"])], now=now)
    Lead.objects.update(stage="lost")
    (taken,) = take(PLAIN)
    assert (taken.is_reply, taken.receipt.outcome) == (False, "new")


def test_the_gate_judges_mails_like_everything_else(company: Any) -> None:
    (taken,) = take(PLAIN.replace(b"Ada@Acme-Works.com", b"x@mailinator.com"))
    assert taken.receipt.outcome == "quarantined"


def test_odd_mails_in_one_batch_stop_nobody(company: Any) -> None:
    taken = take(b"", with_header("X: y"), b"\xff" * 100, BOUNCE)
    assert [one.kind for one in taken] == ["", "enquiry", "", "bounce"]
