"""Draw the figures of a report as SVG: speedups, costs, heat maps and break-even searches."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib.figure import Figure

from reports import command, figures
from reports.breakeven import found
from reports.drawing import breakeven, data, heatmap, multiples, panels, speedup, svg
from reports.drawing.data import Panel
from reports.drawing.look import FAINT, GRID, INK, Look, executor_colours, looks
from reports.load import Results

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "poolwise",
    "text.parse_math": False,
    "path.simplify": False,
    # of the figures that have axes of matplotlib's: a sheet's marks say all themselves
    "font.size": 8.0,
    "axes.labelsize": 8.0,
    "axes.facecolor": "none",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
}


def main(results: Results) -> None:
    """Write figures/*.svg; figures of earlier grids are removed."""
    folder = results.folder / figures.FOLDER
    folder.mkdir(exist_ok=True)
    old = {path for kind in figures.KINDS for path in folder.glob(f"{kind}-*.svg")}
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # texts stay texts in the SVG: a glyph this machine's font lacks is the reader's business
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        for path, figure in drawn(results):
            # not synced one by one, as tables are: they can be drawn again
            path.write_text(svg.of(figure), encoding="utf-8")
            old.discard(path)
    for path in old:
        path.unlink()


def drawn(results: Results) -> Iterator[tuple[Path, Figure]]:
    """Every figure with its file, one after the other."""
    blocks = (*results.blocks, *results.searched)
    colours = executor_colours(one.executor for block in blocks for one in block.approaches)
    yield from _of_blocks(results, colours)
    for one in found(results):
        figure = breakeven.draw(one, colours)
        if figure is not None:
            yield figures.breakeven_path(results.folder, one.search.name), figure


def _of_blocks(results: Results, colours: dict[str, str]) -> Iterator[tuple[Path, Figure]]:
    made = {panel.block.name: panel for panel in data.panels(results)}
    curves = ((curve.name, curve.executor) for p in made.values() for curve in p.curves)
    look = looks(curves, colours)
    for blocks in figures.by_task(results).values():
        group = [made[block.name] for block in blocks if block.name in made]
        if group:
            yield from _of_task(results, group, look)


def _of_task(
    results: Results, group: list[Panel], look: dict[str, Look]
) -> Iterator[tuple[Path, Figure]]:
    fast = [panel for panel in group if panel.fast]
    if heatmap.drawable(fast):
        path = figures.heatmap_path(results.folder, group[0].block)
        yield path, heatmap.draw(fast, look)
    if fast and not results.detailed:
        path = figures.multiples_path(results.folder, group[0].block)
        yield path, multiples.draw(fast, look, speedup.shared_limits(fast))
    for panel in group if results.detailed else ():
        yield from _of_block(results, panel, fast, look)


def _of_block(
    results: Results, panel: Panel, fast: list[Panel], look: dict[str, Look]
) -> Iterator[tuple[Path, Figure]]:
    if panel.fast:
        limits = speedup.shared_limits(fast)
        yield figures.speedup_path(results.folder, panel.block), speedup.draw(panel, look, limits)
    if panels.measures(panel):
        yield figures.panels_path(results.folder, panel.block), panels.draw(panel, look)


if __name__ == "__main__":
    sys.exit(command.run(main, "Draw the figures: CSVs -> figures/*.svg."))
