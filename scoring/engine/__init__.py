"""Evaluates rulebooks over columns of facts: pure NumPy, no database, no clock."""

from .compiled import FORMULA_VERSION, CompiledRulebook, Evaluation, compile_rulebook, evaluate
from .frame import NEVER, Act, FactFrame, LeadFacts, SignalTable, TextColumn, date_of, day_of, frame_of
from .inputs import read_inputs, write_inputs

__all__ = [
    "FORMULA_VERSION",
    "NEVER",
    "Act",
    "CompiledRulebook",
    "Evaluation",
    "FactFrame",
    "LeadFacts",
    "SignalTable",
    "TextColumn",
    "compile_rulebook",
    "date_of",
    "day_of",
    "evaluate",
    "frame_of",
    "read_inputs",
    "write_inputs",
]
