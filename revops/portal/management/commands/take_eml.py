"""Takes single mails: `manage.py take_eml FILE …`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from leads.mail_reading import MOST_BYTES
from leads.models import Source
from revops.foundation.ids import encode
from revops.portal.mailbox.taking import MAILBOX, mailbox_source, take_mails


class Command(BaseCommand):
    help = "Takes .eml files where they are, and says what became of each."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", type=Path, nargs="+")
        parser.add_argument("--source", default=MAILBOX, help="key of the source that mails belong to")
        parser.add_argument("--json", action="store_true", help="for other programs")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            source = mailbox_source(options["source"], now)
            raws = [_read(path) for path in options["files"]]
        except Source.DoesNotExist:
            raise CommandError(f"No source with the key “{options['source']}” is registered.") from None
        except OSError as problem:
            raise CommandError(str(problem)) from None
        for path, one in zip(options["files"], take_mails(raws, source, now=now), strict=True):
            receipt = one.receipt
            row = {
                "file": str(path), "receipt": encode("sub", receipt.submission_id), "kind": one.kind or "unreadable",
                "outcome": str(receipt.outcome), "detail": receipt.detail, "repeated": one.is_repeat,
                "lead_id": encode("lead", receipt.lead_id) if receipt.lead_id else None, "bounced": one.bounced,
            }  # fmt: skip
            if options["json"]:
                self.stdout.write(json.dumps(row))
            else:
                detail = f": {receipt.detail}" if receipt.detail else ""
                self.stdout.write(f"{path}: {row['kind']}, {row['outcome']} ({row['receipt']}){detail}")


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)
