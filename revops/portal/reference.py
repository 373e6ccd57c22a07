"""Reference pages of the documentation that are written from the code, so that they cannot be wrong."""

from __future__ import annotations

from collections.abc import Callable

from feedback.metrics import METRICS
from feedback.starter_reasons import FAMILIES, REASONS
from leads.lifecycle import MOVES, UNDO_MOVES, Stage
from leads.signal_kinds import STARTER_KINDS
from leads.starter_rules import STARTER_HYGIENE
from revops.foundation.api.problems import REGISTRY
from revops.foundation.models import Role
from revops.foundation.policy import PERMISSIONS
from scoring.rules import ATTRIBUTES
from scoring.rules.catalogue import catalogue

NOTE = "<!-- Written by `manage.py check_docs --write`; do not edit. -->\n"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def stages() -> str:
    """The stage table as a diagram."""
    arrows = [f"    {start} --> {end}" for start in Stage for end in Stage if end in MOVES[start]]
    undo = [f"    {start} --> {end}: undo" for start in Stage for end in Stage if end in UNDO_MOVES.get(start, ())]
    diagram = "\n".join(["stateDiagram-v2", "    [*] --> new", *arrows, *undo, "    won --> [*]", "    lost --> [*]"])
    return f"# Stages of a lead\n\nThe table is `leads/lifecycle.py`.\n\n```mermaid\n{diagram}\n```\n"


def metrics() -> str:
    """The metric dictionary."""
    rows = [
        [f"`{entry.key}`", str(entry.name), str(entry.definition), entry.unit.value, entry.owner, str(entry.decision)]
        for entry in METRICS.values()
    ]
    head = ["Key", "Name", "Definition", "Unit", "Owner", "The decision it informs"]
    return f"# Metric dictionary\n\n{_table(head, rows)}"


def permissions() -> str:
    """Who may do what."""
    roles = list(Role)
    rows = [
        [f"`{entry.name}`", str(entry.sentence), *("✓" if role in entry.roles else "" for role in roles),
         f"`{entry.scope}`" if entry.scope else "people only"]
        for entry in PERMISSIONS.values()
    ]  # fmt: skip
    head = ["Permission", "Allows to", *(str(role.label) for role in roles), "Scope of a key"]
    return f"# Who may do what\n\n{_table(head, rows)}"


def problems() -> str:
    """The registry of API errors."""
    rows = [[f"`{code}`", str(entry.status), str(entry.title)] for code, entry in sorted(REGISTRY.items())]
    return f"# Problems the API answers with\n\n{_table(['Code', 'Status', 'Title'], rows)}"


def vocabulary() -> str:
    """What ships with the product: signal kinds, hygiene rules, rejection reasons and facts of rules."""
    kinds = [[f"`{k.code}`", k.name, k.family, k.strength, "yes" if k.is_proven else "no"] for k in STARTER_KINDS]
    rules = [[f"`{code}`", sentence, action] for code, sentence, action, _ in STARTER_HYGIENE]
    labels = {code: label for code, label, _ in FAMILIES}
    reasons = [
        [labels[r.family], f"`{r.code}`", r.label, r.question, r.root_cause, r.mended_by, r.consequence]
        for r in REASONS
    ]
    facts = [[f"`{name}`", str(entry.label), entry.type, entry.since] for name, entry in ATTRIBUTES.items()]
    conditions = [
        [f"`{one['kind']}`", one["label"], ", ".join(one["fits"]) or one["about"],
         ", ".join(f"`{blank['name']}`" + ("" if blank["required"] else "?") for blank in one["fields"]), one["since"]]
        for one in catalogue()
    ]  # fmt: skip
    return "\n".join(
        [
            "# What ships with the product\n",
            "## Signal kinds\n",
            _table(["Code", "Name", "Family", "Strength", "Proven"], kinds),
            "## Hygiene rules\n",
            _table(["Code", "Sentence", "Action"], rules),
            "## Rejection reasons\n",
            _table(["Family", "Code", "Reason", "Evidence", "Root cause", "Mended by", "Consequence"], reasons),
            "## Facts that rules can ask about\n",
            _table(["Fact", "Meaning", "Type", "Since"], facts),
            "## Conditions of rules\n",
            "A blank with a question mark may be left out.\n",
            _table(["Condition", "Meaning", "Asked about", "Blanks", "Since"], conditions),
        ]
    )


PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/stages.md": stages,
    "docs/reference/metrics.md": metrics,
    "docs/reference/permissions.md": permissions,
    "docs/reference/problems.md": problems,
    "docs/reference/vocabulary.md": vocabulary,
}
"""Path from the project's root → the function that writes the page."""


def page(path: str) -> str:
    """The text of one reference page."""
    return f"{NOTE}\n{PAGES[path]()}"
