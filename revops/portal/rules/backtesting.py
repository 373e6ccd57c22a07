"""A backtest as long work, and in the words of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from revops.foundation import jobs
from revops.foundation.ids import encode
from revops.foundation.models import Job
from scoring.backtest import Backtest, Flip, Scope, ask_backtest
from scoring.publishing import NoLiveRulebook

KIND = "backtest"


def scope_of(said: Mapping[str, str]) -> Scope:
    """The part of the past in a job's or a request's words."""
    return Scope(
        first_on=date.fromisoformat(said["first_on"]) if "first_on" in said else None,
        last_on=date.fromisoformat(said["last_on"]) if "last_on" in said else None,
        source_id=UUID(said["source_id"]) if "source_id" in said else None,
        rep_id=UUID(said["user_id"]) if "user_id" in said else None,
    )


def plain(found: Backtest) -> dict[str, Any]:
    """A backtest with public ids, as JSON has it."""
    told = found.as_dict()
    told.pop("scope")
    told["flips"] = [plain_flip(flip) for flip in found.flips]
    for part in told["by_source"]:
        part["id"] = encode("source", part["id"]) if part["id"] else None
    for part in told["by_rep"]:
        part["id"] = encode("user", part["id"]) if part["id"] else None
    made: dict[str, Any] = orjson.loads(orjson.dumps(told, default=str, option=orjson.OPT_NON_STR_KEYS))
    return made


def plain_flip(flip: Flip) -> dict[str, Any]:
    """A lead whose tier changes, with public ids."""
    told = {**asdict(flip), "moved_by": flip.moved_by, "lead_id": encode("lead", flip.lead_id)}
    rep_id = told.pop("rep_id")
    told["source_id"] = encode("source", flip.source_id) if flip.source_id else None
    told["user_id"] = encode("user", rep_id) if rep_id else None
    return told


def register() -> None:
    """Says who does jobs of this kind."""
    jobs.register(KIND, _run)


def _run(job: Job) -> dict[str, Any]:
    try:
        found = ask_backtest(
            job.params["candidate"], against=job.params["against"], scope=scope_of(job.params["scope"])
        )
    except NoLiveRulebook as refusal:
        raise jobs.JobFailed(str(refusal)) from refusal
    return plain(found)
