"""Properties that hold exactly, and the smallest races: few equal approaches, every look used."""

from __future__ import annotations

import numpy as np

from experiments.statistics.block import BlockRace, Round, replay
from experiments.statistics.race import Race
from experiments.statistics.records import Candidate, RaceSettings
from experiments.statistics.robust import Array
from experiments.statistics.simulate.checks import Check

#: what a verdict says, without its numbers
Said = tuple[str, int | None, dict[int, int], int]

SMALL_SD = 0.10
SMALL_BOUNDS = {2: 0.07, 4: 0.085}


def play_matrix(log_times: Array, settings: RaceSettings, simplicity: Array | None = None) -> Race:
    """A race on a fixed candidates x rounds matrix of log times."""
    ranks = np.arange(len(log_times)) if simplicity is None else simplicity
    race = Race(ranks.tolist(), settings)
    while not race.done:
        number = race.rounds
        race.add_round({row: float(log_times[row, number]) for row in race.to_run()})
    return race


def said(race: Race) -> Said:
    """Verdict, pick, drops and rounds of a race."""
    return race.verdict, race.pick, race.dropped_at, race.rounds


def check_exact(replications: int, settings: RaceSettings) -> list[Check]:
    """Shares of races that break a property which none may break."""
    broken = dict.fromkeys(("round factor", "unit", "order", "wild launch", "replay"), 0)
    for number in range(replications):
        for name, wrong in _broken(number, settings).items():
            broken[name] += wrong
    titles = {
        "round factor": "a factor on a whole round changes nothing",
        "unit": "scaling all times changes nothing",
        "order": "the order of the approaches does not matter",
        "wild launch": "a launch made 100x slower never makes a false winner",
        "replay": "conductor and report agree to the last digit",
    }
    return [
        Check(titles[name], f"{replications} races, share broken", count / replications, 0.0, True)
        for name, count in broken.items()
    ]


def random_matrix(number: int, candidates: int = 8, rounds: int = 30) -> Array:
    """Log times with true gaps of 0 to 100%, launch noise of 0.2 to 8%, and common drift."""
    rng = np.random.default_rng([7, number])
    gaps = rng.choice([0.0, 0.02, 0.04, 0.07, 0.15, 1.0], candidates)
    sd = rng.choice([0.002, 0.01, 0.03, 0.08])
    noise = rng.normal(0, sd, (candidates, rounds))
    return np.asarray(np.log1p(gaps)[:, None] + noise + rng.normal(0, 0.05, rounds))


def _broken(number: int, settings: RaceSettings) -> dict[str, bool]:
    matrix = random_matrix(number, rounds=settings.looks[-1])
    rng = np.random.default_rng([8, number])
    plain = said(play_matrix(matrix, settings))
    factors = rng.normal(0, 0.3, matrix.shape[1])
    return {
        "round factor": said(play_matrix(matrix + factors, settings)) != plain,
        "unit": said(play_matrix(matrix + np.log(1000), settings)) != plain,
        "order": _order_matters(matrix, rng.permutation(len(matrix)).tolist(), plain, settings),
        "wild launch": _wild_launch_misleads(rng, settings),
        "replay": not replay_agrees(number, settings),
    }


def _order_matters(matrix: Array, order: list[int], plain: Said, settings: RaceSettings) -> bool:
    moved = play_matrix(matrix[order], settings, np.array(order, dtype=float))
    pick = None if moved.pick is None else order[moved.pick]
    drops = {order[row]: at for row, at in moved.dropped_at.items()}
    return (moved.verdict, pick, drops, moved.rounds) != plain


def _wild_launch_misleads(rng: np.random.Generator, settings: RaceSettings) -> bool:
    """The best, 10% ahead, has one launch 100 times slower: nothing else may be called best."""
    matrix = rng.normal(0, 0.01, (8, settings.looks[-1]))
    matrix[1:] += np.log(1.1)
    matrix[0, rng.integers(settings.looks[0])] += np.log(100)
    race = play_matrix(matrix, settings)
    return race.verdict in ("best", "tie") and race.pick != 0


def replay_agrees(number: int, settings: RaceSettings) -> bool:
    """A live race in both modes, one approach crashing half-way, and its replay: equal records."""
    candidates = [Candidate(f"approach {n}", n, baseline=n == 0) for n in range(8)]
    modes = {mode: random_matrix(number + shift) for mode, shift in (("steady", 0), ("oneshot", 1))}
    live, recorded = BlockRace(candidates, settings), list[Round]()
    while not live.done:
        fails = {f"approach {number % 8}"} if live.rounds == 3 + number % 5 else set()
        running = set(live.to_run()) - fails
        recorded.append(
            {mode: _named(data[:, live.rounds], running) for mode, data in modes.items()}
        )
        live.add_round(recorded[-1])
    return replay(candidates, settings, recorded).judgements() == live.judgements()


def _named(values: Array, running: set[str]) -> dict[str, float]:
    keys = [f"approach {number}" for number in range(len(values))]
    return {key: float(value) for key, value in zip(keys, values, strict=True) if key in running}


def check_small(replications: int, settings: RaceSettings) -> list[Check]:
    """Two or four equal approaches under 10% noise: any claim, ever, that one is slower."""
    found = []
    for candidates, bound in SMALL_BOUNDS.items():
        claims = sum(claims_slower(n, candidates, settings) for n in range(replications))
        name = f"{candidates} equal approaches: any claim of slower"
        where = f"{SMALL_SD:.0%} noise, every look"
        found.append(Check(name, where, claims / replications, bound, True, replications))
    return found


def claims_slower(number: int, candidates: int, settings: RaceSettings) -> bool:
    """Whether a race of equals says at any look that one is slower."""
    rng = np.random.default_rng([1, number])
    matrix = rng.normal(0, SMALL_SD, (candidates, settings.looks[-1]))
    race = Race(range(candidates), settings)
    while not race.done:
        column = matrix[:, race.rounds]
        race.add_round({row: float(column[row]) for row in race.to_run()})
        proven = race.look is not None and (race.look.low > 0).any()
        if proven or race.dropped_at:
            return True
    return False
