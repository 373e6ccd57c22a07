"""What to say first: an opening line, two questions and the likely objection, from facts only. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feedback.models import TalkTrack

LONGEST_NEED = 120

_BY_SENIORITY = {
    "c_level": gettext_lazy("What would have to be different at the end of the year for this to have been worth it?"),
    "vp": gettext_lazy("Which number of your team should move, and who else watches it?"),
    "director": gettext_lazy("How do you solve this today, and what does it cost you a month?"),
    "head": gettext_lazy("How do you solve this today, and what does it cost you a month?"),
    "manager": gettext_lazy("Who else has to agree before you can start, and what matters to them?"),
    "staff": gettext_lazy("Who asked you to look into this, and what should you bring back to them?"),
}
_BY_FUNCTION = {
    "sales": gettext_lazy("Which leads do your reps not believe in, and how do they tell you?"),
    "marketing": gettext_lazy("How do you learn today what became of the leads you hand over?"),
    "revops": gettext_lazy("Which systems would have to agree with each other before you trust the numbers?"),
    "it": gettext_lazy("Which systems must it connect to, and who signs off on security?"),
    "finance": gettext_lazy("How would you judge the return, and after how many months?"),
    "operations": gettext_lazy("Where does the work wait longest today?"),
    "hr": gettext_lazy("How many people would work with it in the first quarter?"),
    "product": gettext_lazy("What have you tried to build yourselves so far?"),
    "general": gettext_lazy("What happens if you change nothing this year?"),
}
_OBJECTIONS = {
    "c_level": gettext_lazy("“We have no time for a project.” Offer one number after two weeks, from their own data."),
    "vp": gettext_lazy("“We already have a tool for that.” Ask which decision it changed last month."),
    "manager": gettext_lazy("“I have to ask my boss.” Offer a page with the three facts the boss will ask for."),
    "staff": gettext_lazy("“I am only collecting options.” Ask by when the choice falls, and who makes it."),
}
_ANYBODY = gettext_lazy("What made you look into this now rather than three months ago?")
_ANYTHING = gettext_lazy("What would you need to see to be able to say yes or no?")
_USUAL = gettext_lazy("“Send me something.” Agree on the one question it has to answer, and on a day to talk.")


@dataclass(frozen=True, slots=True)
class TalkFacts:
    """What is known. Empty text and None mean not known; `act` is in the past tense, like “Requested a demo”."""

    first_name: str = ""
    company: str = ""
    speaker: str = ""
    act: str = ""
    act_days_ago: int | None = None
    topic: str = ""
    need: str = ""
    use_case: str = ""
    seniority: str = ""
    function: str = ""
    trigger_event: str = ""


@dataclass(frozen=True, slots=True)
class Talk:
    """What to say; `name` is the talk track it comes from, empty if it is built from facts alone."""

    opener: str
    questions: tuple[str, str]
    objection: str
    name: str = ""

    @property
    def text(self) -> str:
        """All of it, for the clipboard."""
        return "\n".join((self.opener, *(f"- {question}" for question in self.questions), self.objection))


def talk_track(facts: TalkFacts, track: TalkTrack | None = None) -> Talk:
    """The opening line names what they did and, if they said it, why; then the talk track that fits, if one does.

    Without one the questions follow role and function.
    """
    if track is not None:
        opener = " ".join([_greeting(facts), *([_act(facts)] if facts.act else []), track.opener])
        return Talk(opener, (track.first_question, track.second_question), track.objection, track.name)
    first = _BY_SENIORITY.get(facts.seniority, _ANYBODY)
    second = _BY_FUNCTION.get(facts.function, _ANYTHING)
    objection = _OBJECTIONS.get(facts.seniority, _USUAL)
    return Talk(_opener(facts), (str(first), str(second)), str(objection))


def _opener(facts: TalkFacts) -> str:
    sentences = [_greeting(facts)]
    if facts.act:
        sentences.append(_act(facts))
    if facts.need:
        sentences.append(_("You wrote: “%(need)s”") % {"need": _short(facts.need).rstrip(".")} + _stop(facts.need))
    elif facts.trigger_event:
        sentences.append(_("I saw this about %(company)s: %(event)s.") % {
            "company": facts.company or _("your company"), "event": _short(facts.trigger_event).rstrip("."),
        })  # fmt: skip
    elif facts.use_case:
        sentences.append(_("I understand it is about %(use_case)s.") % {"use_case": _short(facts.use_case)})
    sentences.append(_("Is that still the question, or has it moved on?"))
    return " ".join(sentences)


def _greeting(facts: TalkFacts) -> str:
    if facts.first_name and facts.speaker:
        return _("Hello %(name)s, this is %(speaker)s.") % {"name": facts.first_name, "speaker": facts.speaker}
    if facts.speaker:
        return _("Hello, this is %(speaker)s.") % {"speaker": facts.speaker}
    return _("Hello.")


def _act(facts: TalkFacts) -> str:
    words = {"act": f"{facts.act[:1].lower()}{facts.act[1:]}", "when": _when(facts.act_days_ago)}
    if facts.topic:
        words["topic"] = facts.topic.replace("_", " ").replace("-", " ")
        return _("You %(act)s%(when)s, about %(topic)s.") % words
    return _("You %(act)s%(when)s.") % words


def _when(days: int | None) -> str:
    if days is None:
        return ""
    if days <= 0:
        return _(" today")
    if days == 1:
        return _(" yesterday")
    return _(" %(days)d days ago") % {"days": days} if days < 60 else ""


def _stop(quoted: str) -> str:
    """The full stop after a quotation, unless that ends with a mark of its own."""
    return "" if quoted.rstrip().endswith(("?", "!", "…")) else "."


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_NEED else f"{line[:LONGEST_NEED].rsplit(' ', 1)[0]} …"
