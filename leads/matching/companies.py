"""Whether two accounts may be one company. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from leads.matching.likeness import companies_alike, company_core, folded, skeleton
from leads.matching.people import Judgement, digest_of

_COUNTRYLESS = frozenset({"com", "io", "net", "org", "eu", "co", "ai", "app", "biz", "info", "group", "cloud", "tech"})


@dataclass(frozen=True)
class KnownCompany:
    """What is known of one account; `normalised` is its name without legal form."""

    normalised: str = ""
    domain: str = ""
    country: str = ""

    @cached_property
    def core(self) -> str:
        return company_core(self.normalised)

    @cached_property
    def label(self) -> str:
        """The domain without its ending and hyphens; empty if there is none."""
        return self.domain.lower().partition(".")[0].replace("-", "")

    @cached_property
    def ending(self) -> str:
        return self.domain.lower().rpartition(".")[2]

    @cached_property
    def branch(self) -> str:
        """The words of the name that only name a region."""
        core = set(self.core.split())
        return " ".join(word for word in folded(self.normalised).split() if word not in core)


def keys_of(known: KnownCompany) -> list[int]:
    """Digests under which this account is compared with others."""
    return sorted({digest_of(*parts) for parts in _keys(known)})


def _keys(known: KnownCompany) -> Iterator[tuple[str, ...]]:
    plain = known.core.replace(" ", "")
    if plain:
        yield "core", plain
        yield "spine", skeleton(plain)
        yield "words", " ".join(sorted(known.core.split()))
        if len(plain) >= 6:
            yield "begin", plain[:6]
    if known.label:
        yield "core", known.label
        yield "spine", skeleton(known.label)


def judge(one: KnownCompany, other: KnownCompany) -> Judgement:
    """How sure it is that two accounts are one company. Branches in two countries are subsidiaries, not duplicates."""
    alike = companies_alike(one.core, other.core)
    has_both = bool(one.label) and bool(other.label)
    same_label = has_both and one.label == other.label
    if alike < 84 and not same_label:
        return Judgement(0, ("other_name",))
    if one.branch != other.branch and (one.branch or other.branch):
        return Judgement(40, ("subsidiary",))
    if same_label and _are_two_countries(one, other):
        return Judgement(45, ("subsidiary", "same_label"))
    reasons = ["same_name" if alike == 100 else "like_name"] if alike >= 84 else []
    score = {100: 74}.get(alike, 64 if alike >= 94 else 52) if alike >= 84 else 30
    if same_label:
        score, reasons = score + 14, [*reasons, "same_label"]
    if not has_both:
        score, reasons = score + 14, [*reasons, "one_has_no_domain"]
    elif not same_label:
        near = companies_alike(one.label, other.label)
        score += 6 if near >= 84 else -16
        reasons.append("like_domain" if near >= 84 else "other_domain")
    if one.country and other.country and one.country != other.country:
        score, reasons = score - 16, [*reasons, "other_country"]
    return Judgement(max(0, min(score, 99)), tuple(reasons))


def _are_two_countries(one: KnownCompany, other: KnownCompany) -> bool:
    return one.ending != other.ending and one.ending not in _COUNTRYLESS and other.ending not in _COUNTRYLESS
