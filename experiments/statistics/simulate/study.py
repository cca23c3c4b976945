"""Replications of a scene under a regime, tallied into one row of shares and counts."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from experiments.statistics.fixed import FIXED_ROUNDS
from experiments.statistics.records import RaceSettings
from experiments.statistics.simulate.designs import (
    Outcome,
    fixed_rounds,
    play_race,
)
from experiments.statistics.simulate.regimes import REGIMES
from experiments.statistics.simulate.scenes import SCENES
from experiments.statistics.simulate.world import World

#: approaches in a block, unless a cell says otherwise
APPROACHES = 20
#: true time of the baseline that speedup intervals are checked with
SLOW_BASELINE = 4.0
#: rounding of true times is no error of a verdict
ROUNDING = 1e-9
#: scenes that are played a second time with a rival as the sequential baseline
CONTENDED = ("equal", "ahead 3%", "ahead 5%", "ahead 7%", "ahead 10%", "realistic")


@dataclass(frozen=True)
class Cell:
    """One scene under one regime, with so many approaches."""

    scene: str
    regime: str
    approaches: int = APPROACHES


@dataclass(frozen=True)
class Trial:
    """One replication: the race, the fixed design, and races with a baseline, on one machine."""

    race: Outcome
    fixed: Outcome
    slow_baseline: Outcome
    contended: Outcome | None


@dataclass(frozen=True)
class Tally:
    """A cell's results. Everything but the medians is a count of replications."""

    cell: Cell
    replications: int
    best: int
    tie: int
    inconclusive: int
    false_best: int
    false_tie: int
    best_eliminated: int
    regret_held: int
    at_first_look: int
    false_no_gain: int
    no_gain: int
    contended: int
    covered: int
    intervals: int
    covered_decided: int
    intervals_decided: int
    fixed_false_best: int
    median_launches: float
    median_rounds: float
    fixed_launches: int


def run_cells(
    cells: Sequence[Cell], replications: int, settings: RaceSettings, processes: int = 1
) -> Iterable[Tally]:
    """Tally every cell, in the cells' order; each replication has a seed of its own."""
    job = partial(run_cell, replications=replications, settings=settings)
    if processes == 1:
        yield from map(job, cells)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(job, cells)


def run_cell(cell: Cell, replications: int, settings: RaceSettings) -> Tally:
    """All replications of one cell."""
    trials = [_trial(cell, number, settings) for number in range(replications)]
    return tally(cell, trials, settings)


def make_world(cell: Cell, number: int) -> World:
    """The machine of one replication: the scene's approaches, then the slow baseline."""
    names = [zlib.crc32(name.encode()) for name in (cell.scene, cell.regime)]
    rng = np.random.default_rng([number, *names])
    times = np.r_[SCENES[cell.scene](cell.approaches, rng), SLOW_BASELINE]
    return World(rng, times, REGIMES[cell.regime])


def _trial(cell: Cell, number: int, settings: RaceSettings) -> Trial:
    world = make_world(cell, number)
    contended, count = cell.scene in CONTENDED, cell.approaches
    return Trial(
        race=play_race(world, settings, count),
        fixed=fixed_rounds(world, FIXED_ROUNDS, count),
        slow_baseline=play_race(world, settings, baseline=count),
        contended=play_race(world, settings, count, baseline=1) if contended else None,
    )


def tally(cell: Cell, trials: Sequence[Trial], settings: RaceSettings) -> Tally:
    """Count over the trials of a cell."""
    races = [trial.race for trial in trials]
    contended = [trial.contended for trial in trials if trial.contended]
    paired = [t.slow_baseline for t in trials] + contended
    paired = [outcome for outcome in paired if outcome.covered is not None]
    decided = [outcome for outcome in paired if outcome.verdict != "inconclusive"]
    limit = settings.margin + ROUNDING
    return Tally(
        cell=cell,
        replications=len(trials),
        best=sum(o.verdict == "best" for o in races),
        tie=sum(o.verdict == "tie" for o in races),
        inconclusive=sum(o.verdict == "inconclusive" for o in races),
        false_best=sum(o.verdict == "best" and o.regret > limit for o in races),
        false_tie=sum(o.verdict == "tie" and o.worst_tied > limit for o in races),
        best_eliminated=sum(o.best_eliminated for o in races),
        regret_held=sum(_regret_held(o) for o in races),
        at_first_look=sum(o.rounds == settings.looks[0] for o in races),
        false_no_gain=sum(o.verdict == "no-gain" and o.regret > limit for o in contended),
        no_gain=sum(o.verdict == "no-gain" for o in contended),
        contended=len(contended),
        covered=sum(bool(o.covered) for o in paired),
        intervals=len(paired),
        covered_decided=sum(bool(o.covered) for o in decided),
        intervals_decided=len(decided),
        fixed_false_best=sum(t.fixed.regret > limit for t in trials),
        median_launches=float(np.median([o.launches for o in races])),
        median_rounds=float(np.median([o.rounds for o in races])),
        fixed_launches=trials[0].fixed.launches,
    )


def _regret_held(outcome: Outcome) -> bool:
    return outcome.regret_bound is not None and outcome.regret <= outcome.regret_bound + ROUNDING
