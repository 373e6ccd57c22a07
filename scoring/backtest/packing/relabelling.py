"""Packs what became of cases anew, once many rows say something else than their chunk."""

from __future__ import annotations

import numpy as np
from django.db import connection

from revops.foundation.ids import new_id
from scoring.backtest.labels import LABEL_NAMES, CaseLabel, relabel, take_labels
from scoring.backtest.packing.chunks import SAMPLE_EVERY, read_columns, stored_columns
from scoring.backtest.packing.rows import FIELDS, CaseRow, label_of
from scoring.models import Case, CaseChunk, CaseColumn

MOST_RELABELLED = 2_000
"""So many cases may be read beside their chunk before labels are packed anew."""


def fold_labels() -> None:
    """Packs labels anew once many are out of date."""
    waiting_labels = Case.objects.filter(is_relabelled=True, chunk__isnull=False)
    if waiting_labels[: MOST_RELABELLED + 1].count() <= MOST_RELABELLED:
        return
    with connection.cursor() as cursor:
        cursor.execute(_FOLD)
        rows = cursor.fetchall()
    by_chunk: dict[int, dict[int, CaseLabel]] = {}
    for chunk_id, place, *row in rows:
        by_chunk.setdefault(chunk_id, {})[place] = label_of(CaseRow(*row), is_narrow=False)
    for chunk in CaseChunk.objects.filter(pk__in=by_chunk).order_by("pk"):
        columns = read_columns(chunk)
        labels = relabel(columns, by_chunk[chunk.pk])
        sample = np.arange(0, chunk.n, SAMPLE_EVERY)
        CaseColumn.objects.filter(chunk=chunk, name__in=LABEL_NAMES).delete()
        CaseColumn.objects.bulk_create(
            [
                *stored_columns(chunk, labels, is_sample=False),
                *stored_columns(chunk, take_labels(labels, sample), is_sample=True),
            ]
        )
        chunk.labels_version = new_id()
        chunk.save(update_fields=["labels_version"])


# Rows that somebody labels at this moment are left for the next time: nobody ever waits for another in a circle.
_FOLD = f"""
UPDATE scoring_case SET is_relabelled = false
 WHERE id IN (SELECT id FROM scoring_case WHERE is_relabelled AND chunk_id IS NOT NULL FOR UPDATE SKIP LOCKED)
RETURNING chunk_id, place, {FIELDS}
"""  # noqa: S608 - names only
