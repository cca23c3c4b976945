"""Two ways to spend launches, played on the same simulated machine: the race, and fixed rounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.statistics.fixed import FIXED_ROUNDS
from experiments.statistics.race import Race
from experiments.statistics.records import Interval, RaceSettings, Verdict
from experiments.statistics.robust import Array
from experiments.statistics.simulate.world import World


@dataclass(frozen=True)
class Outcome:
    """What a design said in one replication, and how that compares with the truth.

    regret           true time of the pick / true best - 1
    regret_bound     what the design said about it (None: nothing)
    worst_tied       the same for the slowest approach that it called equal within the margin
    best_eliminated  the true best was put out of the race
    covered          the speedup interval of the pick held the truth (None: no interval)
    """

    verdict: Verdict
    pick: int
    regret: float
    launches: int
    rounds: int
    regret_bound: float | None = None
    worst_tied: float = 0.0
    best_eliminated: bool = False
    covered: bool | None = None


def play_race(
    world: World, settings: RaceSettings, count: int | None = None, baseline: int | None = None
) -> Outcome:
    """Race the first `count` approaches (default all), the `baseline` among them."""
    times = world.times[:count]
    race = Race(world.ranks[:count].tolist(), settings, () if baseline is None else (baseline,))
    launches, now = 0, 0.0
    while not race.done:
        running = race.to_run()
        values, used = world.round(running, race.rounds, now)
        race.add_round(values)
        launches, now = launches + len(running), now + used
    return _outcome(race, times, launches, baseline)


def _outcome(race: Race, times: Array, launches: int, baseline: int | None) -> Outcome:
    if race.pick is None:
        raise AssertionError("nothing fails in a simulated world")
    statuses = [race.status(candidate) for candidate in range(len(times))]
    near = [n for n, status in enumerate(statuses) if status in ("leader", "tied")]
    claimed = [*near, race.pick] if race.verdict in ("tie", "no-gain") else []
    interval = race.speedup(race.pick) if race.pick != baseline else None
    return Outcome(
        verdict=race.verdict,
        pick=race.pick,
        regret=float(times[race.pick] / times.min() - 1),
        launches=launches,
        rounds=race.rounds,
        regret_bound=race.look.regret_bound if race.look else None,
        worst_tied=float(times[claimed].max() / times.min() - 1) if claimed else 0.0,
        best_eliminated=0 in race.dropped_at,
        covered=_covers(interval, times, race.pick, baseline),
    )


def _covers(
    interval: Interval | None, times: Array, pick: int, baseline: int | None
) -> bool | None:
    if interval is None or baseline is None:
        return None
    return bool(interval.low <= np.log(times[baseline] / times[pick]) <= interval.high)


def fixed_rounds(world: World, rounds: int = FIXED_ROUNDS, count: int | None = None) -> Outcome:
    """Every approach in every round, then the smallest mean wins: it always names a winner."""
    times = world.times[:count]
    total, now = np.zeros(len(times)), 0.0
    for number in range(rounds):
        values, used = world.round(range(len(times)), number, now)
        total += np.exp([values[candidate] for candidate in range(len(times))])
        now += used
    pick = int(np.argmin(total))
    regret = float(times[pick] / times.min() - 1)
    return Outcome("best", pick, regret, len(times) * rounds, rounds)
