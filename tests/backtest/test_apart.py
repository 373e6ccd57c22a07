"""A long past is judged in a process of its own: the same answers, whoever ends it, and refusals where one asked."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from scoring.backtest import apart, ask_backtest, ask_flips, get_ready, list_flips, pack_everything, run_backtest
from scoring.backtest.store import Store
from scoring.publishing import NoLiveRulebook
from scoring.rules import InvalidRulebook
from tests.backtest.company import admit, sent, stricter
from tests.portal.desk import Office


@pytest.fixture
def helper() -> Iterator[apart.Helper]:
    yield apart.helper
    apart.helper.end()


def helpers() -> set[int]:
    return {child.pid for child in multiprocessing.active_children() if child.pid}


@pytest.mark.django_db(transaction=True)
def test_the_helper_says_what_would_be_said_here_and_is_started_anew_if_it_dies(
    office: Office, at: datetime, helper: apart.Helper, settings: Any
) -> None:
    admit(office, [sent(office, n, title=("VP Sales", "Clerk")[n % 2]) for n in range(4)], at)
    pack_everything(now=timezone.now())
    draft = stricter("fit", 25)
    here, flips = run_backtest(draft, cases=Store()), list_flips(draft, cases=Store())
    assert flips[0] > 0
    settings.BACKTEST_APART_FROM = 1
    before = helpers()
    get_ready()
    there = ask_backtest(draft)
    assert replace(there, took_ms=0) == replace(here, took_ms=0)
    assert ask_flips(draft) == flips
    (pid,) = helpers() - before
    os.kill(pid, signal.SIGKILL)
    assert replace(ask_backtest(draft), took_ms=0) == replace(here, took_ms=0)
    assert pid not in helpers()


@pytest.mark.django_db
def test_a_short_past_is_judged_on_the_spot(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart.Helper, "ask", None)
    get_ready()
    assert ask_backtest(stricter("fit", 25)).cases == 0
    assert ask_flips(stricter("fit", 25)) == (0, [])


@pytest.mark.django_db
def test_a_quick_answer_waits_for_no_helper(office: Office, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.BACKTEST_APART_FROM = 0
    monkeypatch.setattr(apart.Helper, "ask", None)
    assert ask_backtest(stricter("fit", 25), quick=True).cases == 0


@pytest.mark.django_db
def test_what_is_no_rulebook_is_refused_before_anybody_is_asked(
    office: Office, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BACKTEST_APART_FROM = 0
    monkeypatch.setattr(apart.Helper, "ask", None)
    with pytest.raises(InvalidRulebook):
        ask_backtest({})


@pytest.mark.django_db
def test_without_a_live_rulebook_there_is_nothing_to_compare_with(db: None) -> None:
    with pytest.raises(NoLiveRulebook):
        ask_backtest({})


STARTER = """
import os, signal
import django
django.setup()
from scoring.beside import Helper
print(Helper().ask(os.getpid).result(60), flush=True)
signal.pause()
"""


def test_a_helper_whose_starter_is_gone_ends() -> None:
    """Whoever is killed cannot end it any more, so it looks by itself."""
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    with starter.stdout:
        pid = int(starter.stdout.readline())
    starter.kill()
    starter.wait(20)
    until = time.monotonic() + 60
    while _runs(pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
