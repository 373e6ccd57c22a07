"""People with a known truth: who is whom is decided first, then written down badly. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from leads.hygiene import FREE_DOMAINS
from leads.matching.likeness import folded
from revops.portal.demo.firms import Firm, found_firm
from revops.portal.demo.places import choose_country, choose_name, choose_region

_TITLES = (
    "Head of Operations", "Operations Manager", "IT Manager", "Managing Director", "Buyer", "Head of Purchasing",
    "Plant Manager", "Project Manager", "CFO", "COO", "Fleet Manager", "Site Lead", "Controller", "Field Service Lead",
)  # fmt: skip
_PRIVATE = ("gmail.com", "outlook.com", "gmx.de", "yahoo.com", "icloud.com", "web.de", "hotmail.com")
_SHARED = ("info", "sales", "office", "contact", "einkauf", "purchasing", "service")
_FAMILIAR = {
    "Robert": "Bob", "Katharina": "Kathrin", "Thomas": "Tom", "Daniel": "Dan", "Samuel": "Sam", "Benjamin": "Ben",
    "Matthew": "Matt", "Andrew": "Andy", "James": "Jim", "Jack": "John", "Nathan": "Nat", "Rachel": "Rach",
    "Monica": "Mona", "Nicolas": "Nico", "Stefan": "Steffen", "Matthias": "Matze", "Andreas": "Andi", "Tobias": "Tobi",
    "Florian": "Flo", "Jürgen": "Georg", "Pieter": "Piet", "Javier": "Javi", "Rafael": "Rafa", "Sofía": "Sofie",
    "Willem": "Wim", "Sabine": "Bine", "Oliver": "Ollie", "Harry": "Harold", "Megan": "Meg", "Laura": "Laurie",
    "Julia": "Jule", "Antoine": "Anton", "Piotr": "Peter", "Tomasz": "Tomek", "Agnieszka": "Aga", "Vikram": "Vicky",
}  # fmt: skip
"""How some people call themselves: written without a look at the table of the matching, and wider than it."""


@dataclass(frozen=True, slots=True)
class Written:
    """One person as one source wrote them down. `who` is the truth, `kind` how it differs from the first writing."""

    who: int
    kind: str
    first: str
    last: str
    email: str
    phone: str
    title: str
    company: str
    country: str
    website: str = ""


@dataclass(slots=True)
class Truth:
    """Everything written down, in the order it came; two writings of one `who` are a match."""

    rows: list[Written] = field(default_factory=list)


def write_truth(people: int, seed: int) -> Truth:
    """`people` real people at their companies; one in four is written down twice, some thrice. Pure."""
    rng = Random(f"truth/{seed}")  # noqa: S311 - invented people
    taken: set[str] = set()
    firms: list[Firm] = []
    truth = Truth()
    numbers: dict[str, int] = {}
    boxes: set[str] = set()
    named: set[tuple[str, str, str]] = set()
    for who in range(people):
        firm = _firm(rng, firms, taken)
        first, last = _new_name(rng, firm, named)
        local = _local(rng, first, last)
        while f"{local}@{firm.domain}" in boxes:
            local = f"{local}{rng.randrange(2, 9)}"
        boxes.add(f"{local}@{firm.domain}")
        private = rng.random() < 0.08
        email = f"{_ascii(first)}{_ascii(last)}{rng.randrange(10, 9999)}@{rng.choice(_PRIVATE)}" if private else (
            f"{local}@{firm.domain}")  # fmt: skip
        phone = _switchboard(firm, numbers) if rng.random() < 0.12 else _phone(rng) if rng.random() < 0.7 else ""
        row = Written(who, "first", first, last, email, phone, rng.choice(_TITLES), firm.name, firm.country.code)
        truth.rows.append(row)
        if rng.random() < 0.25:
            for change in rng.sample(_CHANGES, 2 if rng.random() < 0.12 else 1):
                again = change(rng, row, firm, taken)
                if again is not None and again.email not in boxes:
                    boxes.add(again.email)
                    truth.rows.append(again)
    _add_strangers(rng, truth, people)
    return truth


# --- how the same person is written down again -----------------------------------------------------------------------
def _plus(rng: Random, row: Written, _firm: Firm, _taken: set[str]) -> Written | None:
    local, _, domain = row.email.partition("@")
    tag = rng.choice(("webinar", "demo", "crm", "news", "test1"))
    return _again(rng, row, "plus-address", email=f"{local}+{tag}@{domain}")


def _dots(rng: Random, row: Written, _firm: Firm, _taken: set[str]) -> Written | None:
    local, _, domain = row.email.partition("@")
    if domain != "gmail.com":
        return _plus(rng, row, _firm, _taken)
    return _again(rng, row, "dots", email=f"{local[:3]}.{local[3:]}@{rng.choice(('gmail.com', 'googlemail.com'))}")


def _typo(rng: Random, row: Written, _firm: Firm, _taken: set[str]) -> Written | None:
    local, _, domain = row.email.partition("@")
    return _again(rng, row, "typo in the address", email=f"{_misspelled(rng, local)}@{domain}")


def _name_typo(rng: Random, row: Written, firm: Firm, _taken: set[str]) -> Written | None:
    last = _misspelled(rng, row.last)
    local = f"{_ascii(row.first)}.{_ascii(last)}"
    phone = row.phone if row.phone and rng.random() < 0.8 else ""
    return _again(rng, row, "typo in the name", last=last, email=f"{local}@{firm.domain}", phone=phone)


def _nickname(rng: Random, row: Written, firm: Firm, _taken: set[str]) -> Written | None:
    familiar = _FAMILIAR.get(row.first)
    if familiar is None:
        return _plus(rng, row, firm, _taken)
    local = rng.choice((f"{_ascii(familiar)}.{_ascii(row.last)}", f"{_ascii(familiar)}{_ascii(row.last)[:1]}"))
    return _again(rng, row, "nickname", first=familiar, email=f"{local}@{firm.domain}")


def _moved(rng: Random, row: Written, firm: Firm, taken: set[str]) -> Written | None:
    """The company took another domain."""
    stem = firm.domain.partition(".")[0]
    domain = rng.choice(
        (f"{stem}.io", f"{stem.replace('-', '')}.com", f"{stem}-group.com", f"{stem.partition('-')[0]}.com")
    )
    local = row.email.partition("@")[0] if "@" + firm.domain in row.email else _local(rng, row.first, row.last)
    company = row.company if rng.random() < 0.7 else row.company.rpartition(" ")[0]
    return _again(rng, row, "moved domain", email=f"{local}@{domain}", company=company)


def _subsidiary(rng: Random, row: Written, firm: Firm, _taken: set[str]) -> Written | None:
    """Somebody who writes from a subsidiary now."""
    stem = " ".join(firm.name.split()[:2])
    where, domain = rng.choice(
        (("Deutschland GmbH", "de"), ("France SAS", "fr"), ("UK Ltd", "co.uk"), ("Polska", "pl"))
    )
    email = f"{_local(rng, row.first, row.last)}@{firm.domain.partition('.')[0]}.{domain}"
    return _again(rng, row, "subsidiary", email=email, company=f"{stem} {where}")


def _at_home(rng: Random, row: Written, _firm: Firm, _taken: set[str]) -> Written | None:
    """The private address, with the company named."""
    email = f"{_ascii(row.first)}.{_ascii(row.last)}{rng.randrange(60, 99)}@{rng.choice(_PRIVATE)}"
    return _again(rng, row, "private address", email=email)


def _by_phone(rng: Random, row: Written, _firm: Firm, _taken: set[str]) -> Written | None:
    """A list of a fair: number and name, no address."""
    if not row.phone:
        return _plus(rng, row, _firm, _taken)
    return _again(rng, row, "only a number", email="", phone=row.phone)


def _turned(rng: Random, row: Written, firm: Firm, _taken: set[str]) -> Written | None:
    email = f"{_ascii(row.last)}.{_ascii(row.first)}@{firm.domain}"
    return _again(rng, row, "names turned", first=row.last, last=row.first, email=email)


_CHANGES: tuple[Callable[[Random, Written, Firm, set[str]], Written | None], ...] = (
    _plus, _dots, _typo, _name_typo, _nickname, _moved, _subsidiary, _at_home, _by_phone, _turned,
)  # fmt: skip


def _again(rng: Random, row: Written, kind: str, **changed: Any) -> Written:
    """The second writing forgets things, as forms do."""
    if "phone" not in changed:
        changed["phone"] = row.phone if rng.random() < 0.5 else ""
    if rng.random() < 0.3:
        changed["title"] = ""
    if rng.random() < 0.1:
        changed["country"] = ""
    if rng.random() < 0.5 and "last" not in changed:
        changed["last"] = folded(row.last).title() if rng.random() < 0.3 else changed.get("last", row.last)
    return replace(row, kind=kind, **changed)


# --- who only looks alike --------------------------------------------------------------------------------------------
def _add_strangers(rng: Random, truth: Truth, people: int) -> None:
    """Namesakes at one company, relatives with one number, colleagues behind one mailbox: all of them different."""
    firsts = list(truth.rows)
    who = people
    for _ in range(people // 60):  # namesakes, told apart by their mailbox and number
        row = rng.choice(firsts)
        local, _, domain = row.email.partition("@")
        if row.kind != "first" or not local or domain in FREE_DOMAINS:
            continue
        truth.rows.append(
            replace(row, who=who, kind="namesake", email=f"{local}{rng.randrange(2, 99)}@{domain}", phone=_phone(rng),
                    title=rng.choice(_TITLES))
        )  # fmt: skip
        who += 1
    for _ in range(people // 60):  # relatives who share the number of their house or firm
        row = rng.choice(firsts)
        first = rng.choice(("Maria", "Paul", "Ida", "Otto", "Ruth", "Leon"))
        if row.first == first:
            continue
        email = f"{_ascii(first)}.{_ascii(row.last)}@{row.email.partition('@')[2] or 'gmx.de'}"
        truth.rows.append(replace(row, who=who, kind="relative", first=first, email=email))
        who += 1
    for _ in range(people // 40):  # one mailbox, many people
        row = rng.choice(firsts)
        domain = row.email.partition("@")[2]
        if not domain or domain in FREE_DOMAINS:
            continue
        box = rng.choice(_SHARED)
        for tag in rng.sample(("a", "b", "shop", "north"), 2):
            first, last = choose_name(rng, choose_country(rng, choose_region(rng)))
            truth.rows.append(
                replace(row, who=who, kind="shared mailbox", first=first, last=last, title="",
                        email=f"{box}+{tag}{who}@{domain}", phone="")
            )  # fmt: skip
            who += 1


# --- small parts -----------------------------------------------------------------------------------------------------
def _firm(rng: Random, firms: list[Firm], taken: set[str]) -> Firm:
    if firms and rng.random() < 0.62:
        return rng.choice(firms)
    region = choose_region(rng)
    firm = found_firm(rng, region, choose_country(rng, region), taken)
    firms.append(firm)
    return firm


def _new_name(rng: Random, firm: Firm, named: set[tuple[str, str, str]]) -> tuple[str, str]:
    """A name that nobody at the company has: these few names would meet far more often than real ones do."""
    while True:
        first, last = choose_name(rng, firm.country)
        if (firm.domain, first, last) not in named:
            named.add((firm.domain, first, last))
            return first, last


def _ascii(name: str) -> str:
    return folded(name).replace(" ", "")


def _local(rng: Random, first: str, last: str) -> str:
    first, last = _ascii(first), _ascii(last)
    return rng.choice(
        (f"{first}.{last}", f"{first}.{last}", f"{first[0]}.{last}", f"{first[0]}{last}", f"{first}_{last}")
    )


def _phone(rng: Random) -> str:
    return f"+{rng.choice(('49', '44', '1', '33'))}{rng.randrange(2_000_000_000, 9_999_999_999)}"


def _switchboard(firm: Firm, numbers: dict[str, int]) -> str:
    return f"+4930{numbers.setdefault(firm.domain, 1_000_000 + len(numbers))}"


def _misspelled(rng: Random, word: str) -> str:
    at = rng.randrange(1, max(len(word) - 1, 2))
    match rng.randrange(4):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + word[at] + word[at:]
        case 2 if at + 1 < len(word) and word[at] != word[at + 1]:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case _:
            return word[:at] + rng.choice("aeinrst".replace(word[at].lower(), "")) + word[at + 1 :]
