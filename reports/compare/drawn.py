"""The figures of a comparison: what is drawn, and what each finds in words."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from reports import figures, wording
from reports.compare import words
from reports.compare.comparison import Comparison
from reports.compare.questions import ALL_CORES, Question
from reports.compare.repeats import Trend
from reports.compare.seen import Seen, Way
from reports.drawing import field as fields
from reports.drawing import overlay, svg, trends
from reports.drawing.field import Spot
from reports.drawing.heatmap import mixed
from reports.drawing.legend import Entry
from reports.drawing.look import FAINT, FASTER, INK, SLOWER, Look, executor_colours
from reports.drawing.overlay import Series
from reports.plot import STYLE
from reports.sentences import MARKS

#: tasks whose curves are drawn: a reader looks at no more
MOST_CURVES = 24
#: the mark of a verdict that can't be compared
APART = "\N{MULTIPLICATION SIGN}"
_SHADES = 5
_EMPTY = np.empty((0, 4))


@dataclass(frozen=True)
class Drawn:
    """One figure: its file's name, and its finding for who can't see it."""

    kind: str
    name: str
    caption: str
    finding: str
    svg: Markup = field(default_factory=Markup)


def draw(comparison: Comparison, folder: Path) -> list[Drawn]:
    """Write figures/*.svg into the folder and give them for the page; older ones go away."""
    where = folder / figures.FOLDER
    where.mkdir(parents=True, exist_ok=True)
    old = set(where.glob("compare-*.svg"))
    made: list[Drawn] = []
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        for one, figure in _all(comparison):
            path = where / f"compare-{figures.safe(one.name)}.svg"
            path.write_text(svg.of(figure), encoding="utf-8")
            old.discard(path)
            inline = figures.inline(path, f"f{len(made)}", one.finding)
            made.append(Drawn(one.kind, one.name, one.caption, one.finding, inline))
    for path in old:
        path.unlink()
    return made


def _all(comparison: Comparison) -> Iterator[tuple[Drawn, Figure]]:
    if len(comparison.machines) > 1:
        if comparison.many:
            yield from _fields(comparison)
        else:
            yield from _ceilings(comparison)
            yield from _curves(comparison)
    for letter, found in comparison.trends.items():
        yield from _trends(letter, found)


def _ceilings(comparison: Comparison) -> Iterator[tuple[Drawn, Figure]]:
    tables = {one.letter: one.newest.ceiling for one in comparison.machines}
    known = {letter: table for letter, table in tables.items() if len(table)}
    if not known:
        return
    series = [
        Series(overlay.named(letter, "ceiling"), _look(comparison, letter), table, _EMPTY)
        for letter, table in known.items()
    ]
    ends = [
        f"{letter} {wording.times(table[-1, 1])} on {wording.count(table[-1, 0], 'core')}"
        for letter, table in known.items()
    ]
    finding = f"How much faster k processes on k cores are than one: {wording.listing(ends, 9)}."
    caption = "Measured ceilings: median, least and most of the repeats"
    drawn = Drawn("ceiling", "ceilings", caption, finding)
    yield drawn, overlay.draw(series, "cores", "speedup of independent processes")


def _curves(comparison: Comparison) -> Iterator[tuple[Drawn, Figure]]:
    """For each task on all cores the speedups of what each machine recommends, by workers."""
    wanted = [q for q in comparison.questions if q.mode == "steady" and q.cores == ALL_CORES]
    for question in [q for q in wanted if q.comparable][:MOST_CURVES]:
        series, told = [], []
        for letter, seen in question.cells.items():
            one = _series(comparison, letter, seen)
            if one is not None:
                series.append(one)
                told.append(f"{letter} {_said(seen)}")
        if len(series) > 1:
            name = f"curves-{question.subject}-{question.params}"
            finding = f"Speedup against workers, {question.title}: {'; '.join(told)}."
            caption = f"{wording.short(question.subject)}: what each machine recommends, by workers"
            drawn = Drawn("curves", name, caption, finding)
            yield drawn, overlay.draw(series, "workers", "speedup over its own sequential")


def _series(comparison: Comparison, letter: str, seen: Seen) -> Series | None:
    way = seen.way
    if way is None or way.executor == "sequential":
        way = _fastest_pool(seen)
    if way is None:
        return None
    own = [
        (float(one.workers), found.estimate, found.low, found.high)
        for number, found in seen.speedups.items()
        if (one := seen.ways[number]).executor == way.executor
        and (one.options, one.python) == (way.options, way.python)
    ]
    if not own:
        return None
    machine = next(one for one in comparison.machines if one.letter == letter)
    law = machine.newest.laws.get(seen.block)
    picked = float(seen.way.workers) if seen.decided and seen.way == way and seen.way else None
    name = overlay.named(letter, way.executor)
    points = np.array(sorted(own), dtype=float)
    curve = law.points if law is not None and seen.way == way else _EMPTY
    return Series(name, _look(comparison, letter), points, curve, picked)


def _fastest_pool(seen: Seen) -> Way | None:
    """The pool with the largest speedup, where the sequential program is recommended."""
    pools = {n: s for n, s in seen.speedups.items() if seen.ways[n].executor != "sequential"}
    best = max(pools, key=lambda number: pools[number].estimate, default=None)
    return None if best is None else seen.ways[best]


def _said(seen: Seen) -> str:
    gain = seen.speedup
    told = f"{seen.label}" if seen.decided else f"not decided, {seen.label} so far"
    if gain is None:
        return told
    return f"{told} {wording.times(gain.estimate)} ({wording.times_interval(gain.low, gain.high)})"


def _look(comparison: Comparison, letter: str) -> Look:
    return overlay.look(comparison.fleet.letters.index(letter))


def _fields(comparison: Comparison) -> Iterator[tuple[Drawn, Figure]]:
    """Verdicts and speedups as fields: many machines have no room for columns of words."""
    wanted = [q for q in comparison.questions if q.cores == ALL_CORES]
    for mode, told in words.MODES.items():
        rows = [question for question in wanted if question.mode == mode]
        if rows:
            yield _verdicts(comparison, rows, mode, told)
    steady = [question for question in wanted if question.mode == "steady"]
    if steady:
        yield _speedups(comparison, steady)


def _verdicts(
    comparison: Comparison, rows: Sequence[Question], mode: str, told: str
) -> tuple[Drawn, Figure]:
    names = [seen.way.executor for q in rows for seen in q.shown.values() if seen.way]
    colours = executor_colours(names)
    flips = {
        (id(one.question), one.taker) for one in comparison.matrix.outcomes if one.state == "flip"
    }
    spots: dict[tuple[int, int], Spot] = {}
    for number, question in enumerate(rows):
        for letter, seen in question.shown.items():
            colour = colours[seen.way.executor] if seen.way and seen.decided else "#dfe3e6"
            shown = mixed(colour, 0.55)
            framed = (id(question), letter) in flips
            column = comparison.fleet.letters.index(letter)
            text = MARKS[seen.verdict] if letter in question.cells else APART
            spots[number, column] = Spot(shown, text, framed)
    used = dict.fromkeys(s.way.executor for q in rows for s in q.shown.values() if s.way)
    entries = [fields.entry(name, mixed(colours[name], 0.55)) for name in used]
    entries += [fields.entry("not decided", "#eef0f2"),
                Entry("another's advice flips", Look(INK, "frame"), 0)]  # fmt: skip
    figure = fields.draw([q.subject for q in rows], comparison.fleet.letters, spots, entries)
    count = sum(1 for at in flips if at[0] in {id(q) for q in rows})
    finding = (
        f"Verdicts of {wording.count(len(comparison.machines), 'machine')} in "
        f"{wording.count(len(rows), 'task')}, for {told}: in {count} cells another machine's "
        "advice flips."
    )
    caption = f"Verdicts on all cores, for {told}; {APART} can't be compared"
    return Drawn("field", f"verdicts-{mode}", caption, finding), figure


def _speedups(comparison: Comparison, rows: Sequence[Question]) -> tuple[Drawn, Figure]:
    """How far speedups differ: colours from the lowest to the highest of all cells."""
    values = {
        (number, comparison.fleet.letters.index(letter)): seen.speedup.estimate
        for number, question in enumerate(rows)
        for letter, seen in question.cells.items()
        if seen.speedup is not None
    }
    most = max((abs(math.log(value)) for value in values.values()), default=1.0) or 1.0
    spots = {
        at: Spot(
            mixed(FASTER if value > 1 else SLOWER, _shade(value, most)),
            f"{value:.0f}" if value >= 9.95 else f"{value:.1f}".removesuffix(".0"),
        )
        for at, value in values.items()
    }
    figure = fields.draw([q.subject for q in rows], comparison.fleet.letters, spots, [])
    known = list(values.values()) or [1.0]
    finding = (
        f"Speedups of what is recommended, from {wording.times(min(known))} to "
        f"{wording.times(max(known))}."
    )
    caption = "Speedup over the sequential program of what each machine recommends (steady)"
    return Drawn("speedups", "speedups", caption, finding), figure


def _shade(value: float, most: float) -> float:
    return round(abs(math.log(value)) / most * _SHADES) / _SHADES


def _trends(letter: str, found: Sequence[Trend]) -> Iterator[tuple[Drawn, Figure]]:
    steady = [one for one in found if one.first.mode == "steady" and _several(one)]
    if not steady:
        return
    executors = dict.fromkeys(
        seen.way.executor for one in steady for _, seen in one.points if seen and seen.way
    )
    colours = executor_colours(executors)
    lines = [_line(one, colours) for one in steady[: trends.MOST]]
    told = [(name, colours[name]) for name in executors]
    left = f", the first {trends.MOST} of {len(steady)}" if len(steady) > trends.MOST else ""
    caption = f"{letter}: speedup of what each run recommends, the oldest run first{left}"
    finding = "; ".join(f"{_title(one)}: {_course(one)}" for one in steady[: trends.MOST])
    drawn = Drawn("trend", f"trend-{letter}", caption, f"{caption}. {finding}.")
    yield drawn, trends.draw(lines, told)


def _several(one: Trend) -> bool:
    return sum(seen is not None and seen.speedup is not None for _, seen in one.points) > 1


def _line(one: Trend, colours: dict[str, str]) -> trends.Line:
    values, shades, decided = [], [], []
    for _, seen in one.points:
        gain = seen.speedup if seen else None
        values.append((gain.estimate, gain.low, gain.high) if gain else (np.nan,) * 3)
        shades.append(colours[seen.way.executor] if seen and seen.way else FAINT)
        decided.append(bool(seen and seen.decided))
    return trends.Line(_title(one), np.array(values, dtype=float), tuple(shades), tuple(decided))


def _title(one: Trend) -> str:
    return f"{wording.short(one.first.subject, 40)}, {one.first.cores}c"


def _course(one: Trend) -> str:
    """What each run says: processes x2 1.9x, then ..."""
    said = [_said(seen) for _, seen in one.points if seen is not None]
    return ", then ".join(said)
