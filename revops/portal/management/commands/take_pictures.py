"""manage.py take_pictures: the pictures of the documentation, taken of a running demo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from revops.portal.demo.pictures import NoPictures, take_pictures


class Command(BaseCommand):
    help = "Takes the pictures in docs/images of a demo that runs ('make demo')."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base-url", help="Where the demo runs. Default: what var/demo.json says.")
        parser.add_argument("--demo", type=Path, default=settings.VAR_DIR / "demo.json", help="The demo's own file.")
        parser.add_argument("--to", type=Path, default=settings.BASE_DIR / "docs" / "images", help="The folder.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            demo = json.loads(options["demo"].read_text(encoding="utf-8"))
        except OSError:
            raise CommandError(f"There is no {options['demo']}. Start the demo with 'make demo' first.") from None
        try:
            for path in take_pictures(options["base_url"] or demo["base_url"], demo["users"], options["to"]):
                self.stdout.write(f"{path} ({path.stat().st_size // 1024} KB)")
        except NoPictures as missing:
            raise CommandError(str(missing)) from None
