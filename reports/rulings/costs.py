"""Claims on what processes cost beside threads: to start, and to hand things over."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from experiments.statistics.intervals import combined, exponential, paired_interval
from experiments.statistics.records import Interval
from reports import wording
from reports.load import records
from reports.rulings.evidence import MODE, Cell, Evidence, Picked, Workers
from reports.rulings.outcome import Outcome, Ruling, everywhere, listed, ratio, undecided

#: much is an order of magnitude more than what as many threads take
MUCH_TIMES = 10.0
#: so many blocks give an interval between blocks; fewer only one between their launches
LEAST_BLOCKS = 3
COMPONENTS = ("dispatch_seconds_per_item", "serialisation_seconds_per_kib")


def starting_costs(evidence: Evidence, workers: Workers) -> Ruling:
    """Starting the smallest pool must take ten times as long as starting as many threads.

    Paired by round within blocks; the interval is that of the mean over blocks (with fewer than
    three, over rounds). Each way of starting (fork, spawn, ...) has to show it.
    """
    pools, threads = evidence.pick(workers.executor), evidence.pick("threads")
    ways: dict[str, list[Cell]] = {}
    for cell in pools.sound:
        method = json.loads(cell.approach.options).get("start_method")
        ways.setdefault(f"by {method}" if method else workers.noun, []).append(cell)
    found = {name: _startup(cells, threads) for name, cells in ways.items()}
    known = {name: one for name, one in found.items() if one is not None}
    if not known:
        return undecided(f"2 {workers.executor} beside 2 threads", pools, threads)
    told = [_startup_told(evidence, name, *one) for name, one in known.items()]
    text = f"Starting the smallest pool, against as many threads: {listed(told)}."
    outcomes = [_much(times) for times, _ in known.values()]
    used = dict.fromkeys(cell.block.name for _, cells in known.values() for cell in cells)
    return Ruling(everywhere(outcomes), text, tuple(used)).leaving_out(pools, threads)


def _much(times: Interval) -> Outcome:
    if times.low >= MUCH_TIMES:
        return True
    return False if times.high < MUCH_TIMES else None


def _startup(cells: Sequence[Cell], threads: Picked) -> tuple[Interval, list[Cell]] | None:
    """Times as long as threads, and the smallest pools that tell it, one a block."""
    by_place = {(one.block.name, one.approach.workers): one for one in threads.sound}
    ratios: list[pd.Series] = []
    used: list[Cell] = []
    for cell in sorted(cells, key=lambda one: one.approach.workers):
        rival = by_place.get((cell.block.name, cell.approach.workers))
        if rival is None or cell.block.name in {one.block.name for one in used}:
            continue
        logs = _startup_logs(cell) - _startup_logs(rival)
        if logs.notna().any():
            ratios.append(logs.dropna())
            used.append(cell)
    values = [one.mean() for one in ratios]
    if len(values) < LEAST_BLOCKS:
        values = [value for one in ratios for value in one]
    return (exponential(paired_interval(values)), used) if len(values) > 1 else None


def _startup_logs(cell: Cell) -> pd.Series:
    """By round; a start-up too short for the clock is unknown."""
    seconds = cell.counted.set_index("round")["startup_seconds"]
    return seconds.where(seconds > 0).map(math.log)


def _startup_told(evidence: Evidence, name: str, times: Interval, cells: Sequence[Cell]) -> str:
    """by fork 28.1x (25.3 to 31.2x), 10.3 ms and 8.2% of a sequential batch."""
    seconds = [cell.counted["startup_seconds"].median() for cell in cells]
    shares = [share for cell in cells if (share := _share_of_batch(evidence, cell)) is not None]
    batch = f" and {wording.percent(float(np.median(shares)))} of a sequential batch"
    usual = wording.seconds(float(np.median(seconds)))
    return f"{name} {ratio(times)}, {usual}{batch if shares else ''}"


def _share_of_batch(evidence: Evidence, cell: Cell) -> float | None:
    baseline = cell.one.seconds(MODE, cell.baseline) if cell.baseline else None
    startup = cell.counted["startup_seconds"].median()
    return None if baseline is None else float(startup) / baseline.estimate


def handing_over_costs(evidence: Evidence, workers: Workers) -> Ruling:
    """An item, and a KiB of it, must take more with these workers than with as many threads.

    From the blocks without work: each kind of pool measured there has to show it. Refuted where
    all are proven to take less than the margin more.
    """
    outcomes, told = list[Outcome](), list[str]()
    for component in COMPONENTS:
        pairs = list(_pairs(evidence, workers.executor, component))
        outcomes += [_dearer(*pair, evidence.margin) for pair in pairs] or [None]
        told += [_dearest(component, pairs, workers.noun)] if pairs else []
    beside = _travels(evidence, workers.executor)
    if told and evidence.overheads_disturbed:
        told.append("Others kept the cores busy in too many of these launches to rule on them.")
        outcomes = [None]
    if not told:
        return undecided(
            f"the overheads of {workers.executor} and of threads (config key 'overheads')"
        )
    return Ruling(everywhere(outcomes), " ".join([*told, *beside]), evidence.overhead_blocks)


Row = dict[str, object]


def _pairs(
    evidence: Evidence, executor: str, component: str
) -> Iterator[tuple[Interval, Interval]]:
    """(these, as many threads on as many cores) of one component."""
    rows = [
        row for row in records(evidence.overheads)
        if row["component"] == component and wording.known(row["estimate"])
    ]  # fmt: skip
    threads = {_size(row): _interval(row) for row in rows if row["executor"] == "threads"}
    for row in rows:
        if row["executor"] == executor and _size(row) in threads:
            yield _interval(row), threads[_size(row)]


def _size(row: Row) -> tuple[object, object]:
    return row["workers"], row["cores"]


def _interval(row: Row) -> Interval:
    return Interval(*(float(str(row[name])) for name in ("estimate", "low", "high")))


def _dearer(these: Interval, threads: Interval, margin: float) -> Outcome:
    """Measured in different launches, so half-widths add in squares."""
    more = combined(these.estimate - threads.estimate, these, threads)
    if more.low > 0:
        return True
    return False if more.high <= margin * threads.estimate else None


def _dearest(component: str, pairs: Sequence[tuple[Interval, Interval]], noun: str) -> str:
    these, threads = max(pairs, key=lambda pair: pair[0].estimate)
    what = "An item" if component == COMPONENTS[0] else "A KiB each way"
    kinds = f" ({len(pairs)} pools compared, the dearest is told)" if len(pairs) > 1 else ""
    return f"{what} takes {_seconds(these)} with {noun}, {_seconds(threads)} with threads{kinds}."


def _seconds(found: Interval) -> str:
    low, high = max(found.low, 0.0), max(found.high, 0.0)
    return f"{wording.seconds(max(found.estimate, 0.0))} ({wording.seconds_interval(low, high)})"


def _travels(evidence: Evidence, executor: str) -> list[str]:
    """Task ipc beside it: how many times as long the smallest pool takes as as many threads."""
    pools, threads = evidence.pick(executor, ("ipc",)), evidence.pick("threads", ("ipc",))
    told = []
    for cells in pools.blocks:
        cell = min(cells, key=lambda one: one.approach.workers)
        rival = next((one for one in threads.sound if one.block.name == cell.block.name
                      and one.approach.workers == cell.approach.workers), None)  # fmt: skip
        found = rival.faster_than(cell) if rival is not None else None
        if found is not None:
            told.append(f"{cell.approach.label} {ratio(found)} on {cell.place}")
    return [f"Times as long as as many threads in task ipc: {listed(told)}."] if told else []
