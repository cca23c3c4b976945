"""Fit speedup laws to the curves of summary.csv and say how much they may be trusted: fits.csv."""

from __future__ import annotations

import json
import sys
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from experiments import schema
from reports import command, law_words, wording
from reports.curves import Curve, curves
from reports.laws.average import Estimate
from reports.laws.scaling import (
    FEWEST_POINTS,
    POINT_REACH,
    RANGE_REACH,
    Scaling,
    scaling,
    shared_cores,
)
from reports.load import Results


@dataclass(frozen=True)
class Prediction:
    """Speedup and seconds at one N: the numbers may be unknown, a point only within 2K."""

    workers: float
    speedup: Estimate | None
    seconds: Estimate | None
    point: bool


def fits(results: Results, summary: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of fits.csv, one a curve."""
    return [{"machine": results.name, **row(curve)} for curve in curves(results, summary)]


def row(curve: Curve) -> dict[str, Any]:
    """The row of one curve: what its laws say, or why nothing is said."""
    facts = {
        **curve.where,
        "axis": curve.axis,
        "points": len(curve.points),
        "largest": int(curve.points.largest) if len(curve.points) else None,
        "law": "none",
        "work": curve.work,
        "cpu_share_per_worker": curve.cpu_share,
        "karp_flatt": _json([list(pair) for pair in curve.karp_flatt]),
    }
    reason = refusal(curve)
    if reason:
        return {**facts, "reason": reason, "sentence": f"No law: {reason}."}
    found = scaling(curve.points, curve.work, curve.cores, _seed(curve), curve.weak)
    return {**facts, **_fitted(curve, found)}


def refusal(curve: Curve) -> str:
    """Why no law may be fitted, or nothing."""
    if curve.axis == "cores" and curve.work == "waiting":
        return "work that waits is a matter of its workers, cores don't bound it"
    if curve.nodes > 1:
        return f"its workers are spread over {curve.nodes} nodes, and laws are about one"
    axis = "core count" if curve.axis == "cores" else "worker count"
    if len(curve.points) < FEWEST_POINTS:
        return f"{wording.count(len(curve.points), axis)} measured, a law needs {FEWEST_POINTS}"
    if len(set(shared_cores(curve.work, curve.cores).busy(curve.points.workers))) < 2:
        return "on one core the serial and the divisible part can't be told apart"
    return ""


def _seed(curve: Curve) -> int:
    """The same for the same curve, whatever else the grid holds."""
    return zlib.crc32(repr(sorted(curve.where.items())).encode())


def _fitted(curve: Curve, found: Scaling) -> dict[str, Any]:
    if found.average is None:
        reason = "; ".join(found.reasons)
        return {"reason": reason, "sentence": f"No law: {reason}."}
    weights = dict(sorted(found.average.weights.items(), key=lambda pair: -pair[1]))
    near, far = (predicted(curve, found, reach) for reach in (POINT_REACH, RANGE_REACH))
    return {
        "law": next(iter(weights)),
        "law_weights": _json({name: round(weight, 4) for name, weight in weights.items()}),
        "points": len(found.points),
        **_parameters(curve, found),
        **_columns("speedup", "2k", near.speedup, near.point),
        **_columns("seconds", "2k", near.seconds, near.point),
        **_columns("speedup", "4k", far.speedup, False),
        **_columns("seconds", "4k", far.seconds, False),
        "curve": _json(_line(curve, found)),
        "reason": "; ".join(found.reasons),
        "sentence": law_words.sentence(curve, found, near, far),
    }


def _parameters(curve: Curve, found: Scaling) -> dict[str, Any]:
    """The laws' parameters with their ranges; a peak or a saturation only where supported."""
    serial = "scaled_serial_fraction" if curve.weak else "serial_fraction"
    bound = found.estimate("bound")
    saturation = found.within_reach("saturation", POINT_REACH * found.points.largest)
    return {
        **_triple("serial_fraction", found.estimate(serial)),
        **_triple("contention", found.estimate("contention")),
        **_triple("coherency", found.estimate("coherency")),
        **_triple("oversubscription", found.estimate("oversubscription")),
        **_triple("slow_core_share", found.estimate("slow_core")),
        **_triple("peak", found.supported_peak(curve.cores)),
        **_triple("saturation", saturation),
        **_triple(
            "bound_items_per_second", law_words.rate(curve, bound if saturation else None)
        ),
    }  # fmt: skip


def _triple(name: str, found: Estimate | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def _columns(name: str, place: str, found: Estimate | None, point: bool) -> dict[str, Any]:
    columns = {f"{key.replace(name, f'{name}_{place}')}": value
               for key, value in _triple(name, found).items()}  # fmt: skip
    return columns if point else {k: v for k, v in columns.items() if k != f"{name}_{place}"}


def predicted(curve: Curve, found: Scaling, reach: float) -> Prediction:
    """At `reach` times the largest N; nothing where that is further than may be said."""
    workers = reach * found.points.largest
    if found.average is None or workers > found.reach:
        return Prediction(workers, None, None, False)
    place = int(np.searchsorted(found.average.at, workers))
    times = _times(found, place)
    speedup = curve.baseline and _over(curve.baseline, times)
    seconds = curve.unit and Estimate(*(value * curve.unit for value in times))
    return Prediction(
        workers, speedup or None, seconds or None, found.identified and reach <= POINT_REACH
    )


def _times(found: Scaling, place: int) -> tuple[float, float, float]:
    average = found.average
    assert average is not None
    logs = (average.log_seconds[place], average.log_low[place], average.log_high[place])
    value, low, high = (float(np.exp(log)) for log in logs)
    return value, low, high


def _over(baseline: float, times: tuple[float, float, float]) -> Estimate:
    value, low, high = times
    return Estimate(baseline / value, baseline / high, baseline / low)


def _line(curve: Curve, found: Scaling) -> list[list[float | None]]:
    """[N, speedup, low, high] from the first N to the end of what may be said."""
    average = found.average
    if average is None or not curve.baseline:
        return []
    ahead = average.at <= found.reach
    rows = []
    for place in np.flatnonzero(ahead & (average.at >= found.points.workers[0])):
        n = float(average.at[place])
        one = _over(curve.baseline, _times(found, int(place)))
        beyond = n > found.points.largest * (POINT_REACH if found.identified else 1)
        rows.append([n, None if beyond else _short(one.value), _short(one.low), _short(one.high)])
    return rows


def _short(value: float) -> float:
    """Enough digits to draw with."""
    return float(f"{value:.5g}")


def _json(value: Any) -> str:
    return json.dumps(value) if value else ""


def main(results: Results) -> None:
    """Write fits.csv from summary.csv."""
    results.write(schema.FITS, fits(results, results.table(schema.SUMMARY)))


if __name__ == "__main__":
    sys.exit(command.run(main, "Fit speedup laws: summary.csv -> fits.csv."))
