"""The companies that prospects of the demo company work for: invented names, sizes, industries. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from revops.portal.demo.places import Country, Region

INDUSTRIES: dict[str, tuple[int, float]] = {
    "Logistics": (15, 0.92),
    "Manufacturing": (17, 0.80),
    "Construction": (10, 0.78),
    "Utilities": (6, 0.72),
    "Retail": (9, 0.52),
    "Healthcare": (7, 0.42),
    "Consulting": (8, 0.28),
    "Software": (12, 0.22),
    "Financial services": (7, 0.24),
    "Public sector": (5, 0.20),
    "Education": (4, 0.12),
}
"""Industry: how common it is among leads, and how well our product really fits it (0 to 1). The second number is part
of the hidden truth: the starter rulebook likes software and finance and does not know construction."""

SIZES: tuple[tuple[int, int, int], ...] = (
    (14, 2, 9),
    (19, 10, 49),
    (25, 50, 199),
    (24, 200, 999),
    (13, 1000, 4999),
    (5, 5000, 30000),
)
"""(how common, smallest, largest) number of employees."""

_SYLLABLES = (
    "Bel Cor Dal Fen Gar Hal Kel Lor Mar Nor Or Pel Quor Ral Sel Tor Vel Wen Yar Zel Alt Bre Cal Dor Est",
    "an ar en er ev id il in is on or um ul yn",
    "da dix fort gate hurst land line mark mere nova port ra rix sen stead tis va vale ward wick zon",
)
_STARTS, _MIDDLES, _ENDS = (text.split() for text in _SYLLABLES)
_TRADES: dict[str, tuple[str, ...]] = {
    "Logistics": ("Freight", "Logistics", "Transport", "Couriers"),
    "Manufacturing": ("Precision", "Works", "Components", "Machines"),
    "Construction": ("Construction", "Builders", "Facilities"),
    "Utilities": ("Energy", "Water", "Networks"),
    "Retail": ("Stores", "Retail", "Home"),
    "Healthcare": ("Clinics", "Care", "Medical"),
    "Consulting": ("Consulting", "Advisers", "Partners"),
    "Software": ("Software", "Systems", "Digital"),
    "Financial services": ("Finance", "Insurance", "Capital"),
    "Public sector": ("Municipal Services", "Authority"),
    "Education": ("Academy", "Institute"),
}


@dataclass(frozen=True, slots=True)
class Firm:
    """One company. `need` is hidden: how much its whole situation calls for a product like ours (-1 to 1)."""

    name: str
    domain: str
    industry: str
    employees: int
    region: Region
    country: Country
    need: float

    @property
    def industry_fit(self) -> float:
        return INDUSTRIES[self.industry][1]


def found_firm(rng: Random, region: Region, country: Country, taken: set[str]) -> Firm:
    """A new company whose domain is not `taken` yet; adds it there."""
    industry = rng.choices(list(INDUSTRIES), [common for common, _ in INDUSTRIES.values()])[0]
    _, smallest, largest = rng.choices(SIZES, [common for common, _, _ in SIZES])[0]
    while True:
        stem = rng.choice(_STARTS) + rng.choice(_MIDDLES) + rng.choice(_ENDS)
        trade = rng.choice(_TRADES[industry])
        domain = f"{stem}-{trade.split()[0]}.{country.top_level_domain}".lower()
        if domain not in taken:
            break
    taken.add(domain)
    return Firm(
        f"{stem} {trade} {rng.choice(country.suffixes)}",
        domain,
        industry,
        round(smallest * (largest / smallest) ** rng.random()),
        region,
        country,
        min(max(rng.gauss(0.0, 0.45), -1.0), 1.0),
    )
