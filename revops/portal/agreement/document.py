"""One version of the agreement as people read it: clauses, signatures, remarks, what changed, what a lead is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scoring.models import Rulebook
from sla.agreement_words import change_words, differences
from sla.agreements import content_hash, drafts_of, missing_sides
from sla.models import Agreement, AgreementRemark, AgreementSignature, AgreementState, Clause, ClauseSide


@dataclass(frozen=True, slots=True)
class Side:
    """What one side promises, under which number, and its signature of the clauses as they stand."""

    number: int
    key: str
    label: str
    clauses: list[Clause]
    signature: AgreementSignature | None


@dataclass(frozen=True, slots=True)
class Document:
    """All of one version. `changes` is in words against `previous`; `rulebook` defined a lead when it took effect."""

    sides: list[Side]
    missing: list[str]
    remarks: list[AgreementRemark]
    previous: Agreement | None
    changes: list[str]
    rulebook: Rulebook | None
    hash: str


def document_of(agreement: Agreement) -> Document:
    """Eight queries at most, whatever the number of clauses, signatures and remarks."""
    clauses = list(agreement.clauses.select_related("agreement"))
    signed = agreement.signatures.filter(revision=agreement.revision).select_related("user")
    signatures: dict[str, Any] = {row.side: row for row in signed}
    kept = Agreement.objects.exclude(state=AgreementState.DRAFT).filter(version__lt=agreement.version)
    previous = kept.order_by("-version").first()
    return Document(
        sides=[
            Side(
                number,
                side.value,
                str(side.label),
                [clause for clause in clauses if clause.side == side],
                signatures.get(side.value),
            )
            for number, side in enumerate(ClauseSide, start=2)
        ],
        missing=missing_sides(agreement) if agreement.state == AgreementState.DRAFT else [],
        remarks=list(agreement.remarks.select_related("user")),
        previous=previous,
        changes=[change_words(one) for one in differences(drafts_of(previous), drafts_of(agreement))]
        if previous
        else [],
        rulebook=_rulebook(agreement),
        hash=content_hash(agreement),
    )


def _rulebook(agreement: Agreement) -> Rulebook | None:
    """Which rulebook said what tier 1 is when the agreement took effect; for a draft, the one in effect."""
    books = Rulebook.objects.filter(published_at__isnull=False).order_by("-published_at")
    if agreement.effective_at is not None:
        books = books.filter(published_at__lte=agreement.effective_at)
    return books.first()
