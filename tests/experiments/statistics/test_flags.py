"""Noise is named where it is and nowhere else."""

import numpy as np
import pytest

from experiments.statistics.flags import mode_gap, noise_flags, resolvable_difference, rounds_needed
from experiments.statistics.records import RaceSettings

NAMES = [f"approach {number}" for number in range(6)]


def matrix(rounds=20, sd=0.01, seed=0):
    return np.random.default_rng(seed).normal(0, sd, (6, rounds))


def flags(table):
    return noise_flags(table, NAMES, RaceSettings())


@pytest.mark.parametrize("seed", range(10))
def test_a_quiet_machine_has_no_flags(seed):
    assert flags(matrix(seed=seed)) == ()


def test_launches_too_noisy_for_a_tie():
    assert flags(matrix(sd=0.05))[0].startswith("launches differ by")


def test_bursts():
    table = matrix()
    table[[0, 1, 2, 3, 4, 5], [3, 7, 7, 11, 15, 2]] += 0.3
    assert any(flag.startswith("bursts of interference: 5%") for flag in flags(table))


def test_drift_is_measured():
    table = matrix(sd=0.002) + np.linspace(0, np.log(1.3), 20)
    (flag,) = flags(table)
    assert flag.startswith("the machine drifted by 2")


def test_one_slow_round_is_no_drift():
    table = matrix()
    table[:, 5] += 0.5
    assert flags(table) == ()


def test_two_modes_are_named():
    table = matrix(rounds=24)
    table[2, ::3] += 0.15
    assert any("two groups" in flag and "approach 2" in flag for flag in flags(table))


@pytest.mark.parametrize("shape", [(0, 0), (1, 10), (4, 1)])
def test_too_little_to_judge_noise_by_is_not_flagged(shape):
    assert noise_flags(np.zeros(shape), NAMES[: shape[0]], RaceSettings()) == ()


def test_a_gap_below_three_percent_is_no_second_mode():
    assert mode_gap(np.repeat([0.0, 0.02], 10)) == 0.0
    assert mode_gap(np.repeat([0.0, 0.10], 10)) > 100


def test_rounds_grow_with_the_square_of_the_noise():
    few, many = (rounds_needed(sd, 0.001, 3.0, 0.05, 3) for sd in (0.05, 0.10))
    assert 3.3 < many / few < 4.3


def test_rounds_needed_really_make_the_bound_half_a_margin_wide():
    needed = rounds_needed(0.05, 0.001, 3.0, 0.05, 3)
    half_margin = np.log(1.05) / 2
    assert np.log1p(resolvable_difference(0.05, 0.001, 3.0, needed)) / 2 <= half_margin
    assert np.log1p(resolvable_difference(0.05, 0.001, 3.0, round(needed * 0.95))) / 2 > half_margin
