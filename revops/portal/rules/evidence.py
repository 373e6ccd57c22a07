"""The backtest that signers are shown: made when the review is asked for, and kept with the version."""

from __future__ import annotations

from typing import Any

import orjson

from scoring.backtest import ask_backtest
from scoring.models import Rulebook
from scoring.publishing import NoLiveRulebook


def evidence_for(book: Rulebook) -> dict[str, Any] | None:
    """What the whole past says of a draft, without the leads behind it; None while no rulebook is live."""
    try:
        found = ask_backtest(book.definition).as_dict()
    except NoLiveRulebook:
        return None
    found.pop("flips", None)
    kept: dict[str, Any] = orjson.loads(orjson.dumps(found, default=str, option=orjson.OPT_NON_STR_KEYS))
    return kept
