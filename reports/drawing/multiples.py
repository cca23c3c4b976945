"""A task's speedups on all its core counts, small and beside each other, on the same axes.

What a large grid gets in place of a figure a block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from reports import wording
from reports.drawing import canvas, legend, speedup, ticks
from reports.drawing.canvas import Plane, Scale
from reports.drawing.data import Panel
from reports.drawing.legend import Entry
from reports.drawing.look import CEILING, FAINT, GRID, INK, Look

#: planes in a row: a page's width, with titles that can be read
COLUMNS = 4
_PLANE, _LEFT, _BETWEEN, _EDGE = (103.0, 76.0), 34.0, 9.0, 4.0
_TITLE, _BELOW = 15.0, 28.0


def draw(group: Sequence[Panel], looks: Mapping[str, Look], limits: tuple[float, float]) -> Figure:
    """The figure of one task, given its panels by core count."""
    columns = min(len(group), COLUMNS)
    lines = -(-len(group) // COLUMNS)
    width = _LEFT + max(columns, 3) * (_PLANE[0] + _BETWEEN)
    rows = legend.rows(_entries(group, looks), width - 2 * _EDGE)
    below = _BELOW + legend.ROW * len(rows)
    step = _PLANE[1] + _TITLE
    figure = canvas.sheet(width, below + lines * step + _TITLE)
    for place, panel in enumerate(group):
        line, column = divmod(place, COLUMNS)
        left = _LEFT + column * (_PLANE[0] + _BETWEEN)
        bottom = below + (lines - 1 - line) * step
        plane = Plane(left, bottom, *_PLANE, *_scales(group, limits))
        _axes(figure, plane, panel, column == 0, place + COLUMNS >= len(group))
        speedup.contents(figure, plane, panel, looks)
    kind = "scaled speedup" if group[0].block.is_weak else "speedup"
    top = below + lines * step + 3
    canvas.write(figure, _EDGE, top, f"{kind} over sequential, by workers")
    legend.draw(figure, rows, _EDGE, _EDGE)
    return figure


def _scales(group: Sequence[Panel], limits: tuple[float, float]) -> tuple[Scale, Scale]:
    most = max(speedup.most_workers(panel) for panel in group)
    return speedup.scales(most, limits)


def _axes(figure: Figure, plane: Plane, panel: Panel, first: bool, last: bool) -> None:
    y = plane.y
    heights = ticks.doublings(y.low, y.high, 4) if y.log else ticks.even(y.low, y.high, 4)
    workers = ticks.apart([2.0**n for n in range(int(np.log2(plane.x.high)) + 1)], 4)
    lines = [plane.at([plane.x.low, plane.x.high], [value, value]) for value in heights]
    lines += [plane.at([n, n], [y.low, y.high]) for n in workers]
    canvas.strokes(figure, lines, GRID, 0.6, z=0.2)
    for value in heights if first else ():
        up = float(plane.at(1, value)[0, 1]) - 2.6
        canvas.write(figure, plane.left - 4, up, speedup.times(value), 7.0, ha="right")
    for n in workers if last else ():
        across = float(plane.at(n, y.low)[0, 0])
        canvas.write(figure, across, plane.bottom - 10, f"{n:g}", 7.0, ha="center")
    base = panel.sequential["seconds"]
    seconds = f": 1x is {wording.seconds(base)}" if np.isfinite(base) else ""
    canvas.write(figure, plane.left, plane.top + 3, f"{panel.block.place}{seconds}", 7.0)


def _entries(group: Sequence[Panel], looks: Mapping[str, Look]) -> list[Entry]:
    """The legend of all planes: without the numbers that differ between them."""
    names = {curve.name for panel in group for curve in panel.fast}
    made = [legend.entry_of(name, look) for name, look in looks.items() if name in names]
    if any(panel.pick is not None for panel in group):
        made.append(Entry("recommended", Look(INK, "ring")))
    made.append(Entry(speedup.IDEAL, Look(INK, "", (1, 1.65))))
    made.append(Entry(speedup.SEQUENTIAL, Look(FAINT, ""), 0.8))
    if group[0].block.kind == "cpu":
        made.append(Entry("usable cores", Look(FAINT, "", (3.7, 1.6)), 0.9))
        if any(panel.ceiling is not None for panel in group):
            made.append(Entry("measured ceiling", Look(CEILING, "", (5, 1.6, 1, 1.6))))
    if any(panel.law is not None for panel in group):
        made.append(Entry("law, 90% range", Look(INK, ""), shade=0.15))
        made.append(Entry("law beyond the data, without a new bottleneck", speedup.LAW_BEYOND))
    return made
