"""The legend of a figure: entries that flow in rows below all it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from reports import wording
from reports.drawing import canvas
from reports.drawing.look import Look

#: characters of a name at most: what a reader still tells from another
NAME_LENGTH = 30
ROW = 11.5
_FRAME = np.array([(-5, -4), (5, -4), (5, 4), (-5, 4), (-5, -4), (5, -4)])
_SAMPLE, _GAP, _BETWEEN = 17.0, 4.0, 13.0
#: fonts of other machines are up to so much wider
_SLACK = 1.03


@dataclass(frozen=True)
class Entry:
    """A line, marker, area or ring with its name; `shade` is the opacity of an area."""

    name: str
    look: Look
    width: float = 1.0
    shade: float = 0.0

    @property
    def takes(self) -> float:
        """Points of a row that it takes."""
        return _SAMPLE + _GAP + _SLACK * canvas.text_width(self.name, canvas.SMALL)


def entry_of(name: str, look: Look) -> Entry:
    """The entry of a curve."""
    return Entry(wording.short(wording.visible(name), NAME_LENGTH), look, 1.3)


def rows(entries: Sequence[Entry], room: float) -> list[list[Entry]]:
    """Entries in rows of at most `room` points."""
    made: list[list[Entry]] = [[]]
    used = 0.0
    for entry in entries:
        if made[-1] and used + entry.takes > room:
            made.append([])
            used = 0.0
        made[-1].append(entry)
        used += entry.takes + _BETWEEN
    return made


def draw(figure: Figure, lines: Sequence[Sequence[Entry]], left: float, bottom: float) -> None:
    """The rows, the last of them at `bottom`."""
    for number, line in enumerate(reversed(lines)):
        x, y = left, bottom + number * ROW
        for entry in line:
            _sample(figure, entry, x, y + 2.6)
            text = canvas.write(figure, x + _SAMPLE + _GAP, y, entry.name, canvas.SMALL)
            text.set_gid("legend")
            x += entry.takes + _BETWEEN


def _sample(figure: Figure, entry: Entry, x: float, y: float) -> None:
    look, middle = entry.look, np.array([[x + _SAMPLE / 2, y]])
    if look.marker == "ring":
        canvas.ring(figure, middle, 4.0)
    elif look.marker == "frame":
        canvas.strokes(figure, [middle + _FRAME], look.colour, 1.8)
    elif entry.shade:
        corners = np.array([(x, y - 3), (x + _SAMPLE, y - 3), (x + _SAMPLE, y + 3), (x, y + 3)])
        canvas.areas(figure, [corners], look.colour, entry.shade)
    else:
        if entry.width:
            line = np.array([(x, y), (x + _SAMPLE, y)])
            canvas.strokes(figure, [line], look.colour, entry.width, look.dashes)
        if look.marker:
            canvas.markers(figure, middle, look.marker, look.colour)
