"""manage.py replay: makes stored decisions again and shows where they come out otherwise."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scoring.replay import replay_decisions


class Command(BaseCommand):
    help = "Makes a sample of stored score decisions again; 0 differences is the only good answer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sample", type=int, default=1000, metavar="N")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["sample"] < 1:
            raise CommandError("Write how many decisions to replay, like --sample 1000.")
        replay = replay_decisions(options["sample"], options["seed"])
        if options["as_json"]:
            self.stdout.write(json.dumps(replay.as_dict(), default=str))
        else:
            self.stdout.write(f"{replay.checked} decisions made again, {len(replay.differences)} differences.")
            for difference in replay.differences[:20]:
                self.stdout.write(
                    f"  decision {difference.decision_id}: {difference.field} was {difference.stored}, "
                    f"is now {difference.replayed}"
                )
        if replay.differences:
            raise CommandError("Stored decisions do not replay. Do not publish before this is understood.")
