"""The rulebook that counts now, compiled once per process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from scoring.engine import CompiledRulebook, compile_rulebook
from scoring.models import Rulebook
from scoring.publishing.errors import NoLiveRulebook
from scoring.rules import parse_rulebook


class LiveRulebook(NamedTuple):
    """The published rules that count now, ready to evaluate."""

    id: UUID
    version: int
    compiled: CompiledRulebook


def live_rulebook() -> LiveRulebook:
    """The rulebook that counts now, compiled once per process. One small query; raises NoLiveRulebook."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, version, content_hash FROM scoring_rulebook WHERE state = 'live'")
        row = cursor.fetchone()
    if row is None:
        raise NoLiveRulebook
    pk, version, digest = row
    return LiveRulebook(pk, version, compiled_rulebook(pk, digest))


def compiled_rulebook(pk: UUID, digest: str, definition: Mapping[str, Any] | None = None) -> CompiledRulebook:
    """The compiled form of one exact content, kept per process; reads the definition only if it is not known yet."""
    compiled = _compiled.get(digest)
    if compiled is None:
        if definition is None:
            definition = Rulebook.objects.values_list("definition", flat=True).get(pk=pk)
        compiled = compile_rulebook(parse_rulebook(definition))
        with _lock:
            if len(_compiled) >= _MOST_KEPT:
                _compiled.clear()
            _compiled[digest] = compiled
    return compiled


_compiled: dict[str, CompiledRulebook] = {}
_lock = threading.Lock()
_MOST_KEPT = 64
