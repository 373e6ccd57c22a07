"""The people of the demo company: who they are, how they work, and how a visitor signs in as one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings

from revops.foundation.models import User

COMPANY = "Tarnwell Software"
DOMAIN = "tarnwell.example"
PASSWORD = "tarnwell-demo-2026"  # noqa: S105 - everybody may know it; it opens nothing but the demo


class Staff(NamedTuple):
    """One person. For reps: `pace` is the usual business hours to the first attempt, `strict` how much they reject."""

    login: str
    name: str
    role: str
    team: str
    zone: str
    pace: float = 0.0
    strict: float = 0.0
    diligence: float = 1.0
    weight: int = 1

    @property
    def email(self) -> str:
        return f"{self.login}@{DOMAIN}"


class Office(NamedTuple):
    """One team: whose calendar it keeps, and which countries its reps cover (empty: none)."""

    name: str
    side: str
    zone: str
    country: str
    manager: str
    opens: str = "09:00"
    closes: str = "17:30"


OFFICES = (
    Office("Sales EMEA", "sales", "Europe/Berlin", "DE", "manager1", "09:00", "18:00"),
    Office("Sales Americas", "sales", "America/New_York", "US", "manager2"),
    Office("Sales APAC", "sales", "Asia/Singapore", "SG", "manager3", "09:00", "18:00"),
    Office("Marketing", "marketing", "Europe/Berlin", "DE", "marketing-manager"),
    Office("RevOps", "revops", "Europe/Berlin", "DE", "admin"),
)
_EMEA = ("Sales EMEA", "Europe/Berlin")
_AMERICAS = ("Sales Americas", "America/New_York")
_APAC = ("Sales APAC", "Asia/Singapore")
_MARKETING = ("Marketing", "Europe/Berlin")

STAFF: tuple[Staff, ...] = (
    Staff("rep1", "Mira Hoffmann", "rep", *_EMEA, 0.9, 0.00, 1.10),
    Staff("rep2", "Jonas Albers", "rep", *_EMEA, 1.4, 0.03, 1.00),
    Staff("rep3", "Fiona Gallagher-Reid", "rep", *_EMEA, 1.1, -0.02, 1.05),
    Staff("rep4", "Étienne Rousselle", "rep", *_EMEA, 2.2, 0.06, 0.90),
    Staff("rep5", "Saskia van Dalen", "rep", *_EMEA, 1.2, 0.00, 1.00, 2),
    Staff("rep6", "Derek Lindholm", "rep", *_AMERICAS, 1.5, 0.02, 1.00),
    Staff("rep7", "Priscilla Okafor", "rep", *_AMERICAS, 1.0, -0.03, 1.12),
    Staff("rep8", "Tom Bracewell", "rep", *_AMERICAS, 2.6, 0.16, 0.80),
    Staff("rep9", "Alma Castellanos", "rep", *_AMERICAS, 1.2, 0.00, 1.05),
    Staff("rep10", "Lim Kai Wen", "rep", *_APAC, 1.0, 0.00, 1.08),
    Staff("rep11", "Anjali Deshmukh", "rep", *_APAC, 1.6, 0.04, 0.95),
    Staff("rep12", "Oliver Tremaine", "rep", *_APAC, 1.8, 0.02, 0.95),
    Staff("manager1", "Katrin Weidemann", "sales_manager", *_EMEA),
    Staff("manager2", "Luther Maddox", "sales_manager", *_AMERICAS),
    Staff("manager3", "Grace Tanaka", "sales_manager", *_APAC),
    Staff("marketing-manager", "Helena Brinkmann", "marketing_manager", *_MARKETING),
    Staff("marketing-manager2", "Ines Duarte", "marketing_manager", *_MARKETING),
    Staff("marketer1", "Paul Kaminski", "marketer", *_MARKETING),
    Staff("marketer2", "Noor El Idrissi", "marketer", *_MARKETING),
    Staff("marketer3", "Greta Sundqvist", "marketer", *_MARKETING),
    Staff("admin", "Ruben Castelein", "admin", "RevOps", "Europe/Berlin"),
    Staff("executive", "Ingrid Aldersey", "executive", "", "Europe/London"),
    Staff("integration", "Website and CRM connector", "integration", "", "UTC"),
)
HIGHLIGHTED = ("rep1", "manager1", "marketer1", "marketing-manager", "admin", "executive")


@dataclass(frozen=True, slots=True)
class DemoUser:
    """Somebody a visitor of the demo can be with one click; `is_highlighted` marks the one to try for each role."""

    role: str
    role_label: str
    name: str
    email: str
    password: str
    team: str
    is_highlighted: bool


def demo_users() -> list[DemoUser]:
    """The people of the demo company that exist in this portal, the highlighted ones first. One query.

    Empty unless the portal runs in demo mode: nobody else shows passwords.
    """
    if not settings.DEMO_MODE:
        return []
    order = {member.email: place for place, member in enumerate(STAFF)}
    shown = {f"{login}@{DOMAIN}" for login in HIGHLIGHTED}
    people = User.objects.filter(email__in=order, is_active=True).exclude(role="integration").select_related("team")
    ordered = sorted(people, key=lambda user: (user.email not in shown, order[user.email]))
    return [
        DemoUser(
            role=user.role,
            role_label=str(user.get_role_display()),
            name=user.name,
            email=user.email,
            password=PASSWORD,
            team=user.team.name if user.team else "",
            is_highlighted=user.email in shown,
        )
        for user in ordered
    ]
