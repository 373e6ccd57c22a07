"""manage.py check_docs: says whether the reference pages still match the code, and writes them anew on request."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from revops.portal.reference import PAGES, page


class Command(BaseCommand):
    help = "Compares docs/reference with the code; --write brings it up to date."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        stale = []
        for name in PAGES:
            path, text = settings.BASE_DIR / name, page(name)
            if path.exists() and path.read_text() == text:
                continue
            stale.append(name)
            if options["write"]:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        if stale and not options["write"]:
            raise CommandError(f"Out of date: {', '.join(stale)}. Run: manage.py check_docs --write")
        self.stdout.write(
            f"{len(PAGES)} reference pages, {len(stale)} written." if stale else "Reference pages are fresh."
        )
