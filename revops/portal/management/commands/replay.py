"""manage.py replay: makes stored decisions again and shows where they come out otherwise."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scoring.backtest import prove_cases, waiting
from scoring.replay import replay_decisions

_STOP = "Stored decisions do not replay. Do not publish before this is understood."


class Command(BaseCommand):
    help = "Makes a sample of stored score decisions again; 0 differences is the only good answer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sample", type=int, default=1000, metavar="N")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--cases", action="store_true", help="all hand-offs, by backtest from packed facts, instead of a sample"
        )
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["sample"] < 1:
            raise CommandError("Write how many decisions to replay, like --sample 1000.")
        if options["cases"]:
            self._prove_cases(as_json=options["as_json"])
        else:
            self._replay(options["sample"], options["seed"], as_json=options["as_json"])

    def _replay(self, sample: int, seed: int, *, as_json: bool) -> None:
        replay = replay_decisions(sample, seed)
        if as_json:
            self.stdout.write(json.dumps(replay.as_dict(), default=str))
        else:
            self.stdout.write(f"{replay.checked} decisions made again, {len(replay.differences)} differences.")
            for difference in replay.differences[:20]:
                self.stdout.write(
                    f"  decision {difference.decision_id}: {difference.field} was {difference.stored}, "
                    f"is now {difference.replayed}"
                )
        if replay.differences:
            raise CommandError(_STOP)

    def _prove_cases(self, *, as_json: bool) -> None:
        proof, still_waiting = prove_cases(), waiting()
        if as_json:
            self.stdout.write(json.dumps({**proof.as_dict(), "not_packed_yet": still_waiting}))
        else:
            versions = ", ".join(f"{n} by version {version}" for version, n in sorted(proof.by_version.items()))
            self.stdout.write(
                f"{proof.checked} hand-offs judged again from the packed past ({versions or 'none'}), "
                f"{proof.differing} differ. {still_waiting} cases are not packed yet."
            )
            for one in proof.examples:
                self.stdout.write(
                    f"  decision {one.decision_id}: {one.field} was {one.stored}, a backtest says {one.judged}"
                )
        if proof.differing:
            raise CommandError(_STOP)
