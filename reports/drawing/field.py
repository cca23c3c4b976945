"""A field of cells, a row a task and a column a machine, for where words have no room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from reports import wording
from reports.drawing import canvas, legend
from reports.drawing.legend import Entry
from reports.drawing.look import INK, ON_CELL, Look

_CELL, _LEFT, _EDGE, _ABOVE = (11.0, 13.0), 128.0, 4.0, 16.0
#: machines in one band of rows: a page's width; more go on below
COLUMNS = 50
_LEAST = 24


@dataclass(frozen=True)
class Spot:
    """One cell: its colour, a character or two, and whether it is framed."""

    colour: str
    text: str = ""
    framed: bool = False


def draw(
    rows: Sequence[str],
    columns: Sequence[str],
    spots: Mapping[tuple[int, int], Spot],
    entries: Sequence[Entry],
) -> Figure:
    """The figure: spots by row and column, and a legend; what is not there stays empty."""
    bands = [range(at, min(at + COLUMNS, len(columns))) for at in range(0, len(columns), COLUMNS)]
    width = _LEFT + max(_LEAST, min(len(columns), COLUMNS)) * _CELL[0] + _EDGE
    lines = legend.rows(entries, width - 2 * _EDGE)
    below = legend.ROW * len(lines) + 10
    step = len(rows) * _CELL[1] + _ABOVE
    figure = canvas.sheet(width, below + len(bands) * step)
    for place, band in enumerate(bands):
        _band(figure, below + (len(bands) - 1 - place) * step, band, (rows, columns), spots)
    legend.draw(figure, lines, _EDGE, _EDGE)
    return figure


def _band(
    figure: Figure,
    bottom: float,
    band: range,
    names: tuple[Sequence[str], Sequence[str]],
    spots: Mapping[tuple[int, int], Spot],
) -> None:
    rows, columns = names
    coloured: dict[str, list[np.ndarray]] = {}
    framed = []
    for number, name in enumerate(rows):
        up = bottom + (len(rows) - 1 - number) * _CELL[1]
        told = canvas.fitted(wording.visible(name), canvas.SMALL, _LEFT - 10)
        canvas.write(figure, _LEFT - 5, up + 3.5, told, canvas.SMALL, ha="right")
        for place, column in enumerate(band):
            spot = spots.get((number, column))
            if spot is None:
                continue
            corner = np.array([_LEFT + place * _CELL[0], up])
            coloured.setdefault(spot.colour, []).append(_corners(corner, 0.5))
            if spot.framed:
                framed.append(_corners(corner, 1.2, True))
            canvas.write(figure, corner[0] + _CELL[0] / 2, up + 3.8, spot.text, 6.0, ha="center",
                         color=ON_CELL)  # fmt: skip
    for colour, outlines in coloured.items():
        canvas.areas(figure, outlines, colour, z=0.5)
    canvas.strokes(figure, framed, INK, 1.5, z=2)
    top = bottom + len(rows) * _CELL[1] + 4
    for place, column in enumerate(band):
        across = _LEFT + (place + 0.5) * _CELL[0]
        canvas.write(figure, across, top, columns[column], 6.5, ha="center")


def _corners(low: np.ndarray, inset: float, closed: bool = False) -> np.ndarray:
    start, end = low + inset, low + np.array(_CELL) - inset
    made = [(start[0], start[1]), (end[0], start[1]), (end[0], end[1]), (start[0], end[1])]
    return np.array([*made, made[0], made[1]] if closed else made)


def entry(name: str, colour: str) -> Entry:
    """A colour's entry in the legend."""
    return Entry(wording.short(wording.visible(name), legend.NAME_LENGTH), Look(colour, ""), 0, 1.0)
