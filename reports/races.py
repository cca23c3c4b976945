"""Run every block's race again from its recorded launches: the report decides as the run did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pandas as pd

from experiments import schema
from experiments.statistics.block import BlockRace, replay
from experiments.statistics.intervals import centre_interval, exponential, paired_interval
from experiments.statistics.launches import counting_launches, launch_values
from experiments.statistics.objectives import SECONDS
from experiments.statistics.race import LEVEL
from experiments.statistics.records import Candidate, Interval, Judgement, RaceSettings
from reports import consistency
from reports.load import Approach, Block, Key, Results, ResultsError, canonical

Rounds = list[dict[str, dict[str, float]]]
_POINT_COLUMNS = ["block", "approach", "curve", "workers", "round", "speedup"]
_KEY = ["interpreter", "executor", "executor_options", "workers"]


@dataclass(frozen=True)
class Raced:
    """One block with its launches, and the race replayed on what it was decided on.

    `rounds` are log seconds by round in both modes, whatever the objective; `judgements` are the
    race's, with the speedup in time filled in where the race is about something else.
    """

    block: Block
    launches: pd.DataFrame
    rounds: Rounds
    race: BlockRace
    judgements: dict[str, Judgement]
    _logs: dict[tuple[str, str], list[float]] = field(repr=False)
    _objective_logs: dict[tuple[str, str], list[float]] = field(repr=False)

    def seconds(self, mode: str, label: str) -> Interval | None:
        """Geometric mean over launches with its 95% interval; None without a value."""
        logs = self._logs.get((mode, label), [])
        return centre_interval(logs) if logs else None

    def objective(self, mode: str, label: str) -> Interval | None:
        """The same of what the block is decided on, in the objective's unit."""
        logs = self._objective_logs.get((mode, label), [])
        return centre_interval(logs) if logs else None

    def baseline_objective(self, mode: str) -> float | None:
        """The lowest such value of a sequential approach."""
        found = [self.objective(mode, label) for label in self.baselines]
        return min((one.estimate for one in found if one is not None), default=None)

    def speedup(self, mode: str, label: str) -> Interval | None:
        """Sequential seconds / this approach's, paired by round; None if unknown.

        A race about time has moderated it; else it is the plain paired interval.
        """
        if self.block.objective.is_time:
            return self.race.speedup(mode, label)
        baseline = self.fastest_baseline(mode)
        return None if label in self._failed else _speedup(self.rounds, mode, baseline, label)

    def own_speedup(self, mode: str, approach: Approach) -> Interval | None:
        """The same against the sequential program of its own interpreter: how it scales.

        Without one of its own, or with one interpreter, that is the speedup.
        """
        several = len({one.interpreter for one in self.block.approaches}) > 1
        own = [one for one in self.block.approaches if one.interpreter == approach.interpreter]
        alone = [one.label for one in own if one.executor == "sequential"]
        if not several or not alone:
            return self.speedup(mode, approach.label)
        return self.ratio(mode, alone[0], approach.label)

    def ratio(self, mode: str, one: str, other: str, level: float = LEVEL) -> Interval | None:
        """Seconds of one approach / another's, paired by round, with an interval at this level.

        None where one of them failed or both ran in fewer than two rounds.
        """
        if {one, other} & self._failed:
            return None
        if self.block.objective.is_time:
            return self.race.ratio(mode, one, other, level)
        return _paired_ratio(self.rounds, mode, one, other, level)

    @property
    def baselines(self) -> list[str]:
        """Labels of the sequential approaches."""
        return [one.label for one in self.block.approaches if one.executor == "sequential"]

    def fastest_baseline(self, mode: str) -> str | None:
        """Label of the sequential approach with the smallest mean, of those that never failed."""
        times = {label: self.seconds(mode, label) for label in self.baselines}
        known = {label: one.estimate for label, one in times.items() if one is not None}
        usable = [label for label in known if label not in self._failed]
        return min(usable, key=known.__getitem__, default=None)

    def able(self, mode: str) -> list[Approach]:
        """The approaches with a value, and one of some mode in each round they ran in.

        In the plan's order.
        """
        return [
            one
            for one in self.block.approaches
            if one.label not in self._failed and self.count(mode, one.label)
        ]

    @cached_property
    def _failed(self) -> set[str]:
        """Approaches without any value in a round they were launched in.

        One that only the race of single batches still wants runs no steady batch: it hasn't failed.
        """
        pairs = zip(self.launches["approach"], self.launches["round"], strict=True)
        return {
            str(label)
            for label, at in pairs
            if not any(label in values for values in self.rounds[int(at)].values())
        }

    def count(self, mode: str, label: str) -> int:
        """Rounds in which this approach gave a value."""
        return len(self._logs.get((mode, label), []))


def raced(results: Results) -> Iterator[Raced]:
    """Every block but the control, replayed. ResultsError where tables and plan don't fit."""
    return _replayed(results, results.blocks)


def raced_controls(results: Results) -> Iterator[Raced]:
    """The A/A controls, replayed; nothing where the run had none."""
    return _replayed(results, results.controls)


def raced_searches(results: Results) -> Iterator[Raced]:
    """The blocks of the break-even searches, replayed: those they added, and those of the grid."""
    wanted = {block for search in results.searches for _, block in search.points}
    grid = [block for block in results.blocks if block.name in wanted]
    return _replayed(results, [*grid, *results.searched])


def raced_overheads(results: Results) -> Iterator[Raced]:
    """The blocks without work; all their approaches ran in every round."""
    return _replayed(results, results.overheads)


def _replayed(results: Results, blocks: Sequence[Block]) -> Iterator[Raced]:
    if not blocks:  # the tables of a large grid take seconds to read
        return
    launches = results.table(schema.LAUNCHES)
    samples = results.table(schema.SAMPLES)
    consistency.check(results, launches, samples)
    by_block = dict(tuple(launches.groupby("block", sort=False)))
    owners = samples["launch_id"].map(launches.set_index("launch_id")["block"].to_dict())
    batches = dict(tuple(samples.groupby(owners, sort=False)))
    for block in blocks:
        own = by_block.get(block.name, launches.iloc[:0])
        settings = race_settings(results, block.rules)
        yield _raced(results, block, own, batches.get(block.name, samples.iloc[:0]), settings)


def race_settings(results: Results, rules: Mapping[str, Any] | None = None) -> RaceSettings:
    """The thresholds the run was made with; `rules` are a block's own."""
    where = results.folder / "plan.json"
    try:
        return RaceSettings.from_mapping({**results.plan["statistics"], **(rules or {})})
    except (ValueError, TypeError, AttributeError) as error:
        raise ResultsError(f"{where}: statistics: {error}") from error


def _raced(
    results: Results,
    block: Block,
    launches: pd.DataFrame,
    samples: pd.DataFrame,
    settings: RaceSettings,
) -> Raced:
    launches = _labelled(results, block, launches)
    candidates = [
        Candidate(one.label, one.simplicity, one.executor == "sequential")
        for one in block.approaches
    ]
    try:
        rounds = launch_values(launches, samples, "approach", SECONDS)
        same = block.objective == SECONDS
        values = rounds if same else launch_values(launches, samples, "approach", block.objective)
        race = replay(candidates, settings, values, block.objective.modes, block.objective)
    except ValueError as error:
        raise ResultsError(f"{results.folder}: block {block.name}: {error}") from error
    one = Raced(block, launches, rounds, race, race.judgements(), _logs(rounds), _logs(values))
    return one if block.objective.is_time else replace(one, judgements=_with_speedups(one))


def _with_speedups(one: Raced) -> dict[str, Judgement]:
    return {
        mode: replace(found, speedup=one.speedup(mode, found.pick) if found.pick else None)
        for mode, found in one.judgements.items()
    }


def _speedup(rounds: Rounds, mode: str, baseline: str | None, label: str) -> Interval | None:
    """Time ratio with its 95% interval on the rounds both ran in; None under two of them."""
    if baseline is None or label == baseline:
        return None if baseline is None else Interval(1.0, 1.0, 1.0)
    return _paired_ratio(rounds, mode, baseline, label, LEVEL)


def _paired_ratio(rounds: Rounds, mode: str, one: str, other: str, level: float) -> Interval | None:
    """Time ratio on the rounds both ran in, whatever the race was about."""
    both = [values[mode] for values in rounds if {one, other} <= set(values[mode])]
    if len(both) < 2:
        return None
    return exponential(paired_interval([given[one] - given[other] for given in both], level))


def _logs(rounds: Rounds) -> dict[tuple[str, str], list[float]]:
    logs: dict[tuple[str, str], list[float]] = {}
    for values in rounds:
        for mode, given in values.items():
            for label, value in given.items():
                logs.setdefault((mode, label), []).append(value)
    return logs


def _labelled(results: Results, block: Block, launches: pd.DataFrame) -> pd.DataFrame:
    """The launches with the plan's approach labels."""
    labels: dict[Key, str] = {approach.key: approach.label for approach in block.approaches}
    keys = [
        (str(row[0]), str(row[1]), canonical(str(row[2])), int(row[3]))
        for row in launches[_KEY].itertuples(index=False)
    ]
    for key in keys:
        if key not in labels:
            name = f"{key[1]} x{key[3]} {key[2]}"
            raise ResultsError(
                f"{results.folder / 'launches.csv'}: block {block.name}: approach {name} on "
                f"{key[0]} isn't in plan.json; the files are of different runs"
            )
    return launches.assign(approach=[labels[key] for key in keys])


def curve_of(label: str, workers: int) -> str:
    """An approach's label without its workers: the curve it is a point of."""
    return label.replace(f" x{workers}", "", 1)


def launch_points(results: Results) -> pd.DataFrame:
    """Raw speedups, one a launch: columns block, approach, curve, workers, round, speedup.

    Each is the sequential time of the same round over the launch's own (steady mode); launches in
    rounds without a sequential one are left out. All blocks at once: no race is run for a figure.
    """
    launches = results.table(schema.LAUNCHES)
    samples = results.table(schema.SAMPLES)
    consistency.check(results, launches, samples)
    counted = _counted(_planned(results, launches))
    timed = counted.assign(seconds=counted["launch_id"].map(_steady_seconds(samples)))
    timed = timed[timed["seconds"] > 0]
    timed["seconds"] /= timed["batch_multiple"].astype("float64").fillna(1)
    alone = timed[timed["executor"] == "sequential"]
    base = alone.groupby(["block", "round"])["seconds"].min().rename("base").reset_index()
    points = timed.merge(base, on=["block", "round"])
    return points.assign(speedup=points["base"] / points["seconds"])[_POINT_COLUMNS]


def _planned(results: Results, launches: pd.DataFrame) -> pd.DataFrame:
    """The launches of the blocks that answer a question, with the plan's labels and curves."""
    rows = [
        (block.name, *one.key, one.label, curve_of(one.label, one.workers))
        for block in results.blocks
        for one in block.approaches
    ]
    plan = pd.DataFrame(rows, columns=["block", *_KEY, "approach", "curve"], dtype=object)
    options = {text: canonical(text) for text in launches["executor_options"].unique()}
    told = [options[text] for text in launches["executor_options"]]
    own = launches.assign(executor_options=pd.Series(told, launches.index, dtype=object))
    return own.merge(plan.astype({"workers": "Int64"}), on=["block", *_KEY])


def _counted(named: pd.DataFrame) -> pd.DataFrame:
    return counting_launches(named.assign(_one=named["block"] + "\0" + named["approach"]), "_one")


def _steady_seconds(samples: pd.DataFrame) -> pd.Series:
    """Median of the steady batches that count, by launch: see `calm_walls`."""
    steady = samples[samples["phase"] == "steady"]
    calm = steady["calm"].astype("boolean").fillna(True).astype(bool)
    kept = calm | ~calm.groupby(steady["launch_id"]).transform("any")
    return steady[kept].groupby("launch_id")["wall_seconds"].median()


def ceilings(results: Results) -> dict[int, float]:
    """The machine's measured ceiling for CPU work by core count: the median of its repeats."""
    table = results.table(schema.CEILING)
    known = table[table["speedup"].notna()]
    medians = known.groupby("cores")["speedup"].median()
    return {int(str(cores)): float(value) for cores, value in medians.items()}
