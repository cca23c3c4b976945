"""Error rates of whole races on simulated machines, against the truth and against fixed rounds.

Reduced replications of the full study (`python -m experiments.statistics.simulate`).
"""

from functools import cache

import numpy as np
import pytest

from experiments.statistics import RaceSettings
from experiments.statistics.simulate.designs import (
    fixed_rounds,
    play_race,
)
from experiments.statistics.simulate.regimes import REGIMES
from experiments.statistics.simulate.scenes import SCENES
from experiments.statistics.simulate.study import APPROACHES, Cell, make_world, run_cell
from experiments.statistics.simulate.world import World

pytestmark = pytest.mark.slow

REPLICATIONS = 150
SETTINGS = RaceSettings()


@cache
def tally(scene, regime):
    return run_cell(Cell(scene, regime), REPLICATIONS, SETTINGS)


PLACES = [
    ("equal", "typical"),
    ("equal", "hostile"),
    ("ahead 7%", "typical"),
    ("ahead 7%", "bursts"),
    ("ahead 7%", "hostile"),
    ("ahead 10%", "typical"),
    ("ahead 10%", "noisy best"),
    ("realistic", "typical"),
    ("clear", "hostile"),
]


@pytest.mark.parametrize(("scene", "regime"), PLACES)
def test_false_winners_ties_and_no_gains_are_rare(scene, regime):
    found = tally(scene, regime)
    assert found.false_best + found.false_tie <= 0.02 * REPLICATIONS
    assert found.false_no_gain <= 0.02 * REPLICATIONS


@pytest.mark.parametrize(("scene", "regime"), [p for p in PLACES if p[0] != "equal"])
def test_the_true_best_is_rarely_put_out(scene, regime):
    assert tally(scene, regime).best_eliminated <= 0.02 * REPLICATIONS


@pytest.mark.parametrize(("scene", "regime"), PLACES)
def test_the_regret_bound_holds(scene, regime):
    assert tally(scene, regime).regret_held >= 0.95 * REPLICATIONS


def test_speedup_intervals_cover_the_truth_but_not_everything():
    found = [tally(*place) for place in PLACES]
    covered, intervals = (sum(getattr(t, f) for t in found) for f in ("covered", "intervals"))
    assert covered / intervals >= 0.93
    decided, of = (
        sum(getattr(t, f) for t in found) for f in ("covered_decided", "intervals_decided")
    )
    assert decided / of <= 0.99


def test_equals_on_a_typical_machine_tie():
    found = tally("equal", "typical")
    assert found.best == 0
    assert found.tie >= 0.95 * REPLICATIONS


def test_equals_on_a_hostile_machine_have_no_winner():
    assert tally("equal", "hostile").best == 0


def test_a_clear_race_is_decided_at_the_first_look():
    found = tally("clear", "typical")
    assert found.inconclusive == 0
    assert found.median_rounds == 2
    assert found.median_launches <= found.fixed_launches / 6


def test_ten_percent_ahead_costs_at_most_half_of_fixed_rounds():
    found = tally("ahead 10%", "typical")
    assert found.inconclusive <= 0.01 * REPLICATIONS
    assert found.median_launches <= found.fixed_launches / 2


def test_fixed_rounds_name_a_winner_where_there_is_none():
    world = make_world(Cell("equal", "typical"), 0)
    assert fixed_rounds(world).verdict == "best"
    assert fixed_rounds(world).launches == 20 * len(world.times)


def test_designs_meet_the_same_machine():
    first, second = (make_world(Cell("realistic", "bursts"), 3) for _ in range(2))
    assert play_race(first, SETTINGS, APPROACHES) == play_race(second, SETTINGS, APPROACHES)
    values, used = first.round([0, 1, 2], 0, 0.0)
    assert second.round([2, 0, 1], 0, 0.0) == (values, used)


@pytest.mark.parametrize("regime", REGIMES)
def test_simulated_times_are_true_in_the_middle(regime):
    """Whatever the noise, an approach twice as slow measures about twice as slow."""
    ratios = []
    for seed in range(60):
        world = World(np.random.default_rng(seed), np.array([1.0, 2.0, 2.0]), REGIMES[regime])
        values, _ = world.round([0, 1, 2], 0, 0.0)
        ratios.append(values[2] - values[0])
    assert np.median(ratios) == pytest.approx(np.log(2), abs=0.035)


@pytest.mark.parametrize("scene", SCENES)
def test_number_zero_is_the_best_of_every_scene(scene):
    times = SCENES[scene](APPROACHES, np.random.default_rng(1))
    assert len(times) == APPROACHES
    assert times[0] == times.min() == 1.0
