"""How many batches a pool must live to pay for its start, with an interval."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from experiments.statistics.launches import counting_launches
from experiments.statistics.payback import batches
from experiments.statistics.records import Interval
from reports import breakeven_words as words
from reports.load import Approach
from reports.races import Raced

_AROUND = ["startup_seconds", "teardown_seconds"]


def payback(one: Raced, label: str) -> Interval | None:
    """Whole batches until an approach has earned back its start and stop, against the fastest
    sequential program; on the rounds both ran in. None where it is not proven to pay, or unknown.
    """  # fmt: skip
    baseline = one.fastest_baseline("steady")
    if baseline is None or label == baseline:
        return None
    around = _around(one)
    pairs = [
        (around[label, number] - around[baseline, number], _saved(steady, baseline, label))
        for number, values in enumerate(one.rounds)
        if {label, baseline} <= set(steady := values["steady"])
        and {(label, number), (baseline, number)} <= set(around)
    ]
    return batches([extra for extra, _ in pairs], [saved for _, saved in pairs])


def _saved(steady: dict[str, float], baseline: str, label: str) -> float:
    return math.exp(steady[baseline]) - math.exp(steady[label])


def _around(one: Raced) -> dict[tuple[str, int], float]:
    """Seconds of start and stop by approach and round, of the launches that count."""
    counted = counting_launches(one.launches, "approach")
    seconds = counted[_AROUND].sum(axis=1, skipna=False)
    known = seconds.notna()
    keys = zip(counted["approach"][known], counted["round"][known], strict=True)
    return {
        (str(label), int(number)): float(value)
        for (label, number), value in zip(keys, seconds[known], strict=True)
    }


def rows(one: Raced) -> Iterator[dict[str, Any]]:
    """Rows of breakeven.csv: of each executor its fastest approach, where that is faster at all."""
    for approach in _fastest(one):
        life = payback(one, approach.label)
        ran = int((pd.Series(one.launches["approach"]) == approach.label).sum())
        yield {
            "kind": "pool life",
            "search": one.block.name,
            "task": one.block.task,
            "params": one.block.params,
            "cores": one.block.cores,
            "mode": "steady",
            "parameter": "batches",
            "below": "sequential",
            "above": approach.label,
            "estimate": life and life.estimate,
            "low": life and life.low,
            "high": life and life.high,
            "blocks": 1,
            "launches": ran,
            "reason": "" if life else "not shown to save time in every batch",
            "sentence": words.pool_life(approach.label, life),
        }


def _fastest(one: Raced) -> list[Approach]:
    """Of each executor the fastest approach by its mean."""
    best: dict[str, tuple[float, Approach]] = {}
    for approach in one.block.approaches:
        seconds = one.seconds("steady", approach.label)
        if seconds is None or approach.executor == "sequential":
            continue
        if approach.executor not in best or seconds.estimate < best[approach.executor][0]:
            best[approach.executor] = (seconds.estimate, approach)
    return [approach for _, approach in best.values()]
