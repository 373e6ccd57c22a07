"""Asks a long past in a process of its own, so that whoever asks stays small and goes on answering others.

A million cases take some 200 MB to judge: too much for a web worker, whose other requests would also wait for the
interpreter. So each process that asks about a long past has one helper, which keeps what it read and answered. Short
pasts are judged on the spot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any, TypeVar

from django.conf import settings

from scoring.backtest.comparing import count_cases, list_flips, live_definition, run_backtest
from scoring.backtest.judging import judge_of
from scoring.backtest.report import Backtest, Flip, Scope
from scoring.beside import Helper

T = TypeVar("T")

_TRIES = 3
_LONGEST_SECONDS = 120


def ask_backtest(
    candidate: Mapping[str, Any],
    *,
    against: Mapping[str, Any] | None = None,
    scope: Scope | None = None,
    quick: bool = False,
) -> Backtest:
    """What `run_backtest` answers, judged where there is room for it. Raises as it does.

    A quick answer is a sample's, which is small: it is given on the spot, while the helper may still be starting.
    """
    pair = _both(candidate, against)
    if quick:
        return run_backtest(pair[0], against=pair[1], scope=scope, quick=True)
    return _answer(run_backtest, pair[0], against=pair[1], scope=scope)


def ask_flips(
    candidate: Mapping[str, Any],
    *,
    against: Mapping[str, Any] | None = None,
    scope: Scope | None = None,
    offset: int = 0,
    limit: int = 50,
) -> tuple[int, list[Flip]]:
    """What `list_flips` answers, judged where there is room for it. Raises as it does."""
    pair = _both(candidate, against)
    return _answer(list_flips, pair[0], against=pair[1], scope=scope, offset=offset, limit=limit)


def get_ready() -> None:
    """Starts the helper if the past is long: whoever opens the editor will ask in a moment. One query."""
    if _is_long():
        with suppress(BrokenProcessPool):  # the question itself starts another one
            helper.ask(_nothing)


def _both(candidate: Mapping[str, Any], against: Mapping[str, Any] | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both definitions, proved to be rulebooks here: refusals carry what does not travel between processes."""
    pair = dict(candidate), dict(live_definition() if against is None else against)
    for definition in pair:
        judge_of(definition)
    return pair


def _answer(ask: Callable[..., T], *arguments: Any, **options: Any) -> T:
    if not _is_long():
        return ask(*arguments, **options)
    for _try in range(_TRIES):
        try:
            return helper.ask(ask, *arguments, **options).result(timeout=_LONGEST_SECONDS)
        except BrokenProcessPool:  # it ended, or was ended, between two questions
            helper.forget()
    return ask(*arguments, **options)


def _is_long() -> bool:
    return count_cases() >= settings.BACKTEST_APART_FROM


def _nothing() -> None:
    """What a helper is asked to make it start."""


helper = Helper()
