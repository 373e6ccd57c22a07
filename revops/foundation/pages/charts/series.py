"""Numbers in an order: the run chart with its limits, the sparkline, the histogram."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from revops.foundation.pages.charts.drawing import (
    Chart,
    circle,
    document,
    line,
    nice_ticks,
    nothing,
    number,
    rect,
    say,
    text,
)
from revops.foundation.pages.charts.xmr import Xmr, xmr

LEFT, RIGHT = 0.07, 0.8
TOP, HEIGHT = 26, 170


@dataclass(frozen=True)
class Annotation:
    """What happened at the point with this label, in a few words."""

    label: str
    words: str


def run_chart(
    title: str,
    points: Sequence[tuple[str, float | None]],
    unit: str = "",
    annotations: Sequence[Annotation] = (),
    floor: float | None = 0,
    ceiling: float | None = None,
    limits: Xmr | None = None,
    empty: str = "No values yet.",
) -> Chart:
    """Is this change real: the series with mean, natural limits, signal points and what people noted.

    Points are (label, value), oldest first; a value of None leaves a gap. `limits` may be given when they were set
    on a baseline, and judge all points; otherwise the limits come from all points.
    """
    known = [(at, label, value) for at, (label, value) in enumerate(points) if value is not None]
    if not known:
        return nothing(title, empty)
    values = [value for _at, _label, value in known]
    judged = limits.against(values) if limits else xmr(values, floor, ceiling)
    edges = [edge for edge in (judged.lower, judged.upper) if edge is not None]
    ticks = _ticks([*values, *edges])
    low, high = ticks[0], ticks[-1]
    foot = TOP + HEIGHT

    def x(at: int) -> float:
        return LEFT + (RIGHT - LEFT) * (at / (len(points) - 1) if len(points) > 1 else 0.5)

    def y(value: float) -> float:
        return foot - (value - low) / ((high - low) or 1) * HEIGHT

    marks = [line(0, y(tick), RIGHT + 0.02, y(tick), "axis" if tick == low else "grid") for tick in ticks]
    if judged.mean is not None and judged.lower is not None and judged.upper is not None:
        marks.append(rect(0, y(judged.upper), RIGHT + 0.02, y(judged.lower) - y(judged.upper), "band"))
        marks += [line(0, y(edge), RIGHT + 0.02, y(edge), "limit") for edge in edges]
        marks.append(line(0, y(judged.mean), RIGHT + 0.02, y(judged.mean), "mean"))
        marks += _limit_words(judged, y, unit)
    marks += [text(0, y(tick) - 4, say(tick, unit if tick == ticks[-1] else ""), "t-2 t-s halo") for tick in ticks]
    for one, two in pairwise(known):
        if two[0] == one[0] + 1:
            marks.append(line(x(one[0]), y(one[2]), x(two[0]), y(two[2]), "line"))
    for order, (at, label, value) in enumerate(known):
        signal = judged.signals.get(order)
        last = order == len(known) - 1
        tip = f"{label}: {say(value, unit)}" + (f"\nSignal: {signal}" if signal else "")
        kind = "dot-signal" if signal else "dot-last" if last else "dot"
        marks.append(circle(x(at), y(value), 5 if signal or last else 3 if len(known) < 30 else 2, kind))
        marks.append(circle(x(at), y(value), 12, "hit", tip))
    marks += _notes(annotations, points, x, y)
    at, label, value = known[-1]
    if judged.mean is None:
        marks.append(text(x(at), y(value) + 4, say(value, unit), "t-b halo", "start", 10))
    else:
        above = value >= judged.mean
        anchor = "end" if len(known) > 1 else "middle"
        marks.append(text(x(at), y(value) + (-11 if above else 20), say(value, unit), "t-b halo", anchor, 4))
    marks += _dates([label for label, _value in points], x, foot)
    return Chart(
        title,
        _run_words(judged, label, value, unit, len(known)),
        document(title, _run_words(judged, label, value, unit, len(known)), foot + 24, marks),
        ("", unit or "Value", "Verdict"),
        [
            (
                name,
                say(one, unit),
                str(judged.signals.get(order, "routine")) if judged.is_judged else "too few to judge",
            )
            for order, (_at, name, one) in enumerate(known)
        ],
    )


def _ticks(values: Sequence[float]) -> list[float]:
    """From zero when the data come near it, else from just below the data: a line, unlike a bar, may leave zero out."""
    low, high = min(values), max(values)
    return nice_ticks(min(low, 0.0) if low < (high - low) * 0.75 or low == high else low, high, 4)


def _limit_words(judged: Xmr, y: Callable[[float], float], unit: str) -> list[str]:
    """Mean and limits named at the right edge, moved apart when they would touch."""
    named = [("limit", judged.upper), ("mean", judged.mean), ("limit", judged.lower or None)]
    wanted = [(y(value), name, value) for name, value in named if value is not None]
    words, free = [], -100.0
    for place, name, value in wanted:
        free = max(place + 4, free + 14)
        shown = say(round(value) if abs(value) >= 10 else value, unit)
        words.append(text(RIGHT + 0.025, free, f"{name} {shown}", "t-2 t-s halo"))
    return words


def _notes(
    annotations: Sequence[Annotation],
    points: Sequence[tuple[str, float | None]],
    x: Callable[[int], float],
    y: Callable[[float], float],
) -> list[str]:
    """What people noted, at the top with a thin line down to its point."""
    places = {label: (at, value) for at, (label, value) in enumerate(points)}
    marks = []
    for note in annotations:
        if note.label not in places:
            continue
        at, value = places[note.label]
        where = x(at)
        marks.append(line(where, TOP - 8, where, y(value) - 7 if value is not None else TOP + HEIGHT, "axis"))
        anchor = "start" if where < 0.5 else "end"
        marks.append(text(where, TOP - 13, note.words, "t-s halo", anchor))
    return marks


def _dates(labels: Sequence[str], x: Callable[[int], float], foot: float) -> list[str]:
    """First, last and a few labels between; never more than five, so that they fit on a phone."""
    last = len(labels) - 1
    step = max(1, -(-last // 4))
    shown = [at for at in range(0, last + 1, step) if last - at >= step * 0.6] + [last]
    return [
        text(
            x(at),
            foot + 18,
            labels[at],
            "t-2 t-s",
            "start" if at == 0 and last else "end" if at == last and last else "middle",
        )
        for at in shown
    ]


def _run_words(judged: Xmr, label: str, value: float, unit: str, count: int) -> str:
    start = f"{count} values, the newest ({label}) is {say(value, unit)}. "
    if judged.mean is None:
        return start + "Too few to judge: limits need 6."
    return (
        f"{start}Mean {say(judged.mean, unit)}, natural limits {say(judged.lower, unit)} to {say(judged.upper, unit)}. "
        f"Verdict: {judged.verdict}. Signals: {len(judged.signals)}."
    )


def sparkline(title: str, values: Sequence[float | None], unit: str = "", limits: Xmr | None = None) -> Chart:
    """A small trend for a table row: the band of routine variation, the line and the last value as a dot."""
    known = [(at, value) for at, value in enumerate(values) if value is not None]
    width, height, pad = 104, 28, 4
    if len(known) < 2:
        words = f"{title}: too few values for a trend."
        dots = [f'<circle class="dot-last" cx="{width - pad}" cy="{height / 2:.0f}" r="3"/>'] if known else []
        svg = document(title, words, 0, dots, "chart sparkline", f"0 0 {width} {height}")
        return Chart(title, words, svg)
    numbers = [value for _at, value in known]
    judged = limits.against(numbers) if limits else xmr(numbers)
    edges = [edge for edge in (judged.lower, judged.upper) if edge is not None]
    low, high = min([*numbers, *edges]), max([*numbers, *edges])
    span = (high - low) or 1

    def place(at: int, value: float) -> tuple[str, str]:
        across = pad + (width - 2 * pad) * at / (len(values) - 1)
        return number(across), number(
            height - pad - (value - low) / span * (height - 2 * pad) if high > low else height / 2
        )

    marks = []
    if edges:
        top, bottom = place(0, edges[1])[1], place(0, edges[0])[1]
        marks.append(
            f'<rect class="band" x="0" y="{top}" width="{width}" height="{number(float(bottom) - float(top))}"/>'
        )
    marks.append(f'<polyline class="line" points="{" ".join(",".join(place(at, value)) for at, value in known)}"/>')
    end_x, end_y = place(*known[-1])
    kind = "dot-signal" if judged.last_signal else "dot-last"
    marks.append(f'<circle class="{kind}" cx="{end_x}" cy="{end_y}" r="3.5"/>')
    words = (
        f"{len(known)} values from {say(numbers[0], unit)} to {say(numbers[-1], unit)}, "
        f"lowest {say(min(numbers), unit)}, highest {say(max(numbers), unit)}. Verdict: {judged.verdict}."
    )
    svg = document(title, words, 0, marks, "chart sparkline", f"0 0 {width} {height}")
    return Chart(title, words, svg, ("", unit or "Value"), [(at + 1, say(value, unit)) for at, value in known])


def histogram(
    title: str,
    bins: Sequence[tuple[str, int]],
    target: int | None = None,
    target_label: str = "promise",
    marks_at: Sequence[tuple[float, str]] = (),
    empty: str = "Nothing measured yet.",
) -> Chart:
    """How fast do we answer: counts by bin in order. `target` is the number of bins that keep the promise.

    `marks_at` names further places on the axis, for example (3.4, "p50 2.1 h"), in bins from the left.
    """
    total = sum(count for _label, count in bins)
    if not total:
        return nothing(title, empty)
    most = max(count for _label, count in bins)
    ticks = nice_ticks(0, most, 3)
    foot, wide = TOP + HEIGHT - 30, 1 / len(bins)

    def y(count: float) -> float:
        return foot - count / ticks[-1] * (foot - TOP)

    marks = [line(0, y(tick), 1, y(tick), "grid" if tick else "axis") for tick in ticks]
    kept = sum(count for _label, count in bins[:target]) if target is not None else total
    for at, (label, count) in enumerate(bins):
        late = target is not None and at >= target
        tip = f"{label}: {say(count)} ({say(100 * count / total, '%')})"
        marks.append(
            rect((at + 0.06) * wide, y(count), wide * 0.88, foot - y(count), "bar-mute" if late else "bar", 2, tip)
        )
    marks += [text(0, y(tick) - 4, say(tick), "t-2 t-s halo") for tick in ticks[1:]]
    step = max(1, -(-len(bins) // 6))
    marks += [text((at + 0.5) * wide, foot + 16, bins[at][0], "t-2 t-s", "middle") for at in range(0, len(bins), step)]
    if target is not None:
        edge = target * wide
        side = "start" if edge < 0.5 else "end"
        words = f"{target_label}: {say(100 * kept / total, '%')} kept"
        marks += [line(edge, TOP - 8, edge, foot, "target"), text(edge, TOP - 13, words, "t-b t-s halo", side)]
    for place, words in marks_at:
        before_target = target is not None and place < target and (target - place) * wide < 0.35
        side, shift = ("end", -4) if before_target and place * wide > 0.12 else ("start", 4)
        marks.append(line(place * wide, TOP + 6, place * wide, foot, "limit"))
        marks.append(text(place * wide, TOP + 16, words, "t-2 t-s halo", side, shift))
    described = f"{say(total)} measured in {len(bins)} bins." + (
        f" {say(100 * kept / total, '%')} kept the {target_label}." if target is not None else ""
    )
    return Chart(
        title,
        described,
        document(title, described, foot + 24, marks),
        ("", "Count", "Share"),
        [(label, say(count), say(100 * count / total, "%")) for label, count in bins],
    )
