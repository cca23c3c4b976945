"""Fit speedup laws to the curves of summary.csv and say how much they may be trusted: fits.csv."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from experiments import schema
from reports import command, laws, wording
from reports.load import Results

#: fewer points than this: no fit
FEWEST_POINTS = 3
#: up to so many points a curve gives a range only
IDENTIFIED_POINTS = 5
SEED = 20260101
_CURVE = ["task", "params", "mode", "interpreter", "executor", "executor_options"]


@dataclass(frozen=True)
class Curve:
    """One curve: batch times (or times relative to sequential) against workers or cores."""

    where: dict[str, Any]
    kind: str
    workers: laws.Floats
    seconds: laws.Floats
    log_sd: laws.Floats
    usable: laws.Floats


def fits(results: Results, summary: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of fits.csv, one a curve."""
    kinds = {block.name: block.kind for block in results.blocks}
    usable = summary[(summary["status"] == "ok") & (summary["executor"] != "sequential")]
    usable = usable[usable["seconds"].notna()]
    usable = usable.assign(kind=usable["block"].map(kinds), log_sd=_log_sd(usable))
    return [
        {"machine": results.name, **_row(curve)}
        for curve in (*_worker_curves(usable), *_core_curves(usable))
    ]


def _log_sd(frame: pd.DataFrame) -> pd.Series:
    """Standard error of log seconds, from the 95% interval and its degrees of freedom."""
    freedom = (frame["rounds"].astype("float64") - 1).clip(lower=1)
    half = np.log(frame["seconds_high"] / frame["seconds_low"]) / 2
    return pd.Series(half / stdtrit(freedom, 0.975), index=frame.index).fillna(0.0)


def _worker_curves(usable: pd.DataFrame) -> Iterator[Curve]:
    for keys, group in usable.groupby([*_CURVE, "cores"], sort=True):
        ordered = group.sort_values("workers")
        where = dict(zip([*_CURVE, "cores"], keys, strict=True))
        yield _curve({**where, "axis": "workers"}, ordered, ordered["seconds"], "workers")


def _core_curves(usable: pd.DataFrame) -> Iterator[Curve]:
    """The best worker count on each core count; relative times, as blocks differ in their items."""
    known = usable[usable["speedup"].notna()]
    for keys, group in known.groupby(_CURVE, sort=True):
        best = group.sort_values("speedup").groupby("cores", as_index=False).last()
        where = dict(zip(_CURVE, keys, strict=True))
        yield _curve({**where, "axis": "cores"}, best, 1 / best["speedup"], "cores")


def _curve(where: dict[str, Any], frame: pd.DataFrame, times: pd.Series, axis: str) -> Curve:
    return Curve(
        where=where,
        kind=str(frame["kind"].iloc[0]),
        workers=frame[axis].to_numpy(dtype=float),
        seconds=times.to_numpy(dtype=float),
        log_sd=frame["log_sd"].to_numpy(dtype=float),
        usable=frame["cores"].to_numpy(dtype=float),
    )


def _row(curve: Curve) -> dict[str, Any]:
    row = {
        **curve.where,
        "points": len(curve.workers),
        "largest": int(curve.workers.max()),
        "law": "none",
    }
    reason = _refusal(curve)
    if reason:
        return {**row, "reason": reason, "sentence": f"No law: {reason}."}
    return {**row, **_fitted(curve)}


def _refusal(curve: Curve) -> str:
    """Why no law may be fitted, or nothing."""
    if curve.kind != "cpu":
        return "waiting work doesn't follow Amdahl's law, its workers don't share the cores' time"
    axis = f"{'core' if curve.where['axis'] == 'cores' else 'worker'} count"
    if len(curve.workers) < FEWEST_POINTS:
        return f"{wording.count(len(curve.workers), axis)} measured, a law needs {FEWEST_POINTS}"
    if not _enough(curve, 0):
        return "on one core the serial and the divisible part can't be told apart"
    return ""


def _enough(curve: Curve, first: int) -> bool:
    """Whether the points from `first` on are a curve, and can tell serial from divisible time."""
    shares = np.minimum(curve.workers, curve.usable)[first:]
    return len(shares) >= FEWEST_POINTS and len(set(shares)) >= 2


def _fitted(curve: Curve) -> dict[str, Any]:
    cores = float(curve.usable.max())
    drop = laws.special_first(curve.workers, curve.seconds)
    kept = slice(1 if drop and _enough(curve, 1) else 0, None)
    points = (curve.workers[kept], curve.seconds[kept], curve.log_sd[kept], cores)
    alpha = laws.fit_amdahl(*points).serial_fraction
    low, high = np.quantile(laws.bootstrap_amdahl(*points, seed=SEED), [0.05, 0.95])
    # the bootstrap's range holds its own fit: at a bound (alpha = 0) they may differ by rounding
    low, high = min(float(low), alpha), max(float(high), alpha)
    return {
        "law": "Amdahl",
        "points": len(points[0]),
        "serial_fraction": alpha,
        "serial_fraction_low": low,
        "serial_fraction_high": high,
        "reason": _doubt(len(points[0]), drop),
        "sentence": _sentence(alpha, low, high, len(points[0])),
    }


def _doubt(points: int, special: bool) -> str:
    doubts = [f"law not identified: {points} points"] if points < IDENTIFIED_POINTS else []
    if special:
        doubts.append("one worker took a path of its own")
    return "; ".join(doubts)


def _sentence(alpha: float, low: float, high: float, points: int) -> str:
    band = f"{wording.percent(low)} to {wording.percent(high)}"
    if points < IDENTIFIED_POINTS:
        return (
            f"If Amdahl's law holds, {band} of the time is serial; {points} points can't show it."
        )
    return f"By Amdahl's law {wording.percent(alpha)} of the time is serial (90% range {band})."


def main(results: Results) -> None:
    """Write fits.csv from summary.csv."""
    results.write(schema.FITS, fits(results, results.table(schema.SUMMARY)))


if __name__ == "__main__":
    sys.exit(command.run(main, "Fit speedup laws: summary.csv -> fits.csv."))
