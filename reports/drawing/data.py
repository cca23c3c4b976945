"""What the figures show, taken out of the tables once: curves, raw launches, bounds, verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from experiments import schema
from reports import sentences
from reports.answers import verdict_rows
from reports.law_figure import FittedLaw, fitted_laws
from reports.laws.points import Floats
from reports.load import Block, Results
from reports.races import ceilings, curve_of, launch_points

#: columns of summary.csv that figures show
COLUMNS = (
    "seconds",
    "speedup",
    "speedup_low",
    "speedup_high",
    "peak_memory_mib",
    "heartbeat_max_ms",
    *(f"latency_{name}_{end}ms" for name in ("p50", "p99") for end in ("", "low_", "high_")),
)


@dataclass(frozen=True)
class Curve:
    """One executor with its options by rising workers: arrays (n,) of the columns of the summary.

    What is unknown is NaN. Several `nodes` are among the options: a curve is of one number of them.
    """

    name: str
    executor: str
    workers: Floats
    columns: Mapping[str, Floats]
    nodes: int = 1

    def where(self, kept: np.ndarray) -> Curve:
        """The same with some of its points."""
        columns = {name: values[kept] for name, values in self.columns.items()}
        return replace(self, workers=self.workers[kept], columns=columns)

    def __getitem__(self, column: str) -> Floats:
        return self.columns[column]


@dataclass(frozen=True)
class Panel:
    """All that the figures of one block show.

    `items` bound the ideal speedup; infinite where every worker has as many (weak scaling).
    `points` are raw launches of each curve, (n, 3): workers, round, speedup. `pick` is the curve
    and workers of a decided recommendation; `standing` says in a word why there is none.
    """

    block: Block
    curves: tuple[Curve, ...]
    points: Mapping[str, Floats]
    ceiling: float | None
    items: float
    law: FittedLaw | None
    sequential: Mapping[str, float]
    pick: tuple[str, int] | None = None
    standing: str = ""

    @cached_property
    def fast(self) -> tuple[Curve, ...]:
        """The curves with a steady speedup, where it is known."""
        known = [(curve, np.isfinite(curve["speedup"])) for curve in self.curves]
        return tuple(curve.where(there) for curve, there in known if there.any())

    def values(self, *columns: str) -> list[float]:
        """All known values of these columns of the curves."""
        given = [curve[column] for column in columns for curve in self.curves]
        found = np.concatenate([np.empty(0), *given])
        return [float(value) for value in found[np.isfinite(found)]]


def panels(results: Results) -> list[Panel]:
    """One panel a block in which a pool ran, in the plan's order."""
    summary = results.table(schema.SUMMARY)
    steady = summary[(summary["mode"] == "steady") & (summary["status"] == "ok")]
    rows, points = _Rows(steady), _points(launch_points(results))
    verdicts = verdict_rows(results.table(schema.VERDICT_TABLE))
    limits, laws = ceilings(results), fitted_laws(results)
    made = []
    for block in results.blocks:
        curves = rows.curves(block.name)
        if not curves:
            continue
        pick, standing = _standing(block, verdicts.get((block.name, "steady")))
        made.append(
            Panel(
                block=block,
                curves=curves,
                points=points.get(block.name, {}),
                ceiling=limits.get(block.cores) if block.kind == "cpu" else None,
                items=np.inf if block.is_weak else rows.most_items(block.name),
                law=laws.get(block.name),
                sequential=rows.sequential(block.name),
                pick=pick,
                standing=standing,
            )
        )
    return made


class _Rows:
    """Rows of the summary as arrays, found by block: a frame a block would take half the time."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self._columns = {name: _floats(rows[name]) for name in (*COLUMNS, "workers", "items")}
        pairs = zip(rows["approach"], rows["workers"], strict=True)
        self._names = [curve_of(*pair) for pair in pairs]
        self._nodes = rows["nodes"].fillna(1).astype(int).tolist()
        self._executors = [str(name) for name in rows["executor"]]
        self._of: dict[str, list[int]] = {}
        for place, block in enumerate(rows["block"]):
            self._of.setdefault(str(block), []).append(place)

    def curves(self, block: str) -> tuple[Curve, ...]:
        """The curves of a block's pools."""
        places: dict[str, list[int]] = {}
        for place in self._of.get(block, []):
            if self._executors[place] != "sequential":
                places.setdefault(self._names[place], []).append(place)
        return tuple(self._curve(name, np.array(own)) for name, own in places.items())

    def _curve(self, name: str, own: np.ndarray) -> Curve:
        own = own[np.argsort(self._columns["workers"][own], kind="stable")]
        columns = {column: self._columns[column][own] for column in COLUMNS}
        first, workers = int(own[0]), self._columns["workers"][own]
        return Curve(name, self._executors[first], workers, columns, self._nodes[first])

    def most_items(self, block: str) -> float:
        """Items of a batch; infinite where that is unknown."""
        known = self._columns["items"][self._of[block]]
        return float(max(known[np.isfinite(known)], default=np.inf))

    def sequential(self, block: str) -> dict[str, float]:
        """The fastest sequential program's columns; NaN where it didn't run."""
        own = [place for place in self._of[block] if self._executors[place] == "sequential"]
        seconds = self._columns["seconds"]
        known = [place for place in own if np.isfinite(seconds[place])]
        if not known:
            return dict.fromkeys(COLUMNS, np.nan)
        best = min(known, key=seconds.__getitem__)
        return {column: float(self._columns[column][best]) for column in COLUMNS}


def _floats(column: pd.Series) -> Floats:
    return column.to_numpy(dtype=float, na_value=np.nan)


def _points(rows: pd.DataFrame) -> dict[str, dict[str, Floats]]:
    """Raw launches by block and curve."""
    found: dict[str, dict[str, list[tuple[float, float, float]]]] = {}
    names = ("block", "curve", "workers", "round", "speedup")
    for block, curve, *point in zip(*(rows[name].tolist() for name in names), strict=True):
        found.setdefault(block, {}).setdefault(curve, []).append(tuple(point))
    return {
        block: {curve: np.array(own, dtype=float) for curve, own in curves.items()}
        for block, curves in found.items()
    }


def _standing(
    block: Block, verdict: Mapping[str, Any] | None
) -> tuple[tuple[str, int] | None, str]:
    """The recommended curve and workers, or why none is."""
    if verdict is None or verdict["verdict"] in ("inconclusive", "failed"):
        return None, "not decided"
    if not sentences.picks_pool(verdict):
        return None, "implausible" if sentences.doubt(verdict) else "sequential"
    found = next((one for one in block.approaches if one.label == verdict["approach"]), None)
    return ((curve_of(found.label, found.workers), found.workers) if found else None), ""
