"""Columns of summary.csv on how long items take: quantiles over all launches that count."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from experiments import schema
from experiments.statistics.latencies import Histogram, latency_interval
from experiments.statistics.launches import counting_launches
from reports.consistency import check_counts
from reports.load import Results, ResultsError

#: columns (estimate, and the limits beside it) -> the share of the items it stands for
QUANTILES = {"latency_p50": 0.50, "latency_p95": 0.95, "latency_p99": 0.99}


def histograms(results: Results) -> dict[str, Histogram]:
    """The latencies of each launch that recorded them.

    Raises ResultsError on an empty bucket, on one of a launch that isn't in launches.csv, and where
    there are fewer or more than the run made.
    """
    latencies = results.table(schema.LATENCIES)
    empty = latencies["latency_ms"].isna() | ~(latencies["count"] > 0).fillna(False).astype(bool)
    _refuse(results, latencies, empty, "a bucket without a time or without items; collect it again")
    launches = results.table(schema.LAUNCHES)
    strange = ~latencies["launch_id"].isin(launches["launch_id"])
    why = "isn't in launches.csv; the files are of different runs, collect them again"
    _refuse(results, latencies, strange, why)
    owners = latencies["launch_id"].map(launches.set_index("launch_id")["block"])
    try:
        check_counts(results, owners, "latencies")
    except ValueError as error:
        raise ResultsError(f"{results.folder / 'latencies.csv'}: {error}") from error
    return {
        str(name): (group["latency_ms"].to_numpy(), group["count"].to_numpy(dtype="int64"))
        for name, group in latencies.groupby("launch_id", sort=False)
    }


def _refuse(results: Results, latencies: pd.DataFrame, bad: pd.Series, why: str) -> None:
    if bad.any():
        name = latencies["launch_id"][bad].iloc[0]
        raise ResultsError(f"{results.folder / 'latencies.csv'}: launch {name!r}: {why}")


def by_approach(
    launches: pd.DataFrame, recorded: Mapping[str, Histogram]
) -> dict[str, dict[str, float | None]]:
    """The latency columns of each approach of a block whose launches recorded them."""
    counting = counting_launches(launches, "approach")
    own: dict[str, list[Histogram]] = {}
    for label, launch_id in zip(counting["approach"], counting["launch_id"], strict=True):
        if launch_id in recorded:
            own.setdefault(label, []).append(recorded[launch_id])
    return {label: _columns(found) for label, found in own.items()}


def _columns(launches: list[Histogram]) -> dict[str, float | None]:
    """Estimates and limits; one that the items don't show is unknown."""
    columns: dict[str, float | None] = {}
    for name, share in QUANTILES.items():
        found = latency_interval(launches, share)
        columns[f"{name}_ms"] = found.estimate
        columns[f"{name}_low_ms"] = found.low
        columns[f"{name}_high_ms"] = found.high if math.isfinite(found.high) else None
    return columns
