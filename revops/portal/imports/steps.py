"""The steps of the wizard: which are done, which is next."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from leads.models import ImportRun

STEPS = [
    ("import-new", _("Upload")),
    ("import-shape", _("Check the file")),
    ("import-columns", _("Map columns")),
    ("import-values", _("Match values")),
    ("import-rules", _("Source and grounds")),
    ("import-check", _("Dry run")),
    ("import-mend", _("Mend rows")),
]


@dataclass(frozen=True, slots=True)
class Step:
    """One step as the page shows it; `url` is empty where nobody can go yet."""

    number: int
    label: str
    url: str
    is_current: bool
    is_done: bool


def first_open_step(run: ImportRun) -> str:
    """The page an import goes on at."""
    if run.shape_confirmed_at is None:
        return "import-shape"
    if not run.mapping:
        return "import-columns"
    return "import-rules" if run.source_id is None or not run.legal_basis else "import-check"


def steps_of(run: ImportRun | None, current: str) -> list[Step]:
    """The steps, seen from the page called `current`."""
    names = [name for name, _label in STEPS]
    reached = names.index(first_open_step(run)) + 1 if run is not None else 1
    open_until = len(names) if reached == names.index("import-check") + 1 else reached
    return [
        Step(
            number=number,
            label=str(label),
            url=reverse(name, args=[run.public_id]) if run and 1 < number <= open_until else "",
            is_current=name == current,
            is_done=number < reached or (number == 1 and run is not None),
        )
        for number, (name, label) in enumerate(STEPS, start=1)
    ]
