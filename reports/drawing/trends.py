"""Verdicts of one machine over its runs, small and beside each other: speedups with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from reports import wording
from reports.drawing import canvas, legend, ticks
from reports.drawing.canvas import Plane, Scale
from reports.drawing.legend import Entry
from reports.drawing.look import FAINT, GRID, Look
from reports.drawing.speedup import LINEAR_RATIO, times
from reports.laws.points import Floats

#: planes in a row, and in a figure: more are told by the table
COLUMNS, MOST = 4, 24
_PLANE, _LEFT, _BETWEEN, _EDGE = (92.0, 52.0), 4.0, 30.0, 4.0
_TITLE, _BELOW = 15.0, 24.0


@dataclass(frozen=True)
class Line:
    """One verdict: (n, 3) speedup and its ends by run (NaN: none), executor colours, decided."""

    title: str
    values: Floats
    colours: tuple[str, ...]
    decided: tuple[bool, ...]


def draw(lines: Sequence[Line], executors: Sequence[tuple[str, str]]) -> Figure:
    """The figure of at most MOST verdicts; `executors` are names and colours for the legend."""
    entries = [Entry(name, Look(colour, "circle"), 0) for name, colour in executors]
    entries.append(Entry("not decided", Look(FAINT, "cross"), 0))
    lines = lines[:MOST]
    across = max(3, min(len(lines), COLUMNS))
    width = _LEFT + across * (_PLANE[0] + _BETWEEN)
    rows = legend.rows(entries, width - 2 * _EDGE)
    down = -(-len(lines) // COLUMNS)
    below = _BELOW + legend.ROW * len(rows) - 8
    step = _PLANE[1] + _TITLE
    figure = canvas.sheet(width, below + down * step + 4)
    for place, line in enumerate(lines):
        row, column = divmod(place, COLUMNS)
        left = _LEFT + column * (_PLANE[0] + _BETWEEN) + _BETWEEN - 4
        plane = _plane(line, left, below + (down - 1 - row) * step)
        _draw(figure, plane, line)
    legend.draw(figure, rows, _EDGE, _EDGE)
    return figure


def _plane(line: Line, left: float, bottom: float) -> Plane:
    known = line.values[np.isfinite(line.values) & (line.values > 0)]
    low, high = min([1.0, *known]), max([1.0, *known])
    log = high / low > LINEAR_RATIO
    y = Scale(low / 1.2, high * 1.2, True) if log else Scale(low - 0.15, high + 0.15)
    return Plane(left, bottom, *_PLANE, Scale(-0.5, len(line.values) - 0.5), y)


def _draw(figure: Figure, plane: Plane, line: Line) -> None:
    y = plane.y
    heights = ticks.doublings(y.low, y.high, 3) if y.log else ticks.even(y.low, y.high, 3)
    ends = [plane.x.low, plane.x.high]
    canvas.strokes(figure, [plane.at(ends, [v, v]) for v in heights], GRID, 0.6, z=0.2)
    for value in heights:
        up = float(plane.at(0, value)[0, 1]) - 2.4
        canvas.write(figure, plane.left - 3, up, times(value), 6.5, ha="right")
    title = canvas.fitted(wording.visible(line.title), 7.0, _PLANE[0] + 16)
    canvas.write(figure, plane.left, plane.top + 3, title, 7.0)
    runs = np.arange(len(line.values), dtype=float)
    places = plane.at(runs, line.values[:, 0])
    canvas.strokes(figure, [places], FAINT, 0.8, z=1)
    for run, (place, colour) in enumerate(zip(places, line.colours, strict=True)):
        if not np.isfinite(place).all():
            continue
        bar = plane.at([run, run], plane.y.clip(line.values[run, 1:]))
        canvas.strokes(figure, [bar], colour, 1, z=2)
        canvas.markers(figure, place[None, :], "circle" if line.decided[run] else "cross", colour)
