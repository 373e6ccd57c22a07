"""Long work steps back: a worker asks for the processor after those who answer people."""

from __future__ import annotations

import json
import subprocess
import sys

from revops.foundation.processes import BACKGROUND_NICENESS


def test_a_worker_is_nicer_than_a_web_process_and_searches_for_garbage_less_often() -> None:
    code = (
        "import gc, json, os\n"
        "from revops.foundation.processes import work_in_the_background\n"
        "before = os.nice(0)\n"
        "work_in_the_background()\n"
        "work_in_the_background()\n"
        "print(json.dumps([before, os.nice(0), gc.get_threshold()[0]]))\n"
    )
    before, after, threshold = json.loads(subprocess.check_output([sys.executable, "-c", code]))
    assert after == max(before, BACKGROUND_NICENESS), "twice is as nice as once"
    assert threshold > 10_000


def test_the_worker_of_the_portal_steps_back() -> None:
    code = (
        "import os\n"
        "from celery.signals import worker_process_init\n"
        "import revops.celery\n"
        "worker_process_init.send(sender=None)\n"
        "print(os.nice(0))\n"
    )
    assert int(subprocess.check_output([sys.executable, "-c", code])) >= BACKGROUND_NICENESS
