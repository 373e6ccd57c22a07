"""What can be logged of an attempt with one key."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from leads.models.signals import AttemptChannel, AttemptResult

TRIES = (
    ("call:no_answer", "1"), ("call:left_message", "2"), ("call:contact", "3"), ("call:conversation", "4"),
    ("email:no_answer", "5"), ("email:contact", "6"), ("message:no_answer", "7"), ("message:contact", "8"),
)  # fmt: skip
"""What can be logged with one key, by its key."""

_SENT = {
    "email:no_answer": gettext_lazy("Sent"),
    "message:no_answer": gettext_lazy("Sent"),
    "email:contact": gettext_lazy("Answered"),
    "message:contact": gettext_lazy("Answered"),
}


def try_label(code: str) -> tuple[str, str]:
    """The channel and the result of a code like call:no_answer, in words."""
    channel, result = code.split(":")
    return str(AttemptChannel(channel).label), str(_SENT.get(code) or AttemptResult(result).label)


def try_groups() -> list[dict[str, Any]]:
    """What can be logged, by channel, each with its key."""
    groups: dict[str, dict[str, Any]] = {}
    for code, key in TRIES:
        channel, result = try_label(code)
        group = groups.setdefault(channel, {"channel": code.split(":")[0], "label": channel, "results": []})
        group["results"].append({"code": code, "key": key, "label": result})
    return list(groups.values())
