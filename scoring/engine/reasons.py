"""The points of every rule as a few bytes, so that a new score keeps its reasons from the first moment. Pure."""

from __future__ import annotations

import math
import struct

import numpy as np
from numpy.typing import NDArray

from scoring.engine.compiled import CompiledRulebook

_HEAD = ">i4"
_NARROW = int(np.iinfo(np.int16).max)


def pack_reasons(compiled: CompiledRulebook, contributions: NDArray[np.int32]) -> NDArray[np.void]:
    """One value for each lead: a unit and the points of every rule as multiples of it, in two bytes each.

    A unit of 0 says that the points follow as they are, in four bytes each.
    """
    unit = unit_of(compiled)
    is_narrow = max(compiled.definition.caps.values()) <= unit * _NARROW and all(
        abs(rule.points) <= unit * _NARROW for rule in compiled.rules
    )
    numbers = contributions // np.int32(unit) if is_narrow else contributions
    row = np.dtype([("unit", _HEAD), ("points", ">i2" if is_narrow else _HEAD, (len(compiled.rules),))])
    packed = np.empty(len(contributions), dtype=row)
    packed["unit"] = unit if is_narrow else 0
    packed["points"] = numbers
    return packed.view(np.dtype((np.void, row.itemsize)))


def read_reasons(packed: bytes) -> list[int]:
    """The points of every rule, in thousandths."""
    (unit,) = struct.unpack_from(_HEAD.replace("i4", "i"), packed)
    numbers = np.frombuffer(packed, dtype=">i2" if unit else _HEAD, offset=4)
    return (numbers.astype(np.int64) * (unit or 1)).tolist()


def unit_of(compiled: CompiledRulebook) -> int:
    """What all points of a rulebook are multiples of: those of its rules at any age, and what caps and floors leave."""
    definition = compiled.definition
    limits = [*definition.caps.values(), *definition.family_caps.values(), *definition.floors.values()]
    fading = [int(points) for left, _wait in compiled.fading.values() for points in np.unique(left)]
    return math.gcd(*limits, *fading, *(rule.points for rule in compiled.rules)) or 1
