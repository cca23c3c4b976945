"""Break-even searches on simulated machines whose change is known, against a uniform sweep.

Along the parameter, process pools gain on threads at an even rate; the change lies where they are
equally fast. Each value is a machine of its own, with the same noise for both designs, so the two
differ only in the values they measure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.statistics.block import BlockRace
from experiments.statistics.breakeven import Axis, Flip, Point, family, flips, next_values
from experiments.statistics.records import Candidate, RaceSettings
from experiments.statistics.robust import Array
from experiments.statistics.simulate.checks import Check
from experiments.statistics.simulate.regimes import REGIMES
from experiments.statistics.simulate.study import ROUNDING
from experiments.statistics.simulate.world import World

#: the looks of a search's blocks
LOOKS = (2, 4, 6, 9, 14)
#: name, family and seconds against its family's fastest: two worker counts each, and the baseline
APPROACHES = (
    ("sequential", "sequential", 4.0),
    ("threads x16", "threads", 1.0),
    ("threads x32", "threads", 1.06),
    ("processes x2", "processes", 1.0),
    ("processes x4", "processes", 1.06),
)
FAMILIES = {name: own for name, own, _ in APPROACHES}
AXIS = Axis(0.0, 0.96, 0.03)
#: share of a sweep's launches that a search may take
MOST_LAUNCHES = 1 / 3
#: share of changes with an end that recommends what truly is beyond the margin
MOST_WRONG = 0.05
#: a sweep is ten times dearer than a search, and its launches vary little
SWEEPS = 10


@dataclass(frozen=True)
class Truth:
    """A machine on which threads and processes are equal at `crossing`.

    `slope`: how much log(threads' time / processes' time) grows over the whole range.
    """

    crossing: float
    slope: float
    regime: str
    seed: int

    def times(self, value: float) -> Array:
        """Relative seconds of the approaches at a value of the parameter."""
        lead = self.slope * (value - self.crossing) / (AXIS.high - AXIS.low)
        factor = {"sequential": 1.0, "threads": np.exp(lead / 2), "processes": np.exp(-lead / 2)}
        return np.array([seconds * factor[own] for _, own, seconds in APPROACHES])

    def regret(self, value: float, recommended: str) -> float:
        """How much slower than the best the recommended family's fastest approach truly is."""
        times = self.times(value)
        own = [t for t, (_, name, _) in zip(times, APPROACHES, strict=True) if name == recommended]
        return float(min(own) / times.min() - 1)


@dataclass(frozen=True)
class Played:
    """What a design found and what it took."""

    points: tuple[Point, ...]
    launches: int

    @property
    def flips(self) -> list[Flip]:
        """The changes between its decided values."""
        return flips(self.points)


def search(truth: Truth, settings: RaceSettings) -> Played:
    """The adaptive search, to its resolution."""
    points, launches = list[Point](), 0
    while wanted := next_values(points, AXIS):
        found = _measured(truth, wanted, settings)
        points += found.points
        launches += found.launches
    return Played(tuple(points), launches)


def sweep(truth: Truth, settings: RaceSettings) -> Played:
    """Every value of the same resolution."""
    return _measured(truth, AXIS.uniform(), settings)


def _measured(truth: Truth, values: Iterable[float], settings: RaceSettings) -> Played:
    races = [_raced(truth, value, settings) for value in values]
    return Played(tuple(point for point, _ in races), sum(launches for _, launches in races))


def _raced(truth: Truth, value: float, settings: RaceSettings) -> tuple[Point, int]:
    """One block: its race ends as soon as the family is known, as the conductor ends it."""
    rng = np.random.default_rng([truth.seed, round(value * 1e6)])
    world = World(rng, truth.times(value), REGIMES[truth.regime])
    names = [name for name, _, _ in APPROACHES]
    candidates = [Candidate(n, i, n == "sequential") for i, n in enumerate(names)]
    race = BlockRace(candidates, settings, ("steady",))
    launches, now, known = 0, 0.0, None
    while not race.done:
        running = [names.index(key) for key in race.to_run()]
        seconds, used = world.round(running, race.rounds, now)
        race.add_round({"steady": {names[n]: value for n, value in seconds.items()}})
        launches, now = launches + len(running), now + used
        if race.rounds in settings.looks:
            known = family(race.judgements()["steady"], FAMILIES)
            if known and not race.done:
                race.finish()
    known = family(race.judgements()["steady"], FAMILIES)
    return Point(value, known), launches


def right(truth: Truth, played: Played, margin: float) -> bool:
    """Whether every end of every change recommends what truly is within the margin of the best."""
    below = [(flip.low, flip.below) for flip in played.flips]
    above = [(flip.high, flip.above) for flip in played.flips]
    return all(truth.regret(value, own) <= margin + ROUNDING for value, own in below + above)


def check_searches(replications: int, regimes: Iterable[str]) -> list[Check]:
    """What a search takes beside a sweep, and how often it is wrong, in these kinds of noise."""
    settings = RaceSettings(looks=LOOKS)
    return [check for regime in regimes for check in _checks(regime, replications, settings)]


def _checks(regime: str, replications: int, settings: RaceSettings) -> tuple[Check, Check]:
    found = [(truth, search(truth, settings)) for truth in truths(regime, replications)]
    wrong = sum(not right(truth, played, settings.margin) for truth, played in found)
    some = found[: min(replications, SWEEPS)]
    swept = sum(sweep(truth, settings).launches for truth, _ in some)
    share = sum(played.launches for _, played in some) / swept
    return (
        Check("break-even: launches of a sweep's", regime, share, MOST_LAUNCHES, most=True),
        Check(
            "break-even: an end beyond the margin", regime, wrong / replications, MOST_WRONG,
            most=True, count=replications,
        ),
    )  # fmt: skip


def truths(regime: str, count: int, slope: float = 1.5) -> Sequence[Truth]:
    """Machines with changes all over the range."""
    rng = np.random.default_rng(len(regime))
    return [Truth(float(rng.uniform(0.1, 0.86)), slope, regime, seed) for seed in range(count)]
