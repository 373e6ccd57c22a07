"""manage.py clock_replay FILE: how a log of queued and started cases would have kept a promise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from revops.foundation.pages.words import duration_words
from sla.business_time import BusinessHours
from sla.calendars import hours_of, newest_versions
from sla.models import Calendar
from sla.queue_log import (
    ROUND_THE_CLOCK,
    LogError,
    Verdicts,
    judge_log,
    read_instant,
    read_log,
    read_office_hours,
    read_promise,
)


class Command(BaseCommand):
    help = "Judges a CSV with case, queued_at and started_at against a promise: kept, breached, median and p90."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="CSV with the columns case, queued_at, started_at; times with their offset.")
        parser.add_argument("--promise", required=True, help="60m, 4h, 2d …")
        parser.add_argument(
            "--calendar",
            default=ROUND_THE_CLOCK,
            help="24x7, office hours like “mon-fri 9-17 Europe/Berlin”, or the name of a calendar of the portal.",
        )
        parser.add_argument(
            "--as-of", help="Judges cases that nobody began as of then; without it the log's last time."
        )
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            promise, hours = read_promise(options["promise"]), _hours(options["calendar"])
            as_of = read_instant("--as-of", options["as_of"]) if options["as_of"] else None
            with Path(options["file"]).open(encoding="utf-8-sig", newline="") as lines:
                verdicts = judge_log(read_log(lines), promise, hours, as_of=as_of)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise CommandError(f"{options['file']} is not UTF-8. Save it as CSV in UTF-8.") from None
        except ValueError as error:
            raise CommandError(str(error)) from None
        if options["as_json"]:
            asked = {"promise_seconds": promise.total_seconds(), "calendar": options["calendar"]}
            self.stdout.write(json.dumps(asked | verdicts.as_dict()))
        else:
            self._say(verdicts)

    def _say(self, verdicts: Verdicts) -> None:
        share = f" ({verdicts.kept / verdicts.n:.1%} kept)" if verdicts.n else ""
        self.stdout.write(f"{verdicts.kept:,} kept, {verdicts.breached:,} breached{share}.")
        median, p90 = verdicts.wait_at(0.5), verdicts.wait_at(0.9)
        if median is not None and p90 is not None:
            self.stdout.write(f"Work began after {duration_words(median)} (median), {duration_words(p90)} (p90).")
        if verdicts.unanswered:
            late = verdicts.unanswered - verdicts.still_in_time
            self.stdout.write(f"{verdicts.unanswered:,} were never begun: {late:,} of them breached.")
        for problem in verdicts.problems[:20]:
            self.stderr.write(f"line {problem.line}: {problem.reason}")
        if verdicts.problems:
            self.stderr.write(f"{len(verdicts.problems):,} rows could not be judged.")


def _hours(text: str) -> BusinessHours | None:
    """The hours that count; None for all of them. Raises LogError for a calendar nobody knows."""
    if text.strip().lower() == ROUND_THE_CLOCK:
        return None
    known = read_office_hours(text)
    if known is not None:
        return known
    calendar = Calendar.objects.filter(name__iexact=text.strip()).first()
    if calendar is None:
        raise LogError(
            f"There is no calendar “{text}”. Write 24x7, hours like “mon-fri 9-17 Europe/Berlin”, or its name."
        )
    return hours_of(newest_versions([calendar.pk])[calendar.pk])
