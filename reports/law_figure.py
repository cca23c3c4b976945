"""The fitted law of a block's recommended approach, as its figure draws it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from experiments import schema
from reports.answers import verdict_rows
from reports.laws.points import Floats
from reports.laws.scaling import POINT_REACH
from reports.load import Block, Results, records
from reports.races import curve_of


@dataclass(frozen=True)
class FittedLaw:
    """Speedup of the laws' average by workers, up to twice the measured ones.

    All arrays (n,); `speedup` is NaN where there is a range only. `largest` is K.
    """

    curve: str
    workers: Floats
    speedup: Floats
    low: Floats
    high: Floats
    largest: float


def fitted_laws(results: Results) -> dict[str, FittedLaw]:
    """The law of each block's recommended executor by block, where there is one."""
    fits = results.table(schema.FITS)
    fits = fits[(fits["axis"] == "workers") & (fits["mode"] == "steady") & (fits["curve"] != "")]
    rows = verdict_rows(results.table(schema.VERDICT_TABLE))
    found = {
        block.name: _of_block(fits, block, str(rows[block.name, "steady"]["approach"]))
        for block in results.blocks
        if (block.name, "steady") in rows
    }
    return {name: law for name, law in found.items() if law is not None}


def _of_block(fits: pd.DataFrame, block: Block, recommended: str) -> FittedLaw | None:
    approach = next((one for one in block.approaches if one.label == recommended), None)
    if approach is None:
        return None
    here = fits[
        (fits["task"] == block.task)
        & (fits["params"] == block.params)
        & (fits["cores"] == block.cores)
        & (fits["interpreter"] == approach.interpreter)
        & (fits["executor"] == approach.executor)
        & (fits["executor_options"] == approach.options)
    ]
    if here.empty:
        return None
    row = records(here)[0]
    return _law(curve_of(approach.label, approach.workers), row["curve"], float(row["largest"]))


def _law(curve: str, text: str, largest: float) -> FittedLaw:
    """A cell of the column `curve` of fits.csv, up to 2K: further the figure would be all guess."""
    table = np.array(json.loads(text), dtype=float)
    workers, speedup, low, high = table[table[:, 0] <= POINT_REACH * largest].T
    return FittedLaw(curve, workers, speedup, low, high, largest)


def draw_law(axes: Axes, law: FittedLaw, colour: tuple[float, float, float]) -> None:
    """Solid within the data, dashed and shaded beyond, with what that rests on."""
    within, beyond = law.workers <= law.largest, law.workers >= law.largest
    axes.plot(law.workers[within], law.speedup[within], color=colour, lw=0.9, zorder=2.5)
    axes.plot(law.workers[beyond], law.speedup[beyond], color=colour, lw=1.1, ls="--", zorder=2.5)
    _shade(axes, law, beyond, _paler(colour, 0.25), "law, 90% range")
    _shade(axes, law, within, _paler(colour, 0.1), "")
    if beyond.sum() > 1:
        axes.set_title(
            f"law beyond N = {law.largest:.0f} assumes no new bottleneck", fontsize=7.5, loc="right"
        )


def _paler(colour: tuple[float, float, float], share: float) -> tuple[float, float, float]:
    """A colour mixed with white: opaque, so that the grid does not show through the shade."""
    red, green, blue = (1 - share * (1 - part) for part in colour)
    return red, green, blue


def _shade(
    axes: Axes, law: FittedLaw, where: np.ndarray, colour: tuple[float, float, float], label: str
) -> None:
    there_and_back = np.concatenate([law.workers[where], law.workers[where][::-1]])
    ends = np.concatenate([law.low[where], law.high[where][::-1]])
    axes.fill(there_and_back, ends, color=colour, lw=0, zorder=0.5, label=label or None)
