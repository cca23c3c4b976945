"""Regret: its interval holds the truth whichever is the best, its tests keep their budget."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiments.statistics.race import Race
from experiments.statistics.records import RaceSettings
from experiments.statistics.simulate.regimes import REGIMES
from experiments.statistics.simulate.scenes import SCENES
from experiments.statistics.simulate.study import ROUNDING
from experiments.statistics.simulate.world import World
from reports.compare.regret import holm, regret, worse
from tests.reports.compare.conftest import seen

TRUTHS = np.log([1.1, 1.0, 1.01, 1.3])


def noisy(random: np.random.Generator, rounds: int = 8, sd: float = 0.03) -> np.ndarray:
    weather = random.normal(0, 0.1, rounds)
    return np.asarray(TRUTHS[:, None] + weather + random.normal(0, sd, (len(TRUTHS), rounds)))


def test_regret_is_what_an_approach_takes_above_the_best() -> None:
    block = seen(noisy(np.random.default_rng(1), sd=1e-4))

    found = regret(block, 0)
    assert found.estimate == pytest.approx(0.1, abs=0.001)
    assert found.low < 0.1 < found.high
    assert found.high - found.low < 0.005


def test_the_best_itself_has_no_regret() -> None:
    block = seen(noisy(np.random.default_rng(2), sd=1e-4))
    assert regret(block, 1).estimate == pytest.approx(0, abs=1e-4)
    assert regret(block, 1).low == 0


def test_an_interval_holds_the_true_regret_in_95_of_100_cases() -> None:
    random = np.random.default_rng(3)
    intervals = [regret(seen(noisy(random)), 0) for _ in range(400)]

    held = sum(one.low <= 0.1 <= one.high for one in intervals)
    assert held / len(intervals) > 0.95


@pytest.mark.parametrize("regime", ["typical", "noisy", "bursts"])
@pytest.mark.parametrize("scene", ["equal", "staircase", "realistic"])
def test_a_race_that_stops_when_it_is_decided_leaves_the_intervals_what_they_promise(
    scene: str, regime: str
) -> None:
    upper = lower = flips = 0
    for number in range(40):
        times = np.r_[SCENES[scene](8, np.random.default_rng(number)), 4.0]
        block = raced(times, regime, number)
        for one, truth in enumerate(times / times.min() - 1):
            found = regret(block, one)
            upper += truth <= found.high + ROUNDING
            lower += found.low - ROUNDING <= truth
            flips += truth <= 0.05 and worse(block, one, 0.05) <= 0.025

    assert upper / (40 * 9) > 0.96
    assert lower / (40 * 9) > 0.96
    assert flips / 40 <= 0.05


def raced(times: np.ndarray, regime: str, number: int) -> Any:
    """What a race of such approaches leaves, in which each ran as long as it was wanted."""
    world = World(np.random.default_rng([7, number]), times, REGIMES[regime])
    race, now = Race(world.ranks.tolist(), RaceSettings(), (len(times) - 1,)), 0.0
    while not race.done:
        values, used = world.round(race.to_run(), race.rounds, now)
        race.add_round(values)
        now += used
    return SimpleNamespace(place={n: n for n in range(len(times))}, pairs=race.pairs())


def test_of_a_true_best_no_more_than_its_budget_is_proven_worse() -> None:
    random = np.random.default_rng(4)
    proven = sum(worse(seen(noisy(random)), 2, 0.01) <= 0.025 for _ in range(400))
    assert proven / 400 <= 0.035


def test_a_smaller_tail_gives_a_wider_interval() -> None:
    block = seen(noisy(np.random.default_rng(5)))
    wide, usual = regret(block, 0, 0.001), regret(block, 0)
    assert wide.low <= usual.low
    assert wide.high > usual.high


def test_the_interval_and_the_test_agree() -> None:
    for number in range(20):
        block = seen(noisy(np.random.default_rng(number)))
        low = regret(block, 0).low
        assert worse(block, 0, low + 0.001) > 0.025
        if low > 0.002:
            assert worse(block, 0, low - 0.001) < 0.025


def test_rounds_that_are_not_shared_leave_no_upper_limit() -> None:
    block = seen(noisy(np.random.default_rng(6)))
    for table in (block.pairs.estimate, block.pairs.error, block.pairs.degrees):
        table[0, 3] = table[3, 0] = np.nan

    assert math.isinf(regret(block, 0).high)
    assert regret(block, 0).low > 0


def test_one_approach_alone_has_nothing_to_be_better_than() -> None:
    assert math.isinf(regret(seen(np.zeros((1, 5))), 0).high)


def test_holm_rejects_from_the_smallest_on_until_one_is_too_large() -> None:
    assert holm([0.04, 0.001, 0.012, 0.5], 0.05) == [False, True, True, False]
    assert holm([0.02], 0.05) == [True]
    assert holm([], 0.05) == []
    # the second is too large for its place, so the third isn't looked at
    assert holm([0.01, 0.03, 0.04], 0.05) == [True, False, False]
