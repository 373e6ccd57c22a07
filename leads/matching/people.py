"""Whether two people may be one: which pairs deserve a look, how sure we are, and why. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple

from rapidfuzz.distance import DamerauLevenshtein

from leads.matching.likeness import (
    Agreement,
    companies_alike,
    company_core,
    first_names_agree,
    folded,
    is_private,
    is_shared_mailbox,
    mailbox_of,
    skeleton,
    words_agree,
)
from leads.matching.nicknames import roots_of

PROPOSE_FROM = 70
"""From this score on a pair is proposed; docs/matching.md says how often that is right."""


class Judgement(NamedTuple):
    """How sure it is, 0 to 100, and the codes of what speaks for and against it, the weightiest first."""

    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """What is known of one person. Empty text is not known; `phone` is E.164, `country` ISO 3166."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    title: str = ""
    company: str = ""
    domain: str = ""
    country: str = ""
    account: str = ""

    @cached_property
    def first(self) -> str:
        return folded(self.first_name)

    @cached_property
    def last(self) -> str:
        return folded(self.last_name)

    @cached_property
    def local(self) -> str:
        return self.email.lower().partition("@")[0].partition("+")[0]

    @cached_property
    def mail_domain(self) -> str:
        return self.email.lower().partition("@")[2]

    @cached_property
    def mailbox(self) -> str:
        """Empty for a mailbox that several people share."""
        return "" if not self.email or is_shared_mailbox(self.local) else mailbox_of(self.email)

    @cached_property
    def work_domain(self) -> str:
        return "" if not self.mail_domain or is_private(self.mail_domain) else self.mail_domain

    @cached_property
    def companies(self) -> tuple[str, ...]:
        """The company by its name and by its domains, as comparable words."""
        named = company_core(self.company)
        labels = (
            company_core(domain.partition(".")[0].replace("-", " ")) for domain in (self.domain, self.work_domain)
        )
        return tuple(dict.fromkeys(text for text in (named, *labels) if text))


def digest_of(*parts: str) -> int:
    """A number that stands for the parts and does not tell them."""
    return int.from_bytes(blake2b("\x1f".join(parts).encode(), digest_size=8).digest(), "big", signed=True)


def keys_of(known: Known) -> list[int]:
    """Digests under which this person is compared with others: whoever shares one deserves a look."""
    return sorted({digest_of(*parts) for parts in _keys(known)})


def _keys(known: Known) -> Iterator[tuple[str, ...]]:
    if known.mailbox:
        yield "mailbox", known.mailbox
        plain = re.sub(r"[^a-z0-9]", "", known.local)
        if len(plain) >= 6:
            yield "local", plain
    if known.phone:
        yield "phone", known.phone
    if known.last:
        yield from _keys_of_names(known)


def _keys_of_names(known: Known) -> Iterator[tuple[str, ...]]:
    """The name by itself, and looser forms of it together with the beginning of the company."""
    firsts = roots_of(known.first.partition(" ")[0]) if known.first else frozenset()
    for first in firsts:
        yield "name", first, known.last.replace(" ", "")
        yield "spine", first, skeleton(known.last)
    for start in {company.replace(" ", "")[:4] for company in known.companies}:
        for spine in {skeleton(known.last), skeleton(known.last.split()[-1])}:
            yield "company+spine", start, spine
        for first in firsts:
            yield "company+begin", start, first, known.last[:2]
            yield "company+end", start, first, known.last[-2:]
        if known.first:
            yield "company+turned", start, *sorted((known.first, known.last))


def judge(one: Known, other: Known) -> Judgement:
    """How sure it is that two are the same person: at most one point for each fact, from what agrees least by chance.

    Without a name, a mailbox or a number in common nothing else counts.
    """
    points: list[tuple[int, str]] = []
    names, name_code = _names(one, other)
    same_mailbox = bool(one.mailbox) and one.mailbox == other.mailbox
    if same_mailbox:
        points.append((72, "same_mailbox"))
    elif near := _near_mailbox(one, other, names):
        points.append(near)
    same_phone = bool(one.phone) and one.phone == other.phone
    if same_phone:
        points.append((38, "same_phone"))
    alike = _companies(one, other)
    if alike is not None:
        points.append(alike)
    if one.title and folded(one.title) == folded(other.title):
        points.append((4, "same_title"))
    points += _against(one, other, same_phone=same_phone, same_mailbox=same_mailbox, alike=alike)
    points.append((names, name_code))
    if names <= 0 and not same_mailbox:
        return Judgement(0, ("name_differs",))
    total = sum(weight for weight, _ in points)
    ordered = tuple(code for weight, code in sorted(points, key=lambda point: -abs(point[0])) if code)
    return Judgement(max(0, min(total, 99)), ordered)


_NAME_POINTS: dict[tuple[Agreement, Agreement], tuple[int, str]] = {
    (Agreement.SAME, Agreement.SAME): (40, "same_name"),
    (Agreement.NICKNAME, Agreement.SAME): (36, "nickname"),
    (Agreement.TYPO, Agreement.SAME): (34, "name_typo"),
    (Agreement.SAME, Agreement.TYPO): (34, "name_typo"),
    (Agreement.NICKNAME, Agreement.TYPO): (28, "name_typo"),
    (Agreement.TYPO, Agreement.TYPO): (24, "name_typo"),
    (Agreement.LIKE, Agreement.SAME): (34, "name_part"),
    (Agreement.SAME, Agreement.LIKE): (30, "name_part"),
    (Agreement.NICKNAME, Agreement.LIKE): (24, "name_part"),
    (Agreement.INITIAL, Agreement.SAME): (26, "initial"),
    (Agreement.INITIAL, Agreement.TYPO): (18, "initial"),
    (Agreement.UNKNOWN, Agreement.SAME): (16, "last_name_only"),
    (Agreement.SAME, Agreement.UNKNOWN): (10, "first_name_only"),
    (Agreement.NICKNAME, Agreement.UNKNOWN): (8, "first_name_only"),
    (Agreement.UNKNOWN, Agreement.UNKNOWN): (1, ""),
}


def _names(one: Known, other: Known) -> tuple[int, str]:
    """Points for the names, and the code of how they agree; nothing or less if they are of different people."""
    first, last = first_names_agree(one.first, other.first), words_agree(one.last, other.last)
    straight = _NAME_POINTS.get((first, last))
    if straight is not None and straight[0] > 1:
        return straight
    if one.first and other.last and one.first == other.last and one.last == other.first:
        return 36, "names_turned"
    return straight or (-30, "name_differs")


def _near_mailbox(one: Known, other: Known, names: int) -> tuple[int, str] | None:
    """The same beginning of the address elsewhere, or one wrong letter in it. Only if the names agree, too."""
    if not (one.mailbox and other.mailbox) or names < 16:
        return None
    one_box, other_box = one.mailbox.partition("@"), other.mailbox.partition("@")
    if one_box[0] == other_box[0] and len(one_box[0]) >= 4:
        if one_box[2].partition(".")[0] == other_box[2].partition(".")[0]:
            return 34, "same_local_part"
        wrong = DamerauLevenshtein.distance(one_box[2], other_box[2])
        return (34, "address_typo") if wrong <= 2 else (14, "same_local_part")
    is_near = len(one_box[0]) >= 5 and DamerauLevenshtein.distance(one_box[0], other_box[0]) <= 2
    if is_near and one_box[2] == other_box[2] and not _are_numbered(one_box[0], other_box[0]):
        return 30, "address_typo"
    return None


def _are_numbered(one: str, other: str) -> bool:
    """Whether two mailboxes differ by a number only: how a company tells namesakes apart."""
    plain = [re.sub(r"\d+", "", text) for text in (one, other)]
    return one != other and plain[0].strip("._-") == plain[1].strip("._-")


def _companies(one: Known, other: Known) -> tuple[int, str] | None:
    if one.account and one.account == other.account:
        return 36, "same_account"
    alike = max((companies_alike(a, b) for a in one.companies for b in other.companies), default=0)
    if alike >= 94:
        return 34, "same_company"
    if alike >= 84:
        return 26, "like_company"
    if one.companies and other.companies and one.work_domain and other.work_domain:
        return -14, "other_company"
    return None


def _against(
    one: Known, other: Known, *, same_phone: bool, same_mailbox: bool, alike: tuple[int, str] | None
) -> list[tuple[int, str]]:
    """What speaks against it."""
    found: list[tuple[int, str]] = []
    if one.phone and other.phone and not same_phone:
        found.append((-12, "other_phone"))
    if one.country and other.country and one.country != other.country:
        found.append((-8, "other_country"))
    if same_mailbox:
        return found
    at_work = one.work_domain and other.work_domain and one.mailbox and other.mailbox
    if at_work and _are_numbered(one.mailbox.partition("@")[0], other.mailbox.partition("@")[0]):
        found.append((-40, "numbered_namesake"))
    titles_agree = words_agree(folded(one.title), folded(other.title))
    if titles_agree is Agreement.DIFFERENT and not same_phone and (alike is None or alike[0] < 0 or found):
        found.append((-8, "other_title"))
    return found
