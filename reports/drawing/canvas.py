"""A sheet to draw on, in points, and the few kinds of marks a figure is made of.

Axes of matplotlib make five artists a tick and lay them out anew for every figure, which took
0.13 s each. A figure here is some twenty paths and as many texts, at places that are computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.transforms import IdentityTransform

from reports.drawing.look import FONTS, INK
from reports.laws.points import Floats

#: points an inch: a sheet's units are those of the SVG
DOTS = 72
SMALL, NORMAL = 7.5, 8.0
_HAIR = np.array([0.05, 0.0])
_NOWHERE = IdentityTransform()


def _around(angles: Sequence[float], radii: Sequence[float] = (1.0,)) -> Floats:
    turns = np.radians(np.asarray(angles, dtype=float))
    reach = np.resize(np.asarray(radii, dtype=float), len(turns))
    return np.asarray(np.column_stack([reach * np.sin(turns), reach * np.cos(turns)]))


_PLUS = np.array(
    [(-1, 3), (1, 3), (1, 1), (3, 1), (3, -1), (1, -1), (1, -3), (-1, -3), (-1, -1), (-3, -1),
     (-3, 1), (-1, 1)], dtype=float,
) / 2.8  # fmt: skip
_TURN = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)
#: outlines of the markers around (0, 0), with a radius near 1
SHAPES: dict[str, Floats] = {
    "circle": _around(range(0, 360, 30)),
    "square": _around((45, 135, 225, 315), (1.25,)),
    "triangle": _around((0, 120, 240), (1.3,)),
    "diamond": _around((0, 90, 180, 270), (1.3,)),
    "down": _around((60, 180, 300), (1.3,)),
    "plus": _PLUS,
    "cross": _PLUS @ _TURN,
    "star": _around(range(0, 360, 36), (1.45, 0.65)),
    "left": _around((30, 150, 270), (1.3,)),
}


@dataclass(frozen=True)
class Scale:
    """One axis: values from `low` to `high`, logarithmic or not."""

    low: float
    high: float
    log: bool = False

    def share(self, values: Any) -> Floats:
        """Where values lie: 0 at the low end, 1 at the high one. NaN stays NaN."""
        given = np.asarray(values, dtype=float)
        if self.log:
            given = np.log(given)
        low, high = (np.log(self.low), np.log(self.high)) if self.log else (self.low, self.high)
        return np.asarray((given - low) / (high - low), dtype=float)

    def clip(self, values: Any) -> Floats:
        """Values within the axis."""
        return np.asarray(np.clip(np.asarray(values, dtype=float), self.low, self.high))


@dataclass(frozen=True)
class Plane:
    """Where two scales lie on the sheet, in points from its lower left corner."""

    left: float
    bottom: float
    width: float
    height: float
    x: Scale
    y: Scale

    @property
    def right(self) -> float:
        """The right end of the x axis."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """The upper end of the y axis."""
        return self.bottom + self.height

    def at(self, x: Any, y: Any) -> Floats:
        """Points on the sheet, (n, 2)."""
        across = self.left + self.width * self.x.share(x)
        up = self.bottom + self.height * self.y.share(y)
        both = np.broadcast_arrays(np.atleast_1d(across), np.atleast_1d(up))
        return np.asarray(np.column_stack(both))


def sheet(width: float, height: float) -> Figure:
    """An empty figure of so many points."""
    return Figure(figsize=(width / DOTS, height / DOTS), dpi=DOTS, facecolor="white")


def strokes(
    figure: Figure,
    lines: Iterable[Floats],
    colour: str,
    width: float = 1.0,
    dashes: tuple[float, ...] = (),
    z: float = 1.0,
    **more: Any,
) -> None:
    """Lines, each (n, 2), as one path; parts that are NaN are gaps."""
    pieces = [piece for line in lines for piece in _pieces(line)]
    if not pieces:
        return
    style = (0, dashes) if dashes else "solid"
    _put(figure, _joined(pieces), fill=False, edgecolor=colour, linewidth=width,
         linestyle=style, zorder=z, **more)  # fmt: skip


def dots(figure: Figure, places: Floats, colour: str, width: float, alpha: float, z: float) -> None:
    """Round dots: strokes that are hardly longer than nothing, with round ends, as one path."""
    steps = [np.array([place, place + _HAIR]) for place in places if np.isfinite(place).all()]
    strokes(figure, steps, colour, width, z=z, alpha=alpha, capstyle="round")


def areas(
    figure: Figure, outlines: Iterable[Floats], colour: str, alpha: float = 1.0, z: float = 1.0
) -> None:
    """Filled outlines, each (n, 2), as one path."""
    kept = [outline for outline in outlines if np.isfinite(outline).all()]
    if kept:
        _put(figure, _joined(kept), facecolor=colour, alpha=alpha, linewidth=0, zorder=z)


def markers(
    figure: Figure, places: Floats, shape: str, colour: str, size: float = 2.4, z: float = 3.0
) -> None:
    """A marker of a radius of `size` points at each place."""
    areas(figure, [place + size * SHAPES[shape] for place in places], colour, z=z)


def ring(figure: Figure, places: Floats, size: float = 5.0) -> None:
    """The mark of what is recommended."""
    outlines = [place + size * _around(range(0, 361, 24)) for place in places]
    strokes(figure, outlines, INK, 1.1, z=4)


class Label(Text):
    """A text that is drawn where it stands: in an SVG it is not laid out before it is read."""

    def draw(self, renderer: Any) -> None:
        """Draw it. `x`, `y` and the alignment are all an SVG needs to know."""
        context = renderer.new_gc()
        context.set_foreground(self.get_color())
        x, up = self.get_position()
        _, height = renderer.get_canvas_width_height()
        y = height - up if renderer.flipy() else up
        font = self.get_fontproperties()
        renderer.draw_text(context, x, y, self.get_text(), font, 0, ismath=False, mtext=self)
        context.restore()


def write(figure: Figure, x: float, y: float, text: str, size: float = NORMAL, **more: Any) -> Text:
    """A text whose baseline starts at a point; `ha` and `weight` as matplotlib has them."""
    style = {"color": INK, "ha": "left", **more}
    line = " ".join(text.split())
    label = Label(x, y, line, fontsize=size, va="baseline", parse_math=False, **style)
    label.set_transform(_NOWHERE)
    figure.add_artist(label)
    return label


@lru_cache(maxsize=4096)
def text_width(text: str, size: float) -> float:
    """Points that a line of text takes."""
    font = FontProperties(family=FONTS[0], size=size)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def fitted(text: str, size: float, room: float) -> str:
    """A text cut with an ellipsis where it takes more than `room` points."""
    if text_width(text, size) <= room:
        return text
    while text and text_width(text + "…", size) > room:
        text = text[:-1]
    return text + "…"


def _pieces(line: Floats) -> list[Floats]:
    known = np.isfinite(line).all(axis=1)
    starts = np.flatnonzero(np.diff(known.astype(int))) + 1
    parts = np.split(line, starts)
    return [part for part in parts if np.isfinite(part).all() and len(part) > 1]


def _joined(pieces: Sequence[Floats]) -> Path:
    codes = np.full(sum(map(len, pieces)), Path.LINETO)
    codes[np.cumsum([0, *map(len, pieces[:-1])])] = Path.MOVETO
    return Path(np.concatenate(pieces), codes)


def _put(figure: Figure, outline: Path, **style: Any) -> None:
    patch = PathPatch(outline, **style)
    patch.set_transform(_NOWHERE)
    figure.add_artist(patch)
