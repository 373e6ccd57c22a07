"""Looks at server processes that are nobody's children."""

import time

import psutil


def runs(process: psutil.Process) -> bool:
    """Whether the process still works; one that only waits to be buried (in many containers nobody does) does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def ended(process: psutil.Process, seconds: float) -> bool:
    """Wait until the process has ended. False when it has not after `seconds`."""
    deadline = time.monotonic() + seconds
    while runs(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
