"""Draw the figures of a report as SVG: speedup against workers, one file a block."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from experiments import schema
from reports import breakeven_plot, command, figures, wording
from reports.breakeven import found
from reports.law_figure import FittedLaw, draw_law, fitted_laws
from reports.load import Block, Results
from reports.races import ceilings, curve_of, launch_points

SIZE_INCHES = (4.7, 3.5)
#: characters of a label of which three columns do not fit beside each other
LONG_LABEL = 24
#: above this ratio of largest to smallest speedup the axis is logarithmic
LINEAR_RATIO = 4.0
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")
_INK, _FAINT = "#333333", "#767676"
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "poolwise",
    "text.parse_math": False,
    "font.family": "sans-serif",
    # measured with the first, which matplotlib brings along; the others are as wide or narrower
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 8.5,
    "axes.labelsize": 8.5,
    "axes.edgecolor": "#999999",
    "axes.labelcolor": _INK,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "path.simplify": False,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "figure.facecolor": "white",
    "lines.solid_capstyle": "round",
}


@dataclass(frozen=True)
class Panel:
    """What one figure shows: curve means with intervals, raw launches, and the bounds.

    `items` bound the ideal speedup; infinite where every worker has as many (weak scaling).
    """

    block: Block
    curves: pd.DataFrame
    points: pd.DataFrame
    ceiling: float | None
    items: float
    law: FittedLaw | None = None


def panels(results: Results) -> list[Panel]:
    """One panel a block that has a curve, in the plan's order."""
    summary = results.table(schema.SUMMARY)
    steady = figures.curve_rows(summary)
    steady = steady.assign(curve=[curve_of(*pair) for pair in _labels(steady)])
    points, limits = launch_points(results), ceilings(results)
    found = fitted_laws(results)
    made = []
    for block in results.blocks:
        curves = steady[steady["block"] == block.name]
        if curves.empty:
            continue
        ceiling = limits.get(block.cores) if block.kind == "cpu" else None
        raw = points[points["block"] == block.name]
        most = np.inf if block.is_weak else float(curves["items"].max())
        made.append(Panel(block, curves, raw, ceiling, most, found.get(block.name)))
    return made


def _labels(frame: pd.DataFrame) -> Iterable[tuple[str, int]]:
    return zip(frame["approach"], frame["workers"], strict=True)


def draw(panel: Panel, names: list[str], limits: tuple[float, float]) -> Figure:
    """The figure of one panel; `names` fixes a curve's colour and marker over all figures."""
    figure, axes = plt.subplots(figsize=SIZE_INCHES, layout="constrained")
    shown = [name for name in names if name in set(panel.curves["curve"])]
    _bounds(axes, panel)
    _raw(axes, panel, names)
    for name in shown:
        _line(axes, panel.curves[panel.curves["curve"] == name], name, names.index(name))
    if panel.law is not None:
        draw_law(axes, panel.law, _colour(names.index(panel.law.curve)))
    _axes(axes, panel, limits)
    _legend(figure, axes)
    return figure


def _legend(figure: Figure, axes: Axes) -> None:
    """Below the axes, in as many columns as the longest label lets fit."""
    longest = max(map(len, axes.get_legend_handles_labels()[1]))
    columns = 3 if longest <= LONG_LABEL else 2
    figure.legend(loc="outside lower center", ncols=columns, frameon=False, fontsize=7.5)


def _colour(place: int) -> tuple[float, float, float]:
    palette = sns.color_palette("colorblind")
    red, green, blue = palette[place % len(palette)]
    return red, green, blue


def _raw(axes: Axes, panel: Panel, names: list[str]) -> None:
    """Every launch as a faint dot, spread a little so that equal ones stay visible.

    A curve's dots are one path of tiny strokes with round ends: thousands of markers would be
    thousands of elements of the page.
    """
    for place, name in enumerate(names):
        points = panel.points[panel.points["curve"] == name]
        spread = 2 ** (((points["round"].astype(float) * 0.618) % 1 - 0.5) * 0.16)
        x = (points["workers"].astype(float) * spread).to_numpy()
        y = points["speedup"].to_numpy(dtype=float)
        gap = np.full_like(x, np.nan)
        strokes = np.stack([x, x * 1.0005, gap], axis=1).ravel()
        heights = np.stack([y, y, gap], axis=1).ravel()
        axes.plot(strokes, heights, color=_colour(place), lw=2.4, alpha=0.5, zorder=2)


def _line(axes: Axes, curve: pd.DataFrame, name: str, place: int) -> None:
    curve = curve.sort_values("workers")
    y = curve["speedup"].to_numpy(dtype=float)
    low = curve["speedup_low"].to_numpy(dtype=float)
    high = curve["speedup_high"].to_numpy(dtype=float)
    axes.errorbar(
        curve["workers"].to_numpy(dtype=float),
        y,
        yerr=np.nan_to_num(np.maximum(np.vstack([y - low, high - y]), 0)),
        color=_colour(place),
        marker=_MARKERS[place % len(_MARKERS)],
        markersize=4.2,
        markeredgecolor="white",
        markeredgewidth=0.5,
        linewidth=1.3,
        elinewidth=1.0,
        label=wording.short(wording.visible(name), 30),
        zorder=3,
    )


def _bounds(axes: Axes, panel: Panel) -> None:
    """The upper bounds: ideal, and for CPU work the usable cores and the measured ceiling."""
    most = float(panel.curves["workers"].max())
    ideal = np.geomspace(1, max(most, 2), 60)
    axes.plot(ideal, np.minimum(ideal, panel.items), ":", color=_INK, lw=1, label="ideal", zorder=1)
    axes.axhline(1, color=_FAINT, lw=0.8, label="sequential", zorder=1)
    if panel.block.kind != "cpu":
        return
    cores = panel.block.cores
    axes.axhline(cores, color=_FAINT, ls="--", lw=1, label=f"usable cores: {cores}", zorder=1)
    axes.axvline(cores, color=_FAINT, ls="--", lw=0.7, zorder=1)
    if panel.ceiling is not None and cores > 1:
        label = f"measured ceiling: {wording.times(panel.ceiling)}"
        axes.axhline(panel.ceiling, color="#b2182b", ls="-.", lw=1, label=label, zorder=1)


def _axes(axes: Axes, panel: Panel, limits: tuple[float, float]) -> None:
    workers = sorted({int(n) for n in panel.curves["workers"]} | {1})
    axes.set_xscale("log", base=2)
    most = max(workers[-1], 2)
    if panel.law is not None:
        most = max(most, panel.law.workers[-1])
        workers = sorted({*workers, int(panel.law.workers[-1])})
    axes.set_xlim(2**-0.25, most * 2**0.25)
    axes.xaxis.set_major_locator(FixedLocator(_thinned(workers)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:.0f}"))
    if limits[1] / limits[0] > LINEAR_RATIO:
        axes.set_yscale("log", base=2)
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(*limits)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}x"))
    speedup = "scaled speedup" if panel.block.is_weak else "speedup"
    axes.set(xlabel="workers", ylabel=f"{speedup} over sequential")
    axes.grid(True)
    sns.despine(ax=axes)


def _thinned(workers: list[int]) -> list[int]:
    """At most eight ticks, the ends among them."""
    step = -(-len(workers) // 8)
    return workers[::-1][::step][::-1]


def shared_limits(group: list[Panel]) -> tuple[float, float]:
    """One y range for all core counts of a task, so that its figures can be compared by eye."""
    lows = [_extreme(p, "speedup_low", min) for p in group]
    highs = [_extreme(p, "speedup_high", max) for p in group]
    bounds = [float(p.block.cores) for p in group if p.block.kind == "cpu"]
    bounds += [p.ceiling for p in group if p.ceiling is not None]
    bounds += [float(p.law.high.max()) for p in group if p.law is not None]
    top = max(*highs, *bounds, 1.0) * 1.12
    bottom = min(*lows, 1.0)
    return (bottom / 1.15, top) if top / bottom > LINEAR_RATIO else (bottom - 0.1 * top, top)


def _extreme(panel: Panel, column: str, pick: Callable[[list[float]], float]) -> float:
    known = panel.curves[["speedup", column]].to_numpy(dtype=float).ravel()
    return pick([float(value) for value in known if np.isfinite(value)])


def svg(figure: Figure) -> str:
    """A figure as SVG text, the same for the same figure: no date, salted ids."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    plt.close(figure)
    return text.getvalue()


def main(results: Results) -> None:
    """Write figures/*.svg; figures of earlier grids are removed."""
    sns.set_theme(style="ticks", rc=STYLE)
    # texts stay texts in the SVG: a glyph this machine's font lacks is the reader's font's business
    warnings.filterwarnings("ignore", message="Glyph .* missing from font")
    made = panels(results)
    names = list(dict.fromkeys(name for panel in made for name in panel.curves["curve"]))
    folder = results.folder / figures.FOLDER
    folder.mkdir(exist_ok=True)
    for old in (*folder.glob("speedup-*.svg"), *folder.glob("breakeven-*.svg")):
        old.unlink()
    for panel in made:
        alike = [other for other in made if other.block.subject == panel.block.subject]
        text = svg(draw(panel, names, shared_limits(alike)))
        schema.write_atomically(figures.speedup_path(results.folder, panel.block), text)
    for one in found(results):
        figure = breakeven_plot.draw(one)
        if figure is not None:
            path = breakeven_plot.path_of(results.folder, one.search.name)
            schema.write_atomically(path, svg(figure))


if __name__ == "__main__":
    sys.exit(command.run(main, "Draw the figures: CSVs -> figures/*.svg."))
