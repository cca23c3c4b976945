"""Intervals cover what they promise, and stay finite and honest at the edges."""

import math

import numpy as np
import pytest

from experiments.statistics.intervals import (
    Noise,
    Pairs,
    centre_interval,
    centres,
    exponential,
    paired_interval,
    pairwise,
    quantile_interval,
    t_quantile,
    welch,
)
from experiments.statistics.records import Interval
from experiments.statistics.robust import Winsorised, residual_variance, winsorise
from experiments.statistics.simulate.regimes import REGIMES
from experiments.statistics.simulate.world import World


def plain(matrix):
    return Winsorised(matrix, np.zeros(matrix.shape, dtype=bool))


def test_t_quantile_is_students():
    assert t_quantile(0.975, 4) == pytest.approx(2.7764451, rel=1e-6)
    assert t_quantile(0.975, 1e6) == pytest.approx(1.96, abs=1e-3)


def test_without_prior_or_outliers_a_pair_is_the_textbook_paired_t():
    matrix = np.array([[1.0, 1.2, 1.1, 1.3], [0.9, 1.0, 1.1, 0.8]])
    difference = matrix[0] - matrix[1]
    pairs = pairwise(plain(matrix), Noise())
    assert pairs.estimate[0, 1] == pytest.approx(difference.mean())
    assert pairs.error[0, 1] == pytest.approx(difference.std(ddof=1) / 2)
    assert pairs.degrees[0, 1] == 3


def test_a_pair_is_antisymmetric_and_nothing_on_the_diagonal():
    matrix = np.random.default_rng(0).normal(0, 0.1, (4, 5))
    low, high = pairwise(plain(matrix), Noise(0.01, 3)).bounds(0.025)
    assert np.allclose(low, -high.T)
    assert (np.diag(low) == 0).all()
    assert (np.diag(high) == 0).all()


def test_the_prior_moves_the_variance_towards_the_block():
    matrix = np.array([[0.0, 0.0, 0.0], [0.1, 0.1, 0.1]])
    pairs = pairwise(plain(matrix), Noise(variance=0.02, degrees=3))
    assert pairs.error[0, 1] ** 2 == pytest.approx(3 * 2 * 0.02 / 5 / 3)
    assert pairs.degrees[0, 1] == 5


def test_pulled_launches_cost_degrees_of_freedom_and_width():
    matrix = np.random.default_rng(1).normal(0, 0.1, (2, 6))
    pulled = np.zeros((2, 6), dtype=bool)
    pulled[0, 0] = pulled[1, 3] = True
    clean, cut = pairwise(plain(matrix), Noise()), pairwise(Winsorised(matrix, pulled), Noise())
    assert cut.degrees[0, 1] == clean.degrees[0, 1] - 2
    assert cut.error[0, 1] == pytest.approx(clean.error[0, 1] * math.sqrt(5 / 3))


@pytest.mark.parametrize("rounds", [3, 5, 12])
def test_pairwise_limits_are_calibrated(rounds):
    """Catches a halved error, a normal quantile, a prior of too much weight."""
    upper = np.triu_indices(10, 1)
    covered = []
    for seed in range(400):
        matrix = np.random.default_rng([2, seed]).normal(0, 0.03, (10, rounds))
        data = winsorise(matrix, 2.0)
        pairs: Pairs = pairwise(data, Noise(float(residual_variance(data.values).mean()), 3))
        low, high = pairs.bounds(0.025)
        covered.append(((low <= 0) & (high >= 0))[upper].mean())
    assert 0.94 <= np.mean(covered) <= 0.985


@pytest.mark.parametrize("regime", ["typical", "bursts", "hostile"])
def test_the_paired_interval_covers_the_true_speedup(regime):
    times = np.r_[1.0, np.full(6, 2.0), 4.0]
    covered = []
    for seed in range(400):
        matrix = measured(World(np.random.default_rng([5, seed]), times, REGIMES[regime]), 8)
        variance = float(residual_variance(winsorise(matrix, 2.0).values).mean())
        interval = paired_interval(matrix[-1] - matrix[0], noise=Noise(variance, 3))
        covered.append(interval.low <= math.log(4) <= interval.high)
    assert 0.92 <= np.mean(covered) <= 0.995


def measured(world, rounds):
    columns, now = [], 0.0
    for number in range(rounds):
        values, used = world.round(range(len(world.times)), number, now)
        columns.append([values[approach] for approach in range(len(world.times))])
        now += used
    return np.array(columns).T


def test_one_wild_launch_moves_the_paired_interval_little():
    differences = np.random.default_rng(3).normal(0.7, 0.01, 10)
    wild = differences.copy()
    wild[4] += math.log(100)
    assert paired_interval(wild).estimate == pytest.approx(
        paired_interval(differences).estimate, abs=0.01
    )


def test_a_paired_interval_needs_two_launches():
    with pytest.raises(ValueError, match="two launches or more, not 1"):
        paired_interval([0.1])


def test_the_centre_is_the_geometric_mean_in_seconds():
    interval = centre_interval(np.log([0.1, 0.4]))
    assert interval.estimate == pytest.approx(0.2)
    assert interval.low < 0.1 < 0.4 < interval.high


def test_the_centre_interval_covers():
    covered = []
    for seed in range(600):
        values = np.random.default_rng([4, seed]).normal(-1.5, 0.05, 5)
        interval = centre_interval(values)
        covered.append(interval.low <= math.exp(-1.5) <= interval.high)
    assert 0.93 <= np.mean(covered) <= 0.99


def test_one_launch_gives_a_centre_without_limits():
    interval = centre_interval([math.log(0.2)])
    assert interval.estimate == pytest.approx(0.2)
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


def test_no_launch_gives_no_centre():
    with pytest.raises(ValueError, match="no launches"):
        centre_interval([])


def test_exponential_turns_logs_into_ratios():
    assert exponential(Interval(0.0, -math.log(2), math.log(2))) == Interval(
        1.0, pytest.approx(0.5), pytest.approx(2.0)
    )


def latencies(rng, launches, items=200, launch_sd=0.05, item_sd=0.8):
    """Log-normal items whose launches differ by an effect of their own."""
    effects = rng.normal(0, launch_sd, (launches, 1))
    return list(np.exp(effects + rng.normal(0, item_sd, (launches, items))))


def test_the_quantile_interval_covers_with_launch_effects():
    truth = np.quantile(np.concatenate(latencies(np.random.default_rng(9), 20_000)), 0.95)
    intervals = [
        quantile_interval(latencies(np.random.default_rng([1, seed]), 10), 0.95)
        for seed in range(300)
    ]
    assert np.mean([i.low <= truth <= i.high for i in intervals]) >= 0.90


def test_the_quantile_interval_widens_with_launch_effects():
    def width(launch_sd):
        drawn = latencies(np.random.default_rng(2), 10, launch_sd=launch_sd)
        interval = quantile_interval(drawn, 0.5)
        return interval.high - interval.low

    assert width(0.5) > 3 * width(0.0)


def test_an_upper_end_without_data_is_infinite():
    interval = quantile_interval([[1.0, 2.0, 3.0], [1.5, 2.5, 3.5]], 0.99)
    assert interval.high == math.inf
    assert 1.0 <= interval.low <= interval.estimate <= 3.5


@pytest.mark.parametrize("launches", [[], [[1.0, 2.0]], [[1.0], []]])
def test_a_quantile_interval_needs_two_launches_with_values(launches):
    with pytest.raises(ValueError, match="two launches or more, none of them empty"):
        quantile_interval(launches, 0.5)


def test_centres_are_the_intervals_of_each_row():
    rows = np.random.default_rng(3).normal(0, 0.1, (6, 8))
    rows[2, 5] = 3.0  # pulled in
    found = centres(rows)
    for row, estimate, error, degrees in zip(
        rows, found.estimate, found.error, found.degrees, strict=True
    ):
        one = paired_interval(row)
        assert one.estimate == pytest.approx(estimate, rel=1e-12)
        assert one.high - one.estimate == pytest.approx(t_quantile(0.975, degrees) * error)


def test_centres_need_two_values():
    with pytest.raises(ValueError, match="two launches or more"):
        centres(np.zeros((3, 1)))


def test_welch_is_the_textbook_one():
    one, other = np.array([[1.0, 1.2, 1.1, 1.3]]), np.array([[0.9, 1.0, 1.4]])
    found = welch(centres(one), centres(other))
    parts = one.var(ddof=1) / 4, other.var(ddof=1) / 3
    assert found.estimate[0] == pytest.approx(one.mean() - other.mean())
    assert found.error[0] == pytest.approx(math.sqrt(sum(parts)))
    degrees = sum(parts) ** 2 / (parts[0] ** 2 / 3 + parts[1] ** 2 / 2)
    assert found.degrees[0] == pytest.approx(degrees)


def test_welch_without_any_spread_is_exact():
    found = welch(centres(np.zeros((1, 4))), centres(np.ones((1, 3))))
    assert (found.estimate[0], found.error[0], found.degrees[0]) == (-1, 0, 5)


def test_a_p_value_is_a_half_at_the_estimate_and_agrees_with_the_limit():
    found = centres(np.random.default_rng(5).normal(0.2, 0.1, (1, 8)))
    low = found.estimate[0] - t_quantile(0.975, found.degrees[0]) * found.error[0]
    assert found.above(found.estimate[0])[0] == pytest.approx(0.5)
    assert found.above(low)[0] == pytest.approx(0.025)


def test_a_p_value_without_spread_is_sure_and_of_what_is_unknown_unknown():
    assert list(centres(np.ones((1, 4))).above(0.5)) == [0.0]
    assert list(centres(np.ones((1, 4))).above(1.5)) == [1.0]
    assert np.isnan(Pairs(*(np.array([np.nan]),) * 3).above(0.0)[0])
