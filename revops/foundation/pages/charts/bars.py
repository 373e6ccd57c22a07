"""Bars that lie down: compare, drop off, concentrate, explain, keep pace, compose. All start at zero."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from revops.foundation.pages.charts.drawing import (
    Chart,
    circle,
    document,
    line,
    nothing,
    percent,
    rect,
    say,
    share_of,
    shorten,
    text,
)

ROW_HEIGHT = 40
BAR_TOP = 22
BAR_HEIGHT = 8
LABEL_LENGTH = 90
NARROWEST = 326  # pixels of a chart on a phone
LETTER = 6.2  # mean width of a letter at 12 pixels


@dataclass(frozen=True)
class Bar:
    """One row. `note` stands after the value; `tone` is "", good, bad or mute."""

    label: str
    value: float
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a funnel."""

    label: str
    count: int


def bars(
    title: str, rows: Sequence[Bar], unit: str = "", sort: bool = True, empty: str = "Nothing to show yet."
) -> Chart:
    """Values side by side, longest first unless `sort` is off."""
    rows = [row for row in rows if row.value >= 0]
    if not rows:
        return nothing(title, empty)
    if sort:
        rows = sorted(rows, key=lambda row: -row.value)
    most = max(row.value for row in rows) or 1
    marks = []
    for at, row in enumerate(rows):
        marks += _row(at, row.label, _with_note(say(row.value, unit), row.note), 0, row.value / most, _tone(row.tone))
    described = (
        f"{len(rows)} bars. Longest: {rows[0].label}, {say(rows[0].value, unit)}." if sort else f"{len(rows)} bars."
    )
    return Chart(
        title,
        described,
        document(title, described, len(rows) * ROW_HEIGHT, marks),
        ("", unit or "Value", "Note") if any(row.note for row in rows) else ("", unit or "Value"),
        [
            (row.label, say(row.value, unit), row.note)
            if any(r.note for r in rows)
            else (row.label, say(row.value, unit))
            for row in rows
        ],
    )


def step_bars(title: str, steps: Sequence[Step], empty: str = "Nothing has started yet.") -> Chart:
    """Where things fall out: one bar a step on a common baseline, each with its share of the step before."""
    if not steps or not steps[0].count:
        return nothing(title, empty)
    most = max(step.count for step in steps)
    marks, rows = [], []
    before: int | None = None
    for at, step in enumerate(steps):
        kept = share_of(step.count, before) if before is not None else ""
        words = say(step.count) + (f"  ·  {kept} of previous" if kept else "")
        marks += _row(at, step.label, words, 0, step.count / most, "bar")
        rows.append((step.label, say(step.count), kept or "–", share_of(step.count, steps[0].count)))
        before = step.count
    described = (
        f"{len(steps)} steps from {say(steps[0].count)} ({steps[0].label}) to {say(steps[-1].count)} "
        f"({steps[-1].label}), {share_of(steps[-1].count, steps[0].count)} of the first."
    )
    columns = ("Step", "Count", "Of previous", "Of first")
    return Chart(title, described, document(title, described, len(steps) * ROW_HEIGHT, marks), columns, rows)


def pareto(title: str, rows: Sequence[Bar], empty: str = "Nothing to rank yet.") -> Chart:
    """The few causes of most: sorted bars as shares of all, and the running total as dots on the same scale."""
    rows = sorted((row for row in rows if row.value > 0), key=lambda row: -row.value)
    total = sum(row.value for row in rows)
    if not total:
        return nothing(title, empty)
    foot = len(rows) * ROW_HEIGHT
    marks = [line(0.8, 0, 0.8, foot, "guide"), text(0.8, foot + 12, "80\u202f%", "t-2 t-s", "middle")]
    running, places, table = 0.0, [], []
    few = 0
    for at, row in enumerate(rows):
        few += running < 0.8 * total - 1e-9
        running += row.value
        words = f"{say(row.value)}  ·  {share_of(row.value, total)}"
        marks += _row(at, row.label, words, 0, row.value / total, "bar", beside=True)
        places.append((running / total, at * ROW_HEIGHT + BAR_TOP + BAR_HEIGHT / 2))
        table.append((row.label, say(row.value), share_of(row.value, total), share_of(running, total)))
    marks += [
        circle(x, y, 3.5, "dot", f"{row[0]}: {row[3]} in total") for (x, y), row in zip(places, table, strict=True)
    ]
    described = f"{few} of {len(rows)} causes make 80 % of {say(total)}. Largest: {rows[0].label}, {table[0][2]}."
    svg = document(title, described, foot + 18, marks)
    return Chart(title, described, svg, ("Cause", "Count", "Share", "Running total"), table, "Dot: running total")


def contributions(
    title: str, rows: Sequence[Bar], unit: str = "points", total_label: str = "Total", empty: str = "No points yet."
) -> Chart:
    """Why this number: each signed part starts where the one before ended; the last bar is their sum."""
    if not rows:
        return nothing(title, empty)
    running, spans = 0.0, []
    for row in rows:
        spans.append((running, running + row.value))
        running += row.value
    low = min(0.0, *(min(span) for span in spans))
    high = max(0.0, *(max(span) for span in spans))
    width = (high - low) or 1
    zero = -low / width
    foot = (len(rows) + 1) * ROW_HEIGHT
    marks, guides, table = [], [], []
    for at, (row, (start, end)) in enumerate(zip(rows, spans, strict=True)):
        kind = "bar-bad" if row.value < 0 else "bar-good" if row.value > 0 else "bar-mute"
        left, size = (min(start, end) - low) / width, abs(row.value) / width
        marks += _row(at, row.label, _with_note(say(row.value, sign=True), row.note), left, size, kind)
        top = at * ROW_HEIGHT + BAR_TOP + BAR_HEIGHT
        edge = (end - low) / width
        guides.append(line(edge, top, edge, top + ROW_HEIGHT - BAR_HEIGHT, "guide"))
        table.append((row.label, say(row.value, sign=True), say(end)))
    left, size = min(zero, (running - low) / width), abs(running) / width
    marks += _row(len(rows), total_label, say(running), left, size, "bar", bold=True)
    marks = [*guides, *marks, line(zero, BAR_TOP - 4, zero, foot - 4, "axis")]
    described = f"{len(rows)} parts add up to {say(running)} {unit}. " + "; ".join(
        f"{row.label} {say(row.value, sign=True)}" for row in rows[:8]
    )
    table.append((total_label, say(running), say(running)))
    return Chart(title, described, document(title, described, foot, marks), ("Part", "Adds", "Sum so far"), table)


def bullet(title: str, value: float, target: float, pace: float | None = None, unit: str = "") -> Chart:
    """Are we on pace: a bar against its target (thick mark) and where it should be today (thin mark)."""
    scale = max(value, target, pace or 0) * 1.06 or 1
    behind = pace is not None and value < pace
    top = BAR_TOP + 4
    marks = [
        text(0, 14, f"{say(value, unit)} of {say(target, unit)}", "t-b"),
        rect(0, top, 1, 14, "track", 4),
        rect(0, top + 2, value / scale, 10, "bar-bad" if behind else "bar", 3),
        line(target / scale, top - 4, target / scale, top + 18, "target"),
        text(target / scale, top + 31, "target", "t-2 t-s", "end" if target / scale > 0.9 else "middle"),
    ]
    words = "no pace yet"
    if pace is not None:
        ahead = value - pace
        words = f"{say(abs(ahead), unit)} {'behind' if behind else 'ahead of'} pace" if round(ahead, 1) else "on pace"
        marks += [line(pace / scale, top - 2, pace / scale, top + 16, kind) for kind in ("edge", "mean")]
        if abs(target - pace) / scale > 0.18:
            marks.append(text(pace / scale, top + 31, "today", "t-2 t-s", "start" if pace / scale < 0.06 else "middle"))
        marks.append(text(1, 14, words, "t-bad" if behind else "t-good", "end"))
    described = f"{say(value, unit)} of a target of {say(target, unit)}, {words}."
    rows = [("Value", say(value, unit)), ("Target", say(target, unit)), ("Pace today", say(pace, unit))]
    return Chart(title, described, document(title, described, 62, marks), ("", unit or "Value"), rows)


def composition(title: str, parts: Sequence[Bar], empty: str = "Nothing to divide yet.") -> Chart:
    """One whole in at most four parts; more than four are folded into "Other"."""
    shown = [part for part in parts if part.value > 0]
    total = sum(part.value for part in shown)
    if not total:
        return nothing(title, empty)
    if len(shown) > 4:
        shown = sorted(shown, key=lambda part: -part.value)
        shown = [*shown[:3], Bar("Other", sum(part.value for part in shown[3:]))]
    marks, table, left = [], [], 0.0
    for at, part in enumerate(shown):
        share = part.value / total
        tip = f"{part.label}: {say(part.value)}, {share_of(part.value, total)}"
        marks.append(rect(left, 0, max(share - 0.003, 0.002), 20, f"part-{at + 1}", 3, tip))
        y = 46 + at * 22
        marks += [
            f'<rect class="part-{at + 1}" x="0" y="{y - 9}" width="10" height="10" rx="2"/>',
            text(0, y, shorten(part.label, 40), shift=18),
            text(1, y, f"{say(part.value)}  ·  {share_of(part.value, total)}", "t-2", "end"),
        ]
        table.append((part.label, say(part.value), share_of(part.value, total)))
        left += share
    described = "; ".join(f"{label} {share}" for label, _count, share in table) + f"; {say(total)} in all."
    return Chart(
        title, described, document(title, described, 32 + len(shown) * 22, marks), ("Part", "Count", "Share"), table
    )


def _row(
    at: int, label: str, words: str, left: float, width: float, kind: str, bold: bool = False, beside: bool = False
) -> list[str]:
    """Label and value on one line, under them the bar in its track; the label is cut where the value needs the room.

    `beside` puts the value next to the label, when the right side is needed for something else.
    """
    top = at * ROW_HEIGHT
    tip = f"{label}: {words}"
    track = [
        rect(0, top + BAR_TOP, 1, BAR_HEIGHT, "track", 4),
        rect(left, top + BAR_TOP, max(width, 0.003) if width else 0, BAR_HEIGHT, kind, 3, tip),
    ]
    if beside:
        shown = f'{escape(shorten(label, 26))}<tspan class="t-2" dx="8">{escape(words)}</tspan>'
        return [f'<text class="halo" x="0" y="{top + 14}">{shown}</text>', *track]
    room = max(0.3, 1 - (len(words) * LETTER + 14) / NARROWEST)
    words_left = text(0, 14, shorten(label, LABEL_LENGTH), "t-b" if bold else "")
    return [
        f'<svg x="0" y="{top}" width="{percent(room)}" height="{BAR_TOP}">{words_left}</svg>',
        text(1, top + 14, words, "t-b halo" if bold else "t-2 halo", "end"),
        *track,
    ]


def _tone(tone: str) -> str:
    return f"bar-{tone}" if tone else "bar"


def _with_note(words: str, note: str) -> str:
    return f"{words}  ·  {note}" if note else words
