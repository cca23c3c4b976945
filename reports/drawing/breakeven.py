"""A figure for each break-even search: who is how fast where, and what is recommended there."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from experiments.statistics.objectives import Objective
from reports import breakeven_words as words
from reports import wording
from reports.breakeven import Found
from reports.breakeven_lines import lines
from reports.drawing.look import FAINT

SIZE_INCHES = (6.4, 2.9)
_MARKERS = ("o", "s", "^", "D", "v", "P")
_REGION, _OPEN = 0.13, FAINT


def draw(found: Found, executors: Mapping[str, str]) -> Figure | None:
    """The figure, with the executors' colours; None where nothing was measured."""
    table = lines(found)
    if table.empty:
        return None
    names = list(dict.fromkeys(table["family"]))
    colours = _colours(names, executors)
    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    _regions(axes, found, colours)
    for number, name in enumerate(names):
        _curve(axes, table[table["family"] == name], words.name(name), colours[name], number)
    _axes(axes, found)
    figure.legend(loc="outside upper left", ncols=min(len(names), 3), frameon=False, fontsize=8)
    return figure


def _colours(names: list[str], executors: Mapping[str, str]) -> dict[str, str]:
    """An executor's colour; where several families are of one, the others take free ones."""
    made: dict[str, str] = {}
    for name in names:
        own = executors.get(name.partition(" ")[0], FAINT)
        free = [colour for colour in executors.values() if colour not in made.values()]
        made[name] = own if own not in made.values() else next(iter(free), own)
    return made


def _curve(axes: Axes, rows: pd.DataFrame, label: str, colour: Any, number: int) -> None:
    rows = rows.sort_values("value")
    marker = _MARKERS[number % len(_MARKERS)]
    axes.plot(rows["value"], rows["ratio"], color=colour, marker=marker, markersize=4,
              linewidth=1.2, label=label)  # fmt: skip
    reach = np.abs(rows[["low", "high"]].to_numpy(dtype=float).T - rows["ratio"].to_numpy())
    axes.errorbar(rows["value"], rows["ratio"], yerr=reach, fmt="none", ecolor=colour,
                  elinewidth=1, capsize=2)  # fmt: skip


def _regions(axes: Axes, found: Found, colours: dict[str, Any]) -> None:
    """What is recommended, as coloured fields between decided neighbours; changes are hatched."""
    decided = [point for point in found.points if point.family is not None]
    for left, right in pairwise(decided):
        if left.family == right.family:
            axes.axvspan(left.value, right.value, color=colours[str(left.family)],
                         alpha=_REGION, linewidth=0)  # fmt: skip
    for flip in found.flips:
        axes.axvspan(flip.low, flip.high, facecolor="none", edgecolor=_OPEN, hatch="////",
                     linewidth=0, alpha=0.6)  # fmt: skip


def _axes(axes: Axes, found: Found) -> None:
    axis = found.search.axis
    if axis.log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(bottom=0.94)
    axes.set_yticks(_ticks(axes.get_ylim()[1]))
    axes.set_xlabel(words.axis_label(found.search.vary))
    axes.set_ylabel(_measure(found.blocks[0].block.objective))
    axes.grid(axis="y")
    sns.despine(ax=axes)


def _measure(objective: Objective) -> str:
    if objective.is_time:
        return "Time against the fastest"
    return f"{wording.capital(objective.noun)} against the lowest"


def _ticks(top: float) -> list[float]:
    """Ratios that are round and far enough apart to be read."""
    fine = [1, 1.1, 1.2, 1.3, 1.5, 1.7, 2]
    coarse = [1, 2, 5, 10, 20, 50, 100, 200, 500]
    middle = [1, 1.2, 1.5, 2, 3, 5]
    steps = fine if top < 2 else middle if top < 5 else coarse
    return [step for step in steps if step <= top]
