"""One look for a curve in all figures: the executor's colour, a marker and dashes of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import seaborn as sns

#: ink that follows the page's; the paler two are shares of it (`svg.slim` writes them so)
INK, FAINT, GRID = "#333333", "#777777", "#e2e2e2"
CEILING = "#c2332e"
#: cells that are faster and slower than the sequential program, at their strongest
FASTER, SLOWER = "#86bbe0", "#f0b079"
#: what is drawn on such cells, on light and dark pages alike
ON_CELL = "#1d2329"
FONTS = ("DejaVu Sans", "Verdana", "Arial")
#: those that people look for keep their colour in every report; others come in the plan's order
EXECUTORS = ("threads", "processes", "asyncio", "interpreters", "loky")
SEQUENTIAL = "sequential"
#: of seaborn's colour-blind palette, all but the two that are too pale on white
_STEPS = (0, 1, 2, 3, 4, 5, 9, 7)
#: 0 is a solid line
_DASHES = ((), (4.0, 1.4), (1.4, 1.2), (6.0, 1.4, 1.4, 1.4))
#: names of `canvas.SHAPES`
MARKERS = ("circle", "square", "triangle", "diamond", "down", "plus", "cross", "star", "left")


@dataclass(frozen=True)
class Look:
    """How a curve is drawn everywhere."""

    colour: str
    marker: str
    dashes: tuple[float, ...] = ()


def looks(curves: Iterable[tuple[str, str]], colours: Mapping[str, str]) -> dict[str, Look]:
    """The look of each curve, given (name, executor) in the plan's order.

    Curves of one executor share its colour and differ in marker and dashes.
    """
    made: dict[str, Look] = {}
    variants: dict[str, int] = {}
    for place, (name, executor) in enumerate(dict(curves).items()):
        variant = variants[executor] = variants.get(executor, -1) + 1
        dashes = _DASHES[variant % len(_DASHES)]
        made[name] = Look(colours[executor], MARKERS[place % len(MARKERS)], dashes)
    return made


def executor_colours(executors: Iterable[str]) -> dict[str, str]:
    """The colour of each executor; the sequential program is ink."""
    palette = sns.color_palette("colorblind").as_hex()
    others = [name for name in dict.fromkeys(executors) if name not in (*EXECUTORS, SEQUENTIAL)]
    places = enumerate([*EXECUTORS, *others])
    made = {name: str(palette[_STEPS[place % len(_STEPS)]]) for place, name in places}
    return {**made, SEQUENTIAL: FAINT}
