"""Take the speedup curves out of summary.csv: the two axes, the kind of work, the cores known."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from reports.laws.cpu import Cores
from reports.laws.points import Points
from reports.laws.scaling import Work, work_of
from reports.load import Results

NAMES = ["task", "params", "mode", "interpreter", "executor", "executor_options"]


@dataclass(frozen=True)
class Curve:
    """One curve: times against workers on fixed cores, or against cores with the best workers.

    Times are seconds on the axis `workers`, and relative to sequential on the axis `cores`, as
    blocks differ in their items: speedup = `baseline` / time, seconds = time x `unit`. Either is
    None where it is unknown. `cores` are those the workers share; on the axis `cores` every N has
    N of them. `measured_cores` is the machine's number of usable cores. A curve over several
    `nodes` is one of its own, on the axis `workers` only: nodes bring more than more workers.
    """

    where: Mapping[str, Any]
    axis: str
    points: Points
    cores: Cores
    measured_cores: float
    work: Work
    cpu_share: float | None
    weak: bool
    items: float | None
    baseline: float | None
    unit: float | None
    karp_flatt: tuple[tuple[int, float], ...]
    nodes: int = 1


def curves(results: Results, summary: pd.DataFrame) -> list[Curve]:
    """Every curve of the pools that ran, the axis `workers` first."""
    weak = {block.name: block.is_weak for block in results.blocks}
    ran = summary[(summary["status"] == "ok") & summary["block"].isin(list(weak))]
    shares = _Shares(ran)
    pools = ran[(ran["executor"] != "sequential") & ran["seconds"].notna()]
    pools = pools.assign(
        weak=pools["block"].map(weak), log_sd=log_errors(pools), nodes=pools["nodes"].fillna(1)
    )
    machine = _machine_cores(results.machine, summary)
    return [*_worker_curves(pools, machine, shares), *_core_curves(pools, machine, shares)]


def log_errors(frame: pd.DataFrame) -> pd.Series:
    """Standard error of log seconds, from the 95% interval and its degrees of freedom."""
    freedom = (frame["rounds"].astype("float64") - 1).clip(lower=1)
    half = np.log(frame["seconds_high"] / frame["seconds_low"]) / 2
    return pd.Series(half / stdtrit(freedom, 0.975), index=frame.index).fillna(0.0)


def _machine_cores(machine: Mapping[str, Any], summary: pd.DataFrame) -> Cores:
    """The usable cores, and the fast ones where the host's facts name fewer of them."""
    usable = float(machine.get("usable_cores") or summary["cores"].max())
    fast = machine.get("fast_cores")
    known = isinstance(fast, int | float) and 0 < fast < usable
    return Cores(usable, float(fast) if known and fast is not None else math.inf)


class _Shares:
    """CPU seconds over wall seconds of one worker: it says whether work waits.

    The largest of the task's sequential programs: others on the machine take CPU away, and then
    CPU-bound work looks as if it waited; nothing makes waiting work look busy.
    """

    def __init__(self, ran: pd.DataFrame) -> None:
        alone = ran[(ran["executor"] == "sequential") & ran["cpu_share"].notna()]
        self._known = alone.groupby(["task", "params"])["cpu_share"].max().to_dict()

    def of(self, curve: pd.DataFrame) -> float | None:
        """The sequential programs'; else that of the fewest workers, for each that had a core."""
        first = curve.iloc[0]
        found = self._known.get((first["task"], first["params"]))
        if found is not None:
            return float(found)
        known = curve[curve["cpu_share"].notna()]
        if known.empty:
            return None
        few = known.sort_values("workers").iloc[0]
        return float(few["cpu_share"] / min(few["workers"], few["cores"]))


def _worker_curves(pools: pd.DataFrame, machine: Cores, shares: _Shares) -> Iterator[Curve]:
    for keys, group in pools.groupby([*NAMES, "cores"], sort=True):
        where = dict(zip([*NAMES, "cores"], keys, strict=True))
        frame = group.sort_values("workers")
        nodes = int(frame["nodes"].iloc[0])
        cores = float(frame["cores"].iloc[0]) * nodes
        speedups = (frame["speedup"] * frame["seconds"]).dropna()
        baseline = float(np.exp(np.log(speedups).mean())) if len(speedups) else None
        yield Curve(
            **_common(where, "workers", frame, frame["seconds"], machine, shares),
            cores=Cores(cores, machine.fast if machine.fast < cores else math.inf),
            baseline=baseline,
            unit=1.0,
            nodes=nodes,
        )


def _core_curves(pools: pd.DataFrame, machine: Cores, shares: _Shares) -> Iterator[Curve]:
    known = pools[pools["speedup"].notna() & (pools["speedup"] > 0) & (pools["nodes"] == 1)]
    for keys, group in known.groupby(NAMES, sort=True):
        best = group.sort_values("speedup").groupby("cores", as_index=False).last()
        last = best.iloc[-1]
        yield Curve(
            **_common(dict(zip(NAMES, keys, strict=True)), "cores", best, 1 / best["speedup"],
                      machine, shares),
            cores=Cores(math.inf, machine.fast),
            baseline=1.0,
            unit=float(last["seconds"] * last["speedup"]),
        )  # fmt: skip


def _common(
    where: dict[str, Any],
    axis: str,
    frame: pd.DataFrame,
    times: pd.Series,
    machine: Cores,
    shares: _Shares,
) -> dict[str, Any]:
    share = shares.of(frame)
    items = frame["items"].dropna()
    return {
        "where": where,
        "axis": axis,
        "points": Points.of(*(_floats(column) for column in (frame[axis], times, frame["log_sd"]))),
        "measured_cores": machine.usable,
        "work": work_of(share),
        "cpu_share": share,
        "weak": bool(frame["weak"].any()),
        "items": float(items.iloc[-1]) if len(items) else None,
        "karp_flatt": _karp_flatt(frame, axis),
    }


def _floats(column: pd.Series) -> np.ndarray:
    return column.to_numpy(dtype=float, na_value=np.nan)


def _karp_flatt(frame: pd.DataFrame, axis: str) -> tuple[tuple[int, float], ...]:
    pairs = zip(_floats(frame[axis]), _floats(frame["karp_flatt_serial_fraction"]), strict=True)
    return tuple((int(many), float(share)) for many, share in pairs if np.isfinite(share))
