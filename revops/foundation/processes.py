"""How a process of the portal lives: what it does about garbage, and who goes first when all are busy."""

from __future__ import annotations

import gc
import os

BACKGROUND_NICENESS = 10
"""How far long work steps back: an import or a rescoring must not be felt by people who work at the same time."""


def look_less_often() -> None:
    """Leaves what is loaded by now out of every search for cyclic garbage, and searches less often.

    A batch of a thousand submissions makes hundreds of thousands of objects, nearly none of them in cycles; with
    Python's own thresholds a fifth of its processor time goes into looking for some. Call it once the code is loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def work_in_the_background() -> None:
    """Lives like a worker: leaves the processor to those who answer people, and searches for garbage less often."""
    os.nice(max(0, BACKGROUND_NICENESS - os.nice(0)))
    look_less_often()
