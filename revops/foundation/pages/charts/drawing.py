"""The few marks that all charts are made of, and how numbers are written on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2s
from html import escape
from math import ceil, floor, log10

ROW = tuple[object, ...]


@dataclass(frozen=True)
class Chart:
    """A finished chart. `rows` under `columns` are the numbers that were drawn; `note` is one line under the title."""

    title: str
    description: str
    svg: str
    columns: Sequence[str] = ()
    rows: Sequence[ROW] = ()
    note: str = ""


def document(
    title: str,
    description: str,
    height: float,
    marks: Sequence[str],
    classes: str = "chart",
    view_box: str = "",
    hidden_title: bool = False,
) -> str:
    """The whole `<svg>` with its name and description for people who do not see it."""
    key = blake2s(f"{title}|{description}|{len(marks)}".encode(), digest_size=5).hexdigest()
    box = f' viewBox="{view_box}"' if view_box else f' width="100%" height="{number(height)}"'
    return (
        f'<svg class="{classes}" role="img" aria-labelledby="c{key}t c{key}d" xmlns="http://www.w3.org/2000/svg"{box}>'
        f'<title id="c{key}t">{escape(title)}</title><desc id="c{key}d">{escape(description)}</desc>'
        f"{''.join(marks)}</svg>"
    )


def number(value: float) -> str:
    """A coordinate with at most two decimals and no trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def percent(share: float) -> str:
    """A horizontal place or width, `share` of the whole width."""
    return f"{number(max(0.0, share) * 100)}%"


def rect(x: float, y: float, width: float, height: float, kind: str, radius: float = 0, tip: str = "") -> str:
    """A bar. `x` and `width` are shares of the chart, `y` and `height` pixels."""
    rounded = f' rx="{number(radius)}"' if radius else ""
    said = f' data-tip="{escape(tip)}"' if tip else ""
    return (
        f'<rect class="{kind}" x="{percent(x)}" y="{number(y)}" width="{percent(width)}" '
        f'height="{number(height)}"{rounded}{said}/>'
    )


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{percent(x1)}" y1="{number(y1)}" x2="{percent(x2)}" y2="{number(y2)}"/>'


def circle(x: float, y: float, radius: float, kind: str, tip: str = "") -> str:
    said = f' data-tip="{escape(tip)}"' if tip else ""
    return f'<circle class="{kind}" cx="{percent(x)}" cy="{number(y)}" r="{number(radius)}"{said}/>'


def text(x: float, y: float, words: object, kind: str = "", anchor: str = "", shift: float = 0) -> str:
    """Words at a share of the width, `shift` pixels beside it."""
    placed = f' text-anchor="{anchor}"' if anchor else ""
    styled = f' class="{kind}"' if kind else ""
    moved = f' dx="{number(shift)}"' if shift else ""
    return f'<text x="{percent(x)}" y="{number(y)}"{moved}{placed}{styled}>{escape(str(words))}</text>'


def shorten(words: str, length: int) -> str:
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def say(value: float | None, unit: str = "", sign: bool = False) -> str:
    """A number as printed: one decimal at most, a true minus, the unit after a thin space (a currency: a whole)."""
    if value is None:
        return "–"
    rounded = round(value, 1) if abs(value) < 100 else round(value)
    shown = f"{abs(rounded):,.0f}" if rounded == int(rounded) else f"{abs(rounded):,.1f}"
    before = "−" if rounded < 0 else "+" if sign and rounded > 0 else ""
    space = "\u00a0" if unit.isupper() else "\u202f"
    return f"{before}{shown}{space}{unit}" if unit else f"{before}{shown}"


def share_of(part: float, whole: float) -> str:
    return say(100 * part / whole, "%") if whole else "–"


def nice_ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers that cover low to high, 1, 2 or 5 times a power of ten apart."""
    if high <= low:
        high = low + 1
    raw = (high - low) / about
    size = 10 ** floor(log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(step * tick, 10) for tick in range(first, last + 1)]


def nothing(title: str, words: str, columns: Sequence[str] = ()) -> Chart:
    """What is drawn when there is nothing to draw: the sentence that says so."""
    marks = [line(0, 47.5, 1, 47.5, "grid"), text(0, 32, words, "t-2")]
    return Chart(title, words, document(title, words, 56, marks), columns)
