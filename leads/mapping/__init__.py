"""From the columns of somebody else's file to our facts: suggested, confirmed by a person, applied row by row."""

from .applying import CompiledMapping, MappedRow, MappingError, apply_mapping
from .setters import Trouble
from .suggesting import signature_of, suggest_mapping
from .targets import TARGETS, check_target, target_label

__all__ = [
    "TARGETS",
    "CompiledMapping",
    "MappedRow",
    "MappingError",
    "Trouble",
    "apply_mapping",
    "check_target",
    "signature_of",
    "suggest_mapping",
    "target_label",
]
