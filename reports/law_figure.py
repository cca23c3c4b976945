"""The fitted law of a block's recommended approach, as its figure shows it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

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
