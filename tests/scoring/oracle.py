"""A slow second opinion: judges one lead by the JSON of a rulebook in plain Python, sharing nothing with the engine."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal, getcontext
from typing import Any

getcontext().prec = 80
AXES = ("fit", "intent", "timing")
STAGE_NUMBERS = {"problem_aware": 1, "solution_aware": 2, "comparing": 3, "ready": 4}
TEXTS = {"person.title", "lead.country", "person.seniority", "source.kind"}
FLAGS = {"person.is_free_mail", "account.is_known"}
PRESENCES = {"lead.need"}


class Opinion:
    """What the oracle says about one lead."""

    def __init__(self, book: dict[str, Any], lead: Any) -> None:
        self.book, self.lead, self.today = book, lead, lead.as_of
        unproven = [self.is_unproven(rule["when"]) for rule in book["rules"]]
        self.contributions = [0] * len(book["rules"])
        self.counted = dict.fromkeys(AXES, 0)
        self.axes = dict.fromkeys(AXES, 0)
        self.added = {**{f"axis {axis}": 0 for axis in AXES}, **{f"family {f}": 0 for f in book.get("family_caps", {})}}
        for is_unproven in (False, True):
            for is_negative in (False, True):
                for index, rule in enumerate(book["rules"]):
                    if unproven[index] is is_unproven and (rule["points"] < 0) is is_negative:
                        self.contributions[index] = self.count(rule)
            if not is_unproven:
                self.counted = dict(self.axes)
        nos = [no["key"] for no in book.get("disqualifiers", []) if self.holds(no["when"])]
        self.disqualified_by = nos[0] if nos else ""
        self.tier = self.find_tier()
        stages = [STAGE_NUMBERS[entry["key"]] for entry in book["stages"] if self.holds(entry["when"])]
        self.stage = max(stages, default=0)

    def count(self, rule: dict[str, Any]) -> int:
        """A rule's points after fading, caps and floor."""
        axis, family = rule["axis"], rule.get("family")
        points = self.points(rule)
        if rule["points"] < 0:
            floor = self.book.get("floors", {}).get(axis)
            if floor is not None and self.axes[axis] + points < floor:
                points = floor - self.axes[axis]
        else:
            points = min(points, self.book["caps"][axis] - self.added[f"axis {axis}"])
            if family:
                points = min(points, self.book["family_caps"][family] - self.added[f"family {family}"])
                self.added[f"family {family}"] += points
            self.added[f"axis {axis}"] += points
        self.axes[axis] += points
        return points

    def points(self, rule: dict[str, Any]) -> int:
        if not self.holds(rule["when"]):
            return 0
        half_life = rule.get("half_life_days")
        if half_life is None:
            return rule["points"]
        days = [act.day for act in self.acts_counted(the_acts(rule["when"])) if act.day is not None]
        if not days:
            return 0
        share = Decimal(2) ** (Decimal(-(self.today - max(days)).days) / Decimal(half_life))
        twentieths = int(share * 20 + Decimal("0.5"))
        return int(Decimal(abs(rule["points"]) * twentieths) / 20 + Decimal("0.5")) * (1 if rule["points"] >= 0 else -1)

    def find_tier(self) -> int:
        if self.disqualified_by:
            return 3
        tiers = self.book["tiers"]
        raised = self.holds(tiers["1"]["hand_raise"])
        if raised and self.meets(tiers["1"]):
            return 1
        return 2 if self.meets(tiers["2"]) else 3

    def meets(self, tier: dict[str, Any]) -> bool:
        for axis, least in tier.get("minimum", {}).items():
            if self.counted[axis] < least:
                return False
        for name in tier.get("required_facts", []):
            if not (self.lead.facts.get(name) is True if name in FLAGS else self.is_known(name)):
                return False
        return "when" not in tier or self.holds(tier["when"])

    def is_unproven(self, when: dict[str, Any]) -> bool:
        for part in when.get("all_of", []) + when.get("any_of", []) + ([when["not"]] if "not" in when else []):
            if self.is_unproven(part):
                return True
        return any(not self.book["kinds"][code]["is_proven"] for code in when.get("signals", []) + when.get("then", []))

    # --- conditions --------------------------------------------------------------------------------------------------
    def holds(self, when: dict[str, Any]) -> bool:
        if "all_of" in when:
            return all(self.holds(part) for part in when["all_of"])
        if "any_of" in when:
            return any(self.holds(part) for part in when["any_of"])
        if "not" in when:
            return not self.holds(when["not"])
        return self.acted(when) if "signals" in when else self.stated(when)

    def is_known(self, name: str) -> bool:
        value = self.lead.facts.get(name)
        return value is True if name in PRESENCES else value is not None and value != ""

    def stated(self, when: dict[str, Any]) -> bool:
        name = when["fact"]
        value, known = self.lead.facts.get(name), self.is_known(name)
        if "known" in when:
            return known is when["known"]
        if "is" in when:
            return (value is True) is when["is"]
        if "within_days_ahead" in when:
            return known and 0 <= (value - self.today).days <= when["within_days_ahead"]
        if "passed" in when:
            ago = (self.today - value).days if known else -1
            return (1 <= ago <= when.get("within_days", 10**9)) is when["passed"]
        if not known:
            return False
        if "mentions" in when:
            return any(f" {bare(word)} " in f" {bare(value)} " for word in when["mentions"])
        return worded(value.lower(), when) if name in TEXTS else numbered(value, when)

    def acted(self, when: dict[str, Any]) -> bool:
        acts = self.acts_counted(when)
        if "quiet_for_days" in when:
            days = [act.day for act in acts if act.day is not None]
            return bool(days) and (self.today - max(days)).days > when["quiet_for_days"]
        if "then" in when:
            return bool(acts)
        if "total_at_least" in when:
            return sum(total(act) for act in acts) >= when["total_at_least"]
        if "distinct" in when:
            of = when["distinct"]
            if of == "kinds":
                found = {act.kind for act in acts}
            elif of == "topics":
                found = {act.topic for act in acts if act.topic}
            elif of == "days":
                found = {act.day for act in acts if act.day is not None}
            else:
                found = {act.who for act in acts}
            return len(found) >= when["at_least"]
        return sum(act.quantity for act in acts) >= when.get("at_least", 1)

    def acts_counted(self, when: dict[str, Any]) -> list[Any]:
        """The acts a question counts."""
        by_account = when.get("by") == "account" or when.get("distinct") == "people"
        acts = [*self.lead.acts, *(self.lead.colleagues if by_account else [])]
        window = when.get("within_days", when.get("last_within_days"))
        counted = []
        for act in acts:
            if act.kind not in (when["then"] if "then" in when else when["signals"]):
                continue
            if act.day is not None and act.day > self.today:
                continue
            if window is not None and (act.day is None or act.day < self.today - timedelta(days=window)):
                continue
            if when.get("topics") and act.topic not in when["topics"]:
                continue
            if "minimum_value" in when and (act.value is None or act.value < when["minimum_value"]):
                continue
            if "total_at_least" in when and total(act) <= 0:
                continue
            if "then" in when and not self.followed(act, when):
                continue
            counted.append(act)
        return counted

    def followed(self, second: Any, when: dict[str, Any]) -> bool:
        """Whether an act of the first kinds came at most so many days before this one."""
        if second.day is None:
            return False
        return any(
            first.kind in when["signals"]
            and first.day is not None
            and 0 <= (second.day - first.day).days <= when["gap_days"]
            for first in self.lead.acts
        )


def worded(value: str, when: dict[str, Any]) -> bool:
    wanted = {str(one).lower() for one in when.get("one_of", when.get("none_of", []))}
    if "equals" in when:
        return value == when["equals"].lower()
    if "not_equals" in when:
        return value != when["not_equals"].lower()
    return value in wanted if "one_of" in when else value not in wanted


def numbered(value: int, when: dict[str, Any]) -> bool:
    if "equals" in when:
        return value == when["equals"]
    if "not_equals" in when:
        return value != when["not_equals"]
    return when.get("at_least", 0) <= value <= when.get("at_most", 10**12)


def total(act: Any) -> int:
    return (act.value or 0) if act.total is None else act.total


def the_acts(when: dict[str, Any]) -> dict[str, Any]:
    """The one question about acts in a condition whose points fade."""
    if "signals" in when:
        return when
    for part in when.get("all_of", []) + when.get("any_of", []) + ([when["not"]] if "not" in when else []):
        found = the_acts(part)
        if found:
            return found
    return {}


def bare(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.lower()))
