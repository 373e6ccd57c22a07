"""What a job title says about a person: seniority and function. Pure."""

from __future__ import annotations

import re

SENIORITIES = ("c_level", "vp", "director", "head", "manager", "staff", "student")
FUNCTIONS = (
    "sales",
    "marketing",
    "revops",
    "it",
    "finance",
    "operations",
    "hr",
    "product",
    "general",
)

_SENIORITY_WORDS: list[tuple[str, str]] = [
    (
        r"student|intern|trainee|apprentice|werkstudent|graduate|praktikant\w*",
        "student",
    ),
    (
        r"chief|c[efotmrips]o|cmo|cro|founder|co-?founder|owner|president|partner|geschäftsführer\w*",
        "c_level",
    ),
    (r"s?vp|evp|vice", "vp"),
    (r"director|direktor\w*", "director"),
    (r"head|leiter\w*", "head"),
    (r"manager|lead|supervisor|teamlead\w*", "manager"),
]
_FUNCTION_WORDS: list[tuple[str, str]] = [
    (r"revops|revenue|gtm|crm", "revops"),
    (r"sales|account|business development|sdr|bdr|vertrieb\w*|cro", "sales"),
    (r"marketing|growth|demand|brand|cmo|content", "marketing"),
    (r"finance|financial|cfo|controller|controlling|accounting", "finance"),
    (r"hr|people|talent|recruit\w*", "hr"),
    (r"product|design", "product"),
    (
        r"it|engineer\w*|developer|technology|cto|cio|data|software|security|system\w*",
        "it",
    ),
    (r"operations?|coo|supply|logistics", "operations"),
    (r"ceo|founder|co-?founder|owner|president|managing|geschäftsführer\w*", "general"),
]
_SENIORITY = [(re.compile(rf"\b(?:{words})\b", re.IGNORECASE), value) for words, value in _SENIORITY_WORDS]
_FUNCTION = [(re.compile(rf"\b(?:{words})\b", re.IGNORECASE), value) for words, value in _FUNCTION_WORDS]


def seniority_of(title: str) -> str:
    """One of SENIORITIES; empty if there is no title. A "vice president" is a vp although a president is c_level."""
    if not title.strip():
        return ""
    if re.search(r"\bvice\b", title, re.IGNORECASE):
        return "vp"
    return next((value for pattern, value in _SENIORITY if pattern.search(title)), "staff")


def function_of(title: str) -> str:
    """One of FUNCTIONS; empty if the title names none."""
    return next((value for pattern, value in _FUNCTION if pattern.search(title)), "")
