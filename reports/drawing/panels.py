"""What an approach costs beside time: latency of items, memory, freezes of the main thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from reports import wording
from reports.drawing import canvas, legend, ticks
from reports.drawing.canvas import Plane, Scale
from reports.drawing.data import Curve, Panel
from reports.drawing.legend import Entry
from reports.drawing.look import FAINT, GRID, INK, Look

_PLANE, _LEFT, _BETWEEN, _EDGE = (118.0, 96.0), 40.0, 10.0, 4.0
_ABOVE, _BELOW = 21.0, 30.0
_DOTTED = (1.2, 1.4)
#: above this ratio of largest to smallest value an axis is logarithmic
LINEAR_RATIO = 8.0
#: what no clock or counter here resolves is drawn at this, ms or MiB
_LEAST = 1e-3


@dataclass(frozen=True)
class Measure:
    """One small panel: its column, the low one drawn beside it, and how its values are told."""

    column: str
    title: str
    told: Callable[[float | None], str]
    interval: tuple[str, str] | None = None
    beside: str = ""
    log: bool = False
    #: ticks are powers of two, as the unit's multiples are
    binary: bool = False


MEASURES = (
    Measure(
        "latency_p99_ms",
        "latency p99 (p50 dotted)",
        wording.milliseconds,
        ("latency_p99_low_ms", "latency_p99_high_ms"),
        "latency_p50_ms",
    ),
    Measure("peak_memory_mib", "peak memory", wording.memory, binary=True),
    Measure("heartbeat_max_ms", "longest freeze", wording.milliseconds, log=True),
)


def measures(panel: Panel) -> list[Measure]:
    """Those that have a value: a panel without one is left out."""
    return [one for one in MEASURES if panel.values(one.column)]


def draw(panel: Panel, looks: Mapping[str, Look]) -> Figure:
    """The figure of one block; it must have a measure."""
    shown = measures(panel)
    width = len(shown) * (_LEFT + _PLANE[0] + _BETWEEN) + _EDGE
    rows = legend.rows(_entries(panel, looks), width - 2 * _EDGE)
    below = _BELOW + legend.ROW * len(rows)
    figure = canvas.sheet(width, below + _PLANE[1] + _ABOVE)
    workers = sorted({float(n) for curve in panel.curves for n in curve.workers} | {1.0, 2.0})
    x = Scale(workers[0] * 2**-0.25, workers[-1] * 2**0.25, log=True)
    for place, one in enumerate(shown):
        left = _LEFT + place * (_LEFT + _PLANE[0] + _BETWEEN)
        heights, y = _heights(panel, one)
        plane = Plane(left, below, *_PLANE, x, y)
        _axes(figure, plane, one, heights, ticks.apart(workers, 5))
        _curves(figure, plane, panel, one, looks)
    legend.draw(figure, rows, _EDGE, _EDGE)
    return figure


def _heights(panel: Panel, one: Measure) -> tuple[list[float], Scale]:
    """Ticks and scale of a panel's values, the sequential program's among them."""
    columns = [one.column, *(one.interval or ()), *([one.beside] if one.beside else [])]
    own = [panel.sequential[column] for column in columns]
    values = [*panel.values(*columns), *(value for value in own if np.isfinite(value))]
    high, low = max(*values, _LEAST), max(min(values), _LEAST)
    if one.log or high / low > LINEAR_RATIO:
        if one.binary:
            ends = ticks.around_doublings(low, high)
            return ticks.doublings(*ends, most=5), Scale(*ends, log=True)
        ends = ticks.around(low, high)
        return ticks.decades(*ends), Scale(*ends, log=True)
    return ticks.even(0, high, 5), Scale(0, high * 1.06)


def _axes(
    figure: Figure,
    plane: Plane,
    one: Measure,
    heights: Sequence[float],
    workers: Sequence[float],
) -> None:
    ends = [plane.x.low, plane.x.high]
    lines = [plane.at(ends, [value, value]) for value in heights]
    canvas.strokes(figure, lines, GRID, 0.6, z=0.2)
    for value in heights:
        up = float(plane.at(1, value)[0, 1]) - 2.6
        told = _round(one.told(value)) if value else "0"
        canvas.write(figure, plane.left - 3, up, told, 7.0, ha="right")
    for n in workers:
        across = float(plane.at(n, heights[-1])[0, 0])
        canvas.write(figure, across, plane.bottom - 10, f"{n:g}", 7.0, ha="center")
    middle = plane.left + plane.width / 2
    canvas.write(figure, middle, plane.bottom - 19.5, "workers", canvas.SMALL, ha="center")
    canvas.write(figure, plane.left - 36, plane.top + 11, one.title)


def _round(told: str) -> str:
    """20 MiB and 2.5 ms, not the 20.0 MiB and 2.50 ms of measured values."""
    number, _, unit = told.partition(" ")
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {unit}"


def _curves(
    figure: Figure, plane: Plane, panel: Panel, one: Measure, looks: Mapping[str, Look]
) -> None:
    alone = panel.sequential[one.column]
    if np.isfinite(alone):
        level = plane.y.clip([alone, alone])
        canvas.strokes(figure, [plane.at([plane.x.low, plane.x.high], level)], FAINT, 0.8)
    for curve in panel.curves:
        _curve(figure, plane, curve, one, looks[curve.name])
        if panel.pick is not None and panel.pick[0] == curve.name:
            at = (curve.workers == panel.pick[1]) & np.isfinite(curve[one.column])
            canvas.ring(figure, _places(plane, curve, one.column)[at], 4.4)


def _places(plane: Plane, curve: Curve, column: str) -> np.ndarray:
    return plane.at(curve.workers, plane.y.clip(curve[column]))


def _curve(figure: Figure, plane: Plane, curve: Curve, one: Measure, look: Look) -> None:
    places = _places(plane, curve, one.column)
    canvas.strokes(figure, [places], look.colour, 1.1, look.dashes, z=2.8)
    known = np.isfinite(places).all(axis=1)
    canvas.markers(figure, places[known], look.marker, look.colour, 2.1)
    if one.interval:
        ends = plane.y.clip([curve[column] for column in one.interval])
        bars = [plane.at([n, n], pair) for n, pair in zip(curve.workers, ends.T, strict=True)]
        canvas.strokes(figure, bars, look.colour, 0.9, z=2.8)
    if one.beside:
        canvas.strokes(figure, [_places(plane, curve, one.beside)], look.colour, 1, _DOTTED, z=2.7)


def _entries(panel: Panel, looks: Mapping[str, Look]) -> list[Entry]:
    made = [legend.entry_of(curve.name, looks[curve.name]) for curve in panel.curves]
    if panel.pick is not None:
        made.append(Entry("recommended", Look(INK, "ring")))
    if any(np.isfinite(panel.sequential[one.column]) for one in measures(panel)):
        made.append(Entry("sequential", Look(FAINT, ""), 0.8))
    return made
