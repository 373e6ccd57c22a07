"""The monster org: names of 200 characters, emoji, from right to left, of one letter, and none at all."""

from __future__ import annotations

from itertools import cycle

from django.db.models import Model

from leads.models import Account, Campaign, LeadForm, Person, Source
from revops.foundation.models import Team, User

LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
COMPANIES = (
    (LONG_WORD * 3)[:200],
    "🚀🦄 Rocket & Söhne 👩‍👩‍👧‍👦 🧯",
    "شركة البحر الأبيض المتوسط للتجارة والتوزيع والخدمات اللوجستية المحدودة",
    "<b>Bold & Partners</b> \"Quotes\" 'n' Co.",
    "X",
    "The " + "International Association of Very Long Names and Their Owners " * 3,
    "北京国际信息技术发展有限公司",
)
PEOPLE = (
    ("Wolfeschlegelsteinhausenbergerdorff" * 5, "Hubert Blaine " + "Maximilian " * 8),
    ("محمد عبد الرحمن", "بن عبد العزيز آل سعود"),
    ("", ""),
    ("李", "小龍"),
    ("👩‍🚀", "Ω"),
    ("O'Connor-Śmigły", "Þórhallsdóttir"),
)
TITLES = (
    "",
    "Chief Revenue, Customer, Growth, Partnerships and Everything Else Officer (interim) " * 3,
    "VP",
    LONG_WORD * 3,
)


def make_monstrous() -> None:
    """Gives everybody and everything that has a name a name that breaks layouts."""
    _rename(Account, ("name", COMPANIES, 300))
    _rename(
        Person,
        ("first_name", tuple(first for first, _ in PEOPLE), 200),
        ("last_name", tuple(last for _, last in PEOPLE), 200),
        ("title", TITLES, 300),
    )
    _rename(User, ("name", tuple(f"{first} {last}".strip() or "Z" for first, last in PEOPLE), 150))
    _rename(Source, ("name", COMPANIES, 120))
    _rename(Campaign, ("name", COMPANIES, 200))
    _rename(LeadForm, ("title", COMPANIES, 120))
    for number, team in enumerate(Team.objects.order_by("pk")):
        team.name = f"{number} {COMPANIES[number % len(COMPANIES)]}"[:100]
        team.save(update_fields=["name"])


def _rename(model: type[Model], *fields: tuple[str, tuple[str, ...], int]) -> None:
    rows = list(model._default_manager.order_by("pk"))
    for name, values, longest in fields:
        for row, value in zip(rows, cycle(values)):
            setattr(row, name, value[:longest])
    model._default_manager.bulk_update(rows, [name for name, _values, _longest in fields], batch_size=500)
