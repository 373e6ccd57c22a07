"""Two ways to do the same work in a browser: by keyboard alone, and without script.

A journey is written once and takes hands. `Keys` never touches the mouse: it presses Tab until the focus is where it
wants it, sees that the focus can be seen, and counts what it pressed. `Plain` has a browser without script, where every
action has to be an ordinary form or link.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from playwright.sync_api import Locator, Page, expect

MOST_TABS = 400
SLOW = 30_000
"""Milliseconds; a machine that does other work, too, is no reason to fail."""

_IS_FOCUSED = "element => element === document.activeElement"
_CAN_BE_SEEN = """element => {
    const shown = [element, element.closest("label"), element.parentElement].filter(Boolean);
    return element.matches(":focus-visible") && shown.some(one => {
        const style = getComputedStyle(one);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
    });
}"""


@dataclass
class Hands:
    """What a person does, whatever their browser can. `strokes` counts: a field that is filled in is one."""

    open_page: Callable[..., Page]
    strokes: int = 0
    tabs: int = 0
    pages: dict[Any, Page] = field(default_factory=dict)

    has_script = True

    def at(self, user: Any, address: str) -> Page:
        """The page of this person, at this address; each person has one browser."""
        if user.pk not in self.pages:
            self.pages[user.pk] = self.open_page(user, **self._options())
            self.pages[user.pk].set_default_timeout(SLOW)
        self.pages[user.pk].goto(address)
        return self.pages[user.pk]

    def _options(self) -> dict[str, Any]:
        return {}

    def press(self, target: Locator) -> None:
        """Follows a link, presses a button, opens what is folded."""
        raise NotImplementedError

    def fill(self, target: Locator, text: str) -> None:
        """Writes into a field instead of what is there."""
        raise NotImplementedError

    def choose(self, target: Locator, label: str) -> None:
        """Chooses from a list by what stands there."""
        raise NotImplementedError

    def check(self, target: Locator) -> None:
        """Ticks a box, or takes one of several."""
        raise NotImplementedError

    def day(self, target: Locator, day: date) -> None:
        """Writes a date."""
        raise NotImplementedError

    def upload(self, target: Locator, path: Any) -> None:
        """Gives a file."""
        raise NotImplementedError

    def key(self, page: Page, *keys: str, otherwise: Locator) -> None:
        """The shortcut of an action; whoever has no script presses what it stands for."""
        raise NotImplementedError

    def say(self, target: Locator, text: str, *, send: Locator) -> None:
        """Writes into the field that a shortcut led to, and sends it."""
        raise NotImplementedError


class Keys(Hands):
    """No mouse. The focus can always be seen, and is never lost while the page stays."""

    def press(self, target: Locator) -> None:
        self._reach(target)
        self._stroke(target.page, "Enter")

    def fill(self, target: Locator, text: str) -> None:
        self._reach(target)
        target.page.keyboard.press("ControlOrMeta+a")
        target.page.keyboard.type(text)
        self.strokes += 1

    def choose(self, target: Locator, label: str) -> None:
        self._reach(target)
        target.page.keyboard.type(label)
        self.strokes += 1
        expect(target.locator("option:checked")).to_contain_text(label)

    def check(self, target: Locator) -> None:
        if target.get_attribute("type") == "radio":
            self._reach(target, or_its_group=True)
            while not target.is_checked():
                at = target.page.evaluate("document.activeElement.value")
                self._stroke(target.page, "Space" if self._is_open(target) else "ArrowDown")
                assert target.is_checked() or target.page.evaluate("document.activeElement.value") != at
            return
        self._reach(target)
        if not target.is_checked():
            self._stroke(target.page, "Space")

    def day(self, target: Locator, day: date) -> None:
        self._reach(target)
        target.page.keyboard.type(day.strftime("%m%d%Y"))  # a browser without a desktop writes dates as in America
        self.strokes += 1
        expect(target).to_have_value(day.isoformat())

    def upload(self, target: Locator, path: Any) -> None:
        self._reach(target)
        with target.page.expect_file_chooser() as chooser:
            self._stroke(target.page, "Space")
        chooser.value.set_files(path)

    def key(self, page: Page, *keys: str, otherwise: Locator) -> None:
        expect(otherwise).to_be_attached(timeout=SLOW)
        page.wait_for_load_state("load")
        for key in keys:
            self._stroke(page, key)

    def say(self, target: Locator, text: str, *, send: Locator) -> None:
        expect(target).to_be_visible(timeout=SLOW)
        target.page.keyboard.type(text)
        self.strokes += 1
        expect(target).to_have_value(text)
        self._stroke(target.page, "Enter")

    def _stroke(self, page: Page, key: str) -> None:
        page.keyboard.press(key)
        self.strokes += 1

    def _reach(self, target: Locator, *, or_its_group: bool = False) -> None:
        """Presses Tab until the focus is there; and a person has to see where it is."""
        expect(target).to_be_visible(timeout=SLOW)
        page = target.page
        page.wait_for_load_state("load")
        for _ in range(MOST_TABS):
            if target.evaluate(_IS_FOCUSED) or (or_its_group and self._is_in_group(target)):
                break
            page.keyboard.press("Tab")
            self.tabs += 1
        else:
            raise AssertionError(f"Tab never reaches {target}")
        assert page.locator("*:focus").evaluate(_CAN_BE_SEEN), f"Nobody sees that the focus is on {target}"

    def _is_in_group(self, target: Locator) -> bool:
        return bool(target.evaluate("element => document.activeElement.name === element.name && element.name !== ''"))

    def _is_open(self, target: Locator) -> bool:
        return bool(target.evaluate(_IS_FOCUSED)) and not target.is_checked()


class Plain(Hands):
    """No script: every action is a link or a form that a browser of 1999 would send."""

    has_script = False

    def _options(self) -> dict[str, Any]:
        return {"java_script_enabled": False}

    def press(self, target: Locator) -> None:
        target.page.wait_for_load_state("load")
        target.click()

    def fill(self, target: Locator, text: str) -> None:
        target.fill(text)

    def choose(self, target: Locator, label: str) -> None:
        target.select_option(label=label)

    def check(self, target: Locator) -> None:
        target.check()

    def day(self, target: Locator, day: date) -> None:
        target.fill(day.isoformat())

    def upload(self, target: Locator, path: Any) -> None:
        target.set_input_files(path)

    def key(self, page: Page, *keys: str, otherwise: Locator) -> None:
        otherwise.click()

    def say(self, target: Locator, text: str, *, send: Locator) -> None:
        target.fill(text)
        send.click()
