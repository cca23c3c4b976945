"""The lines of the report on how a task scales: one a curve, made from fits.csv."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports import wording
from reports.load import Block, records
from reports.races import curve_of

#: a law with less weight than this is not named
_LEAST_WEIGHT = 0.01


@dataclass(frozen=True)
class Law:
    """One fitted curve in words."""

    curve: str
    text: str
    weights: str
    doubt: str


def of_workers(fits: pd.DataFrame, block: Block) -> tuple[Law, ...]:
    """Curves of one block over its workers; those without a law are left out."""
    here = fits[(fits["axis"] == "workers") & (fits["cores"] == block.cores)]
    return _lines(here, [block])


def of_cores(fits: pd.DataFrame, blocks: Sequence[Block]) -> tuple[Law, ...]:
    """Curves of one task over its core counts, each with the best workers."""
    return _lines(fits[fits["axis"] == "cores"], blocks)


def _lines(fits: pd.DataFrame, blocks: Sequence[Block]) -> tuple[Law, ...]:
    here = fits[
        (fits["task"] == blocks[0].task)
        & (fits["params"] == blocks[0].params)
        & (fits["mode"] == "steady")
        & (fits["law"] != "none")
    ]
    labels = {
        (one.interpreter, one.executor, one.options): curve_of(one.label, one.workers)
        for block in blocks
        for one in block.approaches
    }
    return tuple(_line(row, labels) for row in records(here))


def _line(row: dict[str, Any], labels: dict[tuple[str, str, str], str]) -> Law:
    key = (row["interpreter"], row["executor"], row["executor_options"])
    return Law(
        curve=labels.get(key, row["executor"]),
        text=row["sentence"],
        weights=_weights(row["law_weights"]),
        doubt=row["reason"],
    )


def _weights(text: str) -> str:
    """Amdahl 61%, USL 39%."""
    found: dict[str, float] = json.loads(text) if text else {}
    named = [
        f"{name} {wording.percent(round(weight, 2))}"
        for name, weight in found.items()
        if weight >= _LEAST_WEIGHT
    ]
    return ", ".join(named)
