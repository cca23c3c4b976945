"""Make overheads.csv: what every way of running costs where there is no work, part by part.

Made from the launches of the blocks without work (experiments/overheads.py). Each value is one
launch's, paired by round with what it is held against; the interval is that of the mean of few
values, far ones pulled in (experiments/statistics/intervals.py).
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments import schema
from experiments.statistics.intervals import combined, paired_interval, scaled
from experiments.statistics.launches import counting_launches
from experiments.statistics.records import Interval
from reports import command
from reports.load import Approach, Results, canonical, records
from reports.races import Raced, raced_overheads

#: a value a round
Series = Mapping[int, float]
#: how often an item's payload travels: to the worker and back
WAYS = 2


@dataclass(frozen=True)
class Level:
    """One block without work: its payload, its items, and the launches that count in it."""

    payload_kib: float
    items: float
    one: Raced
    counted: Mapping[tuple[str, int], Mapping[str, Any]]

    @classmethod
    def of(cls, one: Raced) -> Level:
        """The level of a block."""
        rows = records(counting_launches(one.launches, "approach"))
        counted = {(str(row["_key"]), int(row["round"])): row for row in rows}
        kib = float(json.loads(one.block.params)["payload_kib"])
        return cls(kib, float(one.launches["items"].max()), one, counted)

    def column(self, label: str, name: str) -> dict[int, float]:
        """What an approach's launches say, by round; the unknown left out."""
        return {
            number: float(row[name])
            for (key, number), row in self.counted.items()
            if key == label and not pd.isna(row[name])
        }

    def item_seconds(self, label: str) -> dict[int, float]:
        """Seconds an item takes more than in the sequential loop of the same round."""
        base = next(iter(self.one.baselines), "")
        steady = [values["steady"] for values in self.one.rounds]
        return {
            number: (math.exp(values[label]) - math.exp(values[base])) / self.items
            for number, values in enumerate(steady)
            if label in values and base in values
        }

    def reason(self, label: str) -> str:
        """Why an approach has no value here."""
        bad = self.one.launches[
            (self.one.launches["approach"] == label) & (self.one.launches["status"] != "ok")
        ]
        if bad.empty:
            return "fewer than two launches tell it"
        return f"{bad.iloc[-1]['status']}: {bad.iloc[-1]['reason']}"


def overheads(results: Results) -> list[dict[str, Any]]:
    """Rows of overheads.csv, in the plan's order; none where the run had no such blocks."""
    levels = sorted(map(Level.of, raced_overheads(results)), key=lambda level: level.payload_kib)
    if not levels or levels[0].payload_kib:
        return []
    pools = [one for one in levels[0].one.block.approaches if one.executor != "sequential"]
    return [
        _row(results, levels[0], approach, name, values)
        for approach in pools
        for name, values in _components(levels, approach)
    ]


def _components(
    levels: list[Level], approach: Approach
) -> Iterator[tuple[str, tuple[Interval | None, int]]]:
    """(component, (estimate, launches)) of one approach."""
    bare, label = levels[0], approach.label
    fewest = _with_fewest_workers(bare, approach)
    yield "startup_seconds", _told(bare.column(label, "startup_seconds"))
    if fewest is not None:
        yield "startup_seconds_per_worker", _per_worker(bare, fewest, approach, "startup_seconds")
    imports = bare.column(label, "worker_import_seconds")
    if imports:
        yield "import_seconds", _told(imports)
    yield "dispatch_seconds_per_item", _told(bare.item_seconds(label))
    for loaded in levels[1:]:
        if approach.key in {other.key for other in loaded.one.block.approaches}:
            yield "serialisation_seconds_per_kib", _per_kib(bare, loaded, label)
    if fewest is not None:
        yield "memory_mib_per_worker", _per_worker(bare, fewest, approach, "peak_memory_mib")


def _with_fewest_workers(level: Level, approach: Approach) -> Approach | None:
    """The same way of running with fewer workers, what the cost of one more is held against."""
    same = [
        one
        for one in level.one.block.approaches
        if one.key[:3] == approach.key[:3] and one.workers < approach.workers
    ]
    return min(same, key=lambda one: one.workers, default=None)


def _told(values: Series) -> tuple[Interval | None, int]:
    if len(values) < 2:
        return None, len(values)
    return paired_interval(list(values.values())), len(values)


def _per_worker(
    level: Level, fewest: Approach, approach: Approach, column: str
) -> tuple[Interval | None, int]:
    """What each worker more takes, paired by round."""
    few, many = level.column(fewest.label, column), level.column(approach.label, column)
    more = approach.workers - fewest.workers
    found, pairs = _told({n: (many[n] - few[n]) / more for n in sorted(few.keys() & many.keys())})
    return found, 2 * pairs


def _per_kib(bare: Level, loaded: Level, label: str) -> tuple[Interval | None, int]:
    """What a KiB takes on one way. The two blocks ran at different times, so rounds don't pair."""
    without, count = _told(bare.item_seconds(label))
    with_it, more = _told(loaded.item_seconds(label))
    if without is None or with_it is None:
        return None, count + more
    difference = combined(with_it.estimate - without.estimate, with_it, without)
    kib = WAYS * (loaded.payload_kib - bare.payload_kib)
    return scaled(difference, 1 / kib), count + more


def _row(
    results: Results,
    level: Level,
    approach: Approach,
    component: str,
    told: tuple[Interval | None, int],
) -> dict[str, Any]:
    found, launches = told
    return {
        "machine": results.name,
        "interpreter": approach.interpreter,
        "executor": approach.executor,
        "executor_options": approach.options,
        "workers": approach.workers,
        "cores": level.one.block.cores,
        "component": component,
        "unit": schema.COMPONENTS[component],
        "estimate": found and found.estimate,
        "low": found and found.low,
        "high": found and found.high,
        "launches": launches,
        "reason": "" if found else level.reason(approach.label),
    }


class Costs:
    """overheads.csv by way of running, to be asked for one part."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._known = [row for row in records(table) if not pd.isna(row["estimate"])]

    def of(
        self, approach: Approach, cores: int, component: str, any_options: bool = False
    ) -> Interval | None:
        """A part of the approach's cost on so many cores, at the nearest count of workers.

        On other cores it costs something else: there the main process and its workers take turns.
        `any_options`: of the executor with other options, where it is not known with these.
        """
        rows = [
            row
            for row in self._known
            if (row["component"], row["cores"]) == (component, cores)
            and (row["interpreter"], row["executor"]) == approach.key[:2]
        ]
        same = [row for row in rows if canonical(row["executor_options"]) == approach.options]
        found = min(
            same or (rows if any_options else []),
            key=lambda row: abs(math.log(row["workers"] / approach.workers)),
            default=None,
        )
        if found is None:
            return None
        return Interval(*(float(found[name]) for name in ("estimate", "low", "high")))


def main(results: Results) -> None:
    """Write overheads.csv from launches.csv and samples.csv."""
    results.write(schema.OVERHEADS, overheads(results))


if __name__ == "__main__":
    sys.exit(command.run(main, "Take overheads apart: launches.csv, samples.csv -> overheads.csv."))
