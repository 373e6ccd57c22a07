"""What a version says, and the fingerprint that signatures are about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from leads.models import SignalKind


def stamp_kinds(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The definition with every signal kind as it is known now, so that a version means the same for ever."""
    kinds = {
        kind.code: {"name": kind.name, "strength": kind.strength, "is_proven": kind.is_proven}
        for kind in SignalKind.objects.order_by("code")
    }
    return {**definition, "kinds": kinds}


def content_hash(definition: Mapping[str, Any]) -> str:
    """SHA-256 of the definition with sorted keys: what a signature is about."""
    return hashlib.sha256(orjson.dumps(definition, option=orjson.OPT_SORT_KEYS)).hexdigest()
