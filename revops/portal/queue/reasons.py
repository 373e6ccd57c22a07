"""The reject sheet: families on fixed keys, their codes, and what is known already of the evidence each asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from feedback.evidence import ATTEMPTS_BEFORE_NO_RESPONSE, CHANNELS_BEFORE_NO_RESPONSE
from feedback.models import EvidenceKind, NurtureTrack, ReasonCode, ReasonFamily
from leads.models import Lead
from revops.foundation.kept_queries import KeptQuery
from revops.portal.queue.card import Card

_INPUT_TYPES = {EvidenceKind.DATE: "date", EvidenceKind.NUMBER: "number"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One code of the sheet as plain words, so that equal ones look the same.

    `evidence` is prefilled; `locked` says in words why it cannot be chosen yet, `counted` what stands for evidence.
    """

    code: str
    label: str
    question: str
    recycle: str
    consequence: str
    key: str
    input_type: str = "text"
    evidence: str = ""
    locked: str = ""
    counted: str = ""
    suggestions: tuple[str, ...] = ()

    @property
    def is_usual(self) -> bool:
        """Whether it says nothing of the lead."""
        return not (self.evidence or self.suggestions)


@dataclass(frozen=True, slots=True)
class Family:
    family: ReasonFamily
    key: str
    choices: list[Choice]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into the sheet before it was refused."""

    reason: str = ""
    evidence: str = ""
    note: str = ""
    second_look: str = ""


NOTHING_TYPED = Typed()


def reject_sheet(card: Card, typed: Typed = NOTHING_TYPED) -> list[Family]:
    """The families in the order of their keys. One query."""
    families: dict[str, Family] = {}
    for reason in _REASONS.fetch():
        own = families.setdefault(reason.family_id, Family(reason.family, _key(reason.family.digit), []))
        own.choices.append(_choice(reason, card, typed))
    return [
        Family(one.family, one.key, one.choices, any(choice.code == typed.reason for choice in one.choices))
        for one in families.values()
    ]


def nurture_tracks() -> list[NurtureTrack]:
    """The tracks in use, in the order of their keys. One query."""
    return _TRACKS.fetch()


_REASONS = KeptQuery(ReasonCode.objects.filter(is_active=True).select_related("family"))
_TRACKS = KeptQuery(NurtureTrack.objects.filter(is_active=True))


def _choice(reason: ReasonCode, card: Card, typed: Typed) -> Choice:
    kind = EvidenceKind(reason.evidence_kind)
    usual = Choice(
        reason.code, reason.label, reason.evidence_question, reason.recycle, reason.consequence, _key(reason.digit)
    )
    if kind is EvidenceKind.ATTEMPTS:
        counted, locked = _persistence(card)
        return replace(usual, counted=counted, locked=locked)
    evidence = typed.evidence if typed.reason == reason.code else known_evidence(reason, card.lead)
    input_type = _INPUT_TYPES.get(kind, "text")
    return replace(usual, input_type=input_type, evidence=evidence, suggestions=_suggestions(kind, card))


def known_evidence(reason: ReasonCode, lead: Lead) -> str:
    """What our own facts say already about the question of a reason; empty if they say nothing."""
    account, person = lead.account, lead.person
    known = {
        "too_small": account.employees if account else None,
        "outside_region": person.country or (account.country if account else ""),
        "wrong_product": lead.attributes.get("use_case"),
        "wrong_function": person.function,
        "timeline_over_12_months": lead.attributes.get("timeline_on"),
        "already_customer": account.name if account else "",
        "is_competitor": account.name if account else "",
        "wrong_number": person.phone,
        "wrong_email": person.email,
    }
    value = known.get(reason.code)
    return "" if value is None else str(value)[:500]


def _suggestions(kind: EvidenceKind, card: Card) -> tuple[str, ...]:
    """Names and leads of the same company, offered while one types."""
    if kind is EvidenceKind.PERSON:
        return tuple(dict.fromkeys(f"{other.person.name}" for other in card.group))
    if kind is EvidenceKind.LEAD:
        others = [*(earlier.lead for earlier in card.earlier), *card.group]
        return tuple(dict.fromkeys(f"{other.public_id} {other.person.name}" for other in others))
    return ()


def _persistence(card: Card) -> tuple[str, str]:
    tries, channels = len(card.attempts), len({attempt.channel for attempt in card.attempts})
    counted = _("%(tries)d attempts on %(channels)d channels") % {"tries": tries, "channels": channels}
    if tries >= ATTEMPTS_BEFORE_NO_RESPONSE and channels >= CHANNELS_BEFORE_NO_RESPONSE:
        return counted, ""
    return counted, _("Opens after %(tries)d attempts on %(channels)d channels; so far %(so_far)s.") % {
        "tries": ATTEMPTS_BEFORE_NO_RESPONSE, "channels": CHANNELS_BEFORE_NO_RESPONSE, "so_far": counted,
    }  # fmt: skip


def _key(digit: int) -> str:
    """The key of a digit: ten is the key 0."""
    return str(digit % 10)
