"""A task's best speedup for each number of workers and cores, with its executor and its seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.colors
import numpy as np
from matplotlib.figure import Figure

from reports import wording
from reports.drawing import canvas, legend
from reports.drawing.data import Panel
from reports.drawing.legend import Entry
from reports.drawing.look import FAINT, FASTER, GRID, INK, ON_CELL, SLOWER, Look

#: more columns than this don't fit in a page's width with their numbers
COLUMNS = 10
_CELL, _LEFT, _EDGE, _ABOVE, _ROOM = (42.0, 28.0), 76.0, 4.0, 30.0, 40.0
_MARK = np.array([6.5, 18.6])
#: shades of a colour: as many as an eye tells apart; a path of the page each
_SHADES = 5


@dataclass(frozen=True)
class Cell:
    """The approach a cell shows: the recommended one, else the fastest of its workers."""

    cores: int
    workers: int
    curve: str
    speedup: float
    seconds: float
    recommended: bool


def cells(group: Sequence[Panel]) -> list[Cell]:
    """The cells of one task on one node, given its panels by core count."""
    return [cell for panel in group for cell in _row(panel)]


def _row(panel: Panel) -> list[Cell]:
    best: dict[int, Cell] = {}
    for curve in panel.fast:
        if curve.nodes > 1:  # the cores of its cell would not be all that it has
            continue
        for n, speedup, seconds in zip(
            curve.workers, curve["speedup"], curve["seconds"], strict=True
        ):
            picked = panel.pick == (curve.name, int(n))
            cell = Cell(panel.block.cores, int(n), curve.name, speedup, seconds, picked)
            known = best.get(cell.workers)
            if known is None or (picked, speedup) > (known.recommended, known.speedup):
                best[cell.workers] = cell
    return [best[n] for n in sorted(best)]


def drawable(group: Sequence[Panel]) -> bool:
    """Whether there are two core counts to compare."""
    return len({cell.cores for cell in cells(group)}) > 1


def draw(group: Sequence[Panel], looks: Mapping[str, Look]) -> Figure:
    """The figure of one task."""
    made = cells(group)
    columns = shown_columns(made)
    made = [cell for cell in made if cell.workers in columns]
    # from the bottom of the sheet: one core is the first row
    cores = sorted({cell.cores for cell in made}, reverse=True)
    width = _LEFT + max(len(columns), 5) * _CELL[0] + _EDGE
    rows = legend.rows(_entries(made, looks), width - 2 * _EDGE)
    below = legend.ROW * len(rows) + 10
    figure = canvas.sheet(width, below + len(cores) * _CELL[1] + _ABOVE)
    places = {
        cell: np.array([_LEFT + columns.index(cell.workers) * _CELL[0],
                        below + cores.index(cell.cores) * _CELL[1]])
        for cell in made
    }  # fmt: skip
    _fields(figure, places)
    _contents(figure, places, looks)
    _labels(figure, group, columns, cores, below)
    legend.draw(figure, rows, _EDGE, _EDGE)
    return figure


def shown_columns(made: Sequence[Cell]) -> list[int]:
    """The worker counts that are shown: all, or the ends, the recommended and some between."""
    known = sorted({cell.workers for cell in made})
    if len(known) <= COLUMNS:
        return known
    must = sorted({cell.workers for cell in made if cell.recommended} | {known[0], known[-1]})
    others = [n for n in known if n not in must]
    room = max(COLUMNS - len(must), 0)
    spread = np.linspace(0, len(others) - 1, room).round()
    return sorted({*must[:COLUMNS], *(others[int(i)] for i in spread)})


def _fields(figure: Figure, places: Mapping[Cell, np.ndarray]) -> None:
    most = max(abs(np.log(cell.speedup)) for cell in places) or 1.0
    coloured: dict[str, list[np.ndarray]] = {}
    for cell, place in places.items():
        shade = round(abs(np.log(cell.speedup)) / most * _SHADES) / _SHADES
        colour = mixed(FASTER if cell.speedup > 1 else SLOWER, shade)
        coloured.setdefault(colour, []).append(_corners(place, 0.5))
    for colour, outlines in coloured.items():
        canvas.areas(figure, outlines, colour, z=0.5)
    picked = [_corners(place, 0.9, True) for cell, place in places.items() if cell.recommended]
    canvas.strokes(figure, picked, INK, 1.8, z=2)


def mixed(colour: str, share: float) -> str:
    """A colour mixed with a white that isn't the paper's, so that a cell always shows."""
    strong = np.array(matplotlib.colors.to_rgb(colour))
    pale = np.array(matplotlib.colors.to_rgb("#f1f3f4"))
    return str(matplotlib.colors.to_hex(tuple(share * strong + (1 - share) * pale)))


def _corners(place: np.ndarray, inset: float, closed: bool = False) -> np.ndarray:
    low, high = place + inset, place + _CELL - np.array(inset)
    corners = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
    return np.array([*corners, corners[0], corners[1]] if closed else corners)


def _contents(figure: Figure, places: Mapping[Cell, np.ndarray], looks: Mapping[str, Look]) -> None:
    marked: dict[str, list[np.ndarray]] = {}
    for cell, place in places.items():
        middle = place[0] + _CELL[0] / 2
        weight = "bold" if cell.recommended else "normal"
        canvas.write(figure, middle + 4, place[1] + 16, wording.times(cell.speedup),
                     canvas.SMALL, ha="center", color=ON_CELL, weight=weight)  # fmt: skip
        told = canvas.fitted(_brief(cell.seconds), 6.5, _CELL[0] - 2)
        canvas.write(figure, middle, place[1] + 6, told, 6.5, ha="center", color=ON_CELL)
        marked.setdefault(cell.curve, []).append(place + _MARK)
    for name, spots in marked.items():
        look = looks[name]
        canvas.markers(figure, np.array(spots), look.marker, look.colour, 2.2)


def _brief(seconds: float) -> str:
    """Seconds as a cell has room for: minutes only where they are hours."""
    return f"{seconds:.0f} s" if 120 <= seconds < 3600 else wording.seconds(seconds)


def _labels(
    figure: Figure, group: Sequence[Panel], columns: list[int], cores: list[int], below: float
) -> None:
    top = below + len(cores) * _CELL[1]
    for place, n in enumerate(columns):
        across = _LEFT + (place + 0.5) * _CELL[0]
        canvas.write(figure, across, top + 5, f"{n}", ha="center")
    canvas.write(figure, _LEFT, top + 18, "workers")
    for panel in group:
        if panel.block.cores not in cores:
            continue
        up = below + cores.index(panel.block.cores) * _CELL[1]
        canvas.write(figure, _LEFT - 5, up + 15, panel.block.place, ha="right")
        if panel.standing:
            canvas.write(figure, _LEFT - 5, up + 6, panel.standing, 6.5, ha="right", color=FAINT)
    _gaps(figure, columns, cores, below)


def _gaps(figure: Figure, columns: list[int], cores: list[int], below: float) -> None:
    """Lines between the rows, which also lead the eye over cells that weren't measured."""
    right = _LEFT + len(columns) * _CELL[0]
    heights = [below + place * _CELL[1] for place in range(len(cores) + 1)]
    lines = [np.array([(_LEFT, up), (right, up)]) for up in heights]
    canvas.strokes(figure, lines, GRID, 0.6, z=0.2)


def _entries(made: Sequence[Cell], looks: Mapping[str, Look]) -> list[Entry]:
    names = dict.fromkeys(cell.curve for cell in made)
    kept = [name for name in looks if name in names]
    found = [Entry(legend.entry_of(name, looks[name]).name, looks[name], 0) for name in kept]
    if any(cell.recommended for cell in made):
        found.append(Entry("recommended", Look(INK, "frame"), 0))
    return found
