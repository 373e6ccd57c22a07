"""Takes the mails in a directory: `manage.py read_mailbox DIR --source KEY`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from leads.models import Source
from revops.portal.mailbox.directory import read_directory
from revops.portal.mailbox.taking import MAILBOX, mailbox_source


class Command(BaseCommand):
    help = "Takes .eml files of a directory; they are moved to done/ or failed/ in it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument("--source", default=MAILBOX, help="key of the source that mails belong to")
        parser.add_argument("--limit", type=int, default=1_000)
        parser.add_argument("--json", action="store_true", help="for other programs")

    def handle(self, *args: Any, **options: Any) -> None:
        directory, now = options["directory"], timezone.now()
        if not directory.is_dir():
            raise CommandError(f"{directory} is no directory.")
        try:
            source = mailbox_source(options["source"], now)
        except Source.DoesNotExist:
            raise CommandError(f"No source with the key “{options['source']}” is registered.") from None
        counts = read_directory(directory, source, now=now, limit=options["limit"])
        if options["json"]:
            self.stdout.write(json.dumps(dict(counts)))
        else:
            words = ", ".join(f"{n} {word}" for word, n in sorted(counts.items()))
            self.stdout.write(words or "No mail waited.")
