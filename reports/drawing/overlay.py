"""Curves of several machines over each other: measured points with intervals, and their laws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from reports import wording
from reports.drawing import canvas, legend, ticks
from reports.drawing.canvas import Plane, Scale
from reports.drawing.legend import Entry
from reports.drawing.look import FAINT, GRID, INK, MARKERS, Look
from reports.drawing.speedup import LINEAR_RATIO, times
from reports.laws.points import Floats

WIDTH, HEIGHT = 338.0, 172.0
_LEFT, _RIGHT, _ABOVE, _BELOW, _EDGE = 40.0, 12.0, 18.0, 30.0, 4.0
_SHADE = 0.12
#: of seaborn's colour-blind palette, those that are told apart on white and on black
COLOURS = ("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#56b4e9")
_DASHES = ((), (4.0, 1.4), (1.4, 1.2), (6.0, 1.4, 1.4, 1.4), (2.5, 1.0), (5.0, 3.0))


@dataclass(frozen=True)
class Series:
    """One machine's curve: `points` and `law` (n, 4): N, value, lower end, upper end."""

    name: str
    look: Look
    points: Floats
    law: Floats
    picked: float | None = None


def look(place: int) -> Look:
    """The look of the machine at this place in all figures of a comparison."""
    return Look(COLOURS[place % 6], MARKERS[place % len(MARKERS)], _DASHES[place % 6])


def draw(series: Sequence[Series], across: str, up: str) -> Figure:
    """The figure; `across` and `up` name the axes."""
    entries = [Entry(one.name, one.look, 1.3) for one in series]
    if any(one.picked is not None for one in series):
        entries.append(Entry("recommended", Look(INK, "ring")))
    if any(len(one.law) for one in series):
        entries.append(Entry("law, 90% range", Look(FAINT, ""), shade=0.3))
    rows = legend.rows(entries, WIDTH - 2 * _EDGE)
    below = _BELOW + legend.ROW * len(rows)
    figure = canvas.sheet(WIDTH, below + HEIGHT + _ABOVE)
    plane = _plane(series, below)
    _axes(figure, plane, series, (across, up))
    for one in series:
        _curve(figure, plane, one)
    legend.draw(figure, rows, _EDGE, _EDGE)
    return figure


def _plane(series: Sequence[Series], below: float) -> Plane:
    tables = [table for one in series for table in (one.points, one.law) if len(table)]
    values = np.concatenate([table[:, 1:].ravel() for table in tables])
    known = values[np.isfinite(values) & (values > 0)]
    low, high = min(1.0, float(known.min())), max(1.0, float(known.max())) * 1.1
    log = high / low > LINEAR_RATIO
    y = Scale(low / 1.15, high, True) if log else Scale(low - 0.1 * high, high)
    most = max(2.0, *(float(table[:, 0].max()) for table in tables))
    x = Scale(2**-0.25, most * 2**0.25, log=True)
    return Plane(_LEFT, below, WIDTH - _LEFT - _RIGHT, HEIGHT, x, y)


def _axes(figure: Figure, plane: Plane, series: Sequence[Series], titles: tuple[str, str]) -> None:
    y = plane.y
    heights = ticks.doublings(y.low, y.high) if y.log else ticks.even(y.low, y.high)
    counts = {1.0, *(float(n) for one in series for n in [*one.points[:, 0], *one.law[-1:, 0]])}
    across = ticks.apart(sorted(counts))
    lines = [plane.at([plane.x.low, plane.x.high], [value, value]) for value in heights]
    lines += [plane.at([n, n], [y.low, y.high]) for n in across]
    canvas.strokes(figure, lines, GRID, 0.6, z=0.2)
    canvas.strokes(figure, [plane.at([plane.x.low, plane.x.high], [1, 1])], FAINT, 0.8)
    for value in heights:
        height = float(plane.at(1, value)[0, 1]) - 2.8
        canvas.write(figure, plane.left - 4, height, times(value), ha="right")
    for n in across:
        left = float(plane.at(n, y.low)[0, 0])
        canvas.write(figure, left, plane.bottom - 10.5, f"{n:g}", ha="center")
    canvas.write(figure, _EDGE, plane.top + 6, titles[1])
    middle = plane.left + plane.width / 2
    canvas.write(figure, middle, plane.bottom - 20.5, titles[0], ha="center")


def _curve(figure: Figure, plane: Plane, one: Series) -> None:
    colour = one.look.colour
    if len(one.law) > 1:
        n, middle = one.law[:, 0], one.law[:, 1]
        low, high = plane.y.clip(one.law[:, 2]), plane.y.clip(one.law[:, 3])
        outline = np.vstack([plane.at(n, low), plane.at(n[::-1], high[::-1])])
        canvas.areas(figure, [outline], colour, _SHADE, z=0.5)
        canvas.strokes(figure, [plane.at(n, middle)], colour, 0.8, (3.7, 1.6), z=2)
    places = plane.at(one.points[:, 0], one.points[:, 1])
    ends = plane.y.clip(one.points[:, 2:])
    bars = [plane.at([n, n], pair) for n, pair in zip(one.points[:, 0], ends, strict=True)]
    canvas.strokes(figure, bars, colour, 1, z=2.8)
    canvas.strokes(figure, [places], colour, 1.3, one.look.dashes, z=2.8)
    canvas.markers(figure, places, one.look.marker, colour)
    if one.picked is not None:
        canvas.ring(figure, places[one.points[:, 0] == one.picked])


def named(letter: str, told: str) -> str:
    """A legend's entry: A: processes."""
    return wording.short(wording.visible(f"{letter}: {told}"), legend.NAME_LENGTH)
