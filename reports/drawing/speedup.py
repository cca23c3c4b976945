"""A block's speedup against workers: raw launches, intervals, bounds and the fitted law.

The right-hand labels are the same heights in seconds: the sequential program's over the speedup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from reports import wording
from reports.drawing import canvas, legend, ticks
from reports.drawing.canvas import Plane, Scale
from reports.drawing.data import Curve, Panel
from reports.drawing.legend import Entry
from reports.drawing.look import CEILING, FAINT, GRID, INK, Look
from reports.law_figure import FittedLaw

#: above this ratio of largest to smallest speedup the axis is logarithmic
LINEAR_RATIO = 4.0
#: ratios below this are written as fractions: their decimals are too long for a tick
FRACTION = 0.1
#: points of the sheet: the width of a column of the page, the plane, and what stands around it
WIDTH, HEIGHT = 338.0, 172.0
_LEFT, _RIGHT, _ABOVE, _BELOW, _EDGE = 40.0, 51.0, 18.0, 30.0, 4.0
IDEAL, SEQUENTIAL, BEYOND = "ideal", "sequential", "law beyond N = {:.0f} assumes no new bottleneck"
_SHADES = (0.12, 0.28)
LAW_BEYOND = Look(INK, "", (3.7, 1.6))


def draw(panel: Panel, looks: Mapping[str, Look], limits: tuple[float, float]) -> Figure:
    """The figure of one panel; `limits` are its y range, one for all core counts of a task."""
    rows = legend.rows(_entries(panel, looks), WIDTH - 2 * _EDGE)
    below = _BELOW + legend.ROW * len(rows)
    figure = canvas.sheet(WIDTH, below + HEIGHT + _ABOVE)
    plane = _plane(panel, limits, below)
    _axes(figure, plane, panel)
    contents(figure, plane, panel, looks)
    legend.draw(figure, rows, _EDGE, _EDGE)
    return figure


def contents(figure: Figure, plane: Plane, panel: Panel, looks: Mapping[str, Look]) -> None:
    """What stands in a panel's plane: bounds, curves with launches, the law, the recommendation."""
    _bounds(figure, plane, panel)
    for curve in panel.fast:
        _curve(figure, plane, curve, looks[curve.name], panel.points.get(curve.name))
    if panel.law is not None and panel.law.curve in looks:
        _law(figure, plane, panel.law, looks[panel.law.curve].colour)
    canvas.ring(figure, _picked(plane, panel))


def shared_limits(group: Sequence[Panel]) -> tuple[float, float]:
    """One y range for all core counts of a task, so that its figures can be compared by eye."""
    values = [value for p in group for value in p.values("speedup", "speedup_low", "speedup_high")]
    bounds = [float(p.block.cores) for p in group if p.block.kind == "cpu"]
    bounds += [p.ceiling for p in group if p.ceiling is not None]
    bounds += [float(high) for p in group if p.law is not None for high in p.law.high]
    top = max(value for value in (*values, *bounds, 1.0) if np.isfinite(value)) * 1.12
    bottom = min([*values, 1.0])
    return (bottom / 1.15, top) if top / bottom > LINEAR_RATIO else (bottom - 0.1 * top, top)


def _plane(panel: Panel, limits: tuple[float, float], below: float) -> Plane:
    width = WIDTH - _LEFT - _RIGHT
    return Plane(_LEFT, below, width, HEIGHT, *scales(most_workers(panel), limits))


def scales(most: float, limits: tuple[float, float]) -> tuple[Scale, Scale]:
    """Workers up to `most`, and speedups within the limits."""
    x = Scale(2**-0.25, most * 2**0.25, log=True)
    return x, Scale(*limits, log=limits[0] > 0 and limits[1] / limits[0] > LINEAR_RATIO)


def most_workers(panel: Panel) -> float:
    """The end of the axis: of the curves, or of the law beyond them."""
    ends = [float(curve.workers.max()) for curve in panel.fast]
    return max([2.0, *ends, *([float(panel.law.workers[-1])] if panel.law is not None else [])])


def _axes(figure: Figure, plane: Plane, panel: Panel) -> None:
    y, low, high = plane.y, plane.left, plane.right
    heights = ticks.doublings(y.low, y.high) if y.log else ticks.even(y.low, y.high)
    workers = _worker_ticks(panel)
    lines = [_level(plane, value) for value in heights]
    lines += [plane.at([n, n], [y.low, y.high]) for n in workers]
    canvas.strokes(figure, lines, GRID, 0.6, z=0.2)
    base = panel.sequential["seconds"]
    for value in heights:
        up = float(plane.at(1, value)[0, 1]) - 2.8
        canvas.write(figure, low - 4, up, times(value), ha="right")
        if np.isfinite(base) and value > 0:
            canvas.write(figure, high + 4, up, wording.seconds(base / value), 7.0)
    for n in workers:
        across = float(plane.at(n, y.low)[0, 0])
        canvas.write(figure, across, plane.bottom - 10.5, f"{n:g}", ha="center")
    _titles(figure, plane, panel, np.isfinite(base))


def times(tick: float) -> str:
    """A tick's ratio with few characters: 0.25x, 1024x; 1/64x for 0.015625x."""
    return f"{tick:.4g}x" if tick > FRACTION else f"1/{1 / tick:.0f}x"


def _titles(figure: Figure, plane: Plane, panel: Panel, timed: bool) -> None:
    scaled = "scaled speedup" if panel.block.is_weak else "speedup"
    top = plane.top + 6
    canvas.write(figure, _EDGE, top, f"{scaled} over sequential")
    middle = plane.left + plane.width / 2
    canvas.write(figure, middle, plane.bottom - 20.5, "workers", ha="center")
    if timed:
        canvas.write(figure, WIDTH - _EDGE, top, "a batch takes", ha="right")


def _worker_ticks(panel: Panel) -> list[float]:
    known = {1.0, *(float(n) for curve in panel.fast for n in curve.workers)}
    if panel.law is not None:
        known.add(float(panel.law.workers[-1]))
    return ticks.apart(sorted(known))


def _level(plane: Plane, value: float) -> np.ndarray:
    return plane.at([plane.x.low, plane.x.high], [value, value])


def _bounds(figure: Figure, plane: Plane, panel: Panel) -> None:
    """The upper bounds: ideal, and for CPU work the usable cores and the measured ceiling."""
    most = max(2.0, *(float(curve.workers.max()) for curve in panel.fast))
    reach = min(most, panel.items, plane.y.high)
    slope = np.geomspace(1, reach, 2 if plane.y.log else 24)
    ideal = plane.at(slope, slope)
    if reach < min(most, plane.y.high):
        ideal = np.vstack([ideal, plane.at(most, reach)])
    canvas.strokes(figure, [ideal], INK, 1, (1, 1.65), z=1)
    canvas.strokes(figure, [_level(plane, 1.0)], FAINT, 0.8, z=1)
    if panel.block.kind != "cpu":
        return
    cores = float(panel.block.cores)
    lines = [_level(plane, cores)]
    if cores <= plane.x.high:
        lines.append(plane.at([cores, cores], [plane.y.low, plane.y.high]))
    canvas.strokes(figure, lines, FAINT, 0.9, (3.7, 1.6), z=1)
    if _ceiling_drawn(panel):
        canvas.strokes(figure, [_level(plane, panel.ceiling or 1)], CEILING, 1, (5, 1.6, 1, 1.6))


def _ceiling_drawn(panel: Panel) -> bool:
    return panel.ceiling is not None and panel.block.cores > 1


def _curve(
    figure: Figure, plane: Plane, curve: Curve, look: Look, points: np.ndarray | None
) -> None:
    places = plane.at(curve.workers, curve["speedup"])
    if points is not None:
        # spread a little, so that equal ones stay visible
        spread = 2 ** (((points[:, 1] * 0.618) % 1 - 0.5) * 0.16)
        raw = plane.at(points[:, 0] * spread, plane.y.clip(points[:, 2]))
        canvas.dots(figure, raw, look.colour, 2.4, 0.5, z=2)
    ends = plane.y.clip([curve["speedup_low"], curve["speedup_high"]])
    bars = [plane.at([n, n], pair) for n, pair in zip(curve.workers, ends.T, strict=True)]
    canvas.strokes(figure, bars, look.colour, 1, z=2.8)
    canvas.strokes(figure, [places], look.colour, 1.3, look.dashes, z=2.8)
    canvas.markers(figure, places[np.isfinite(places).all(axis=1)], look.marker, look.colour)


def _law(figure: Figure, plane: Plane, law: FittedLaw, colour: str) -> None:
    """Solid within the data, dashed and shaded beyond."""
    within, beyond = law.workers <= law.largest, law.workers >= law.largest
    middle = np.where(law.speedup <= plane.y.high, law.speedup, np.nan)
    for part, shade, dashes in zip((within, beyond), _SHADES, ((), (3.7, 1.6)), strict=True):
        if part.sum() < 2:
            continue
        low, high = plane.y.clip(law.low[part]), plane.y.clip(law.high[part])
        n = law.workers[part]
        outline = np.vstack([plane.at(n, low), plane.at(n[::-1], high[::-1])])
        canvas.areas(figure, [outline], colour, shade, z=0.5)
        canvas.strokes(figure, [plane.at(n, middle[part])], colour, 1, dashes, z=2.5)


def _picked(plane: Plane, panel: Panel) -> np.ndarray:
    """Where the recommendation lies, (1, 2), or (0, 2)."""
    for curve in panel.fast:
        if panel.pick is not None and curve.name == panel.pick[0]:
            at = curve.workers == panel.pick[1]
            return plane.at(curve.workers[at], curve["speedup"][at])
    return np.empty((0, 2))


def _entries(panel: Panel, looks: Mapping[str, Look]) -> list[Entry]:
    """The legend: curves first, then what bounds them."""
    made = [legend.entry_of(curve.name, looks[curve.name]) for curve in panel.fast]
    if panel.pick is not None:
        made.append(Entry("recommended", Look(INK, "ring")))
    made += [Entry(IDEAL, Look(INK, "", (1, 1.65))), Entry(SEQUENTIAL, Look(FAINT, ""), 0.8)]
    if panel.block.kind == "cpu":
        made.append(Entry(f"usable cores: {panel.block.cores}", Look(FAINT, "", (3.7, 1.6)), 0.9))
    if _ceiling_drawn(panel):
        told = f"measured ceiling: {wording.times(panel.ceiling)}"
        made.append(Entry(told, Look(CEILING, "", (5, 1.6, 1, 1.6))))
    if panel.law is not None and panel.law.curve in looks:
        look = Look(looks[panel.law.curve].colour, "", (3.7, 1.6))
        made.append(Entry("law, 90% range", look, shade=_SHADES[1]))
        if (panel.law.workers > panel.law.largest).any():
            made.append(Entry(BEYOND.format(panel.law.largest), look))
    return made
