"""Robust fits: what a wild launch can and can't do."""

import numpy as np
import pytest

from experiments.statistics.robust import (
    median,
    median_variance,
    polish,
    residual_variance,
    robust_sd,
    robust_sd_rows,
    winsorise,
    winsorise_row,
)


def noise(seed, shape, sd=0.02):
    return np.random.default_rng(seed).normal(0, sd, shape)


@pytest.mark.parametrize("shape", [(1,), (2,), (7,), (3, 5), (4, 6), (2, 3, 4)])
def test_the_median_is_numpys(shape):
    values = noise(9, shape)
    for axis in range(len(shape)):
        assert np.array_equal(median(values, axis), np.median(values, axis=axis, keepdims=True))


@pytest.mark.parametrize("degrees", [1, 2, 4, 7, 19])
def test_the_median_of_variance_estimates_tells_the_variance(degrees):
    estimates = noise(10, (20_000, degrees + 1), sd=1).var(axis=1, ddof=1)
    assert np.median(estimates) / median_variance(degrees) == pytest.approx(1, rel=0.05)


def test_polish_leaves_nothing_of_an_additive_table():
    table = np.array([0.0, 1.0, 5.0])[:, None] + np.array([0.1, 0.7, 0.2, 0.4])
    assert np.allclose(polish(table), 0, atol=1e-12)


def test_polish_does_not_see_constants_added_to_rounds():
    table, rounds = noise(1, (6, 9)), noise(2, 9, 0.3)
    assert np.allclose(polish(table + rounds), polish(table), atol=1e-12)


def test_polish_leaves_a_wild_launch_in_its_own_residual():
    table = noise(3, (6, 9), 0.01)
    table[2, 4] += 3.0
    residuals = polish(table)
    assert residuals[2, 4] == pytest.approx(3.0, abs=0.05)
    residuals[2, 4] = 0
    assert np.abs(residuals).max() < 0.1


def test_robust_sd_estimates_the_sd_of_normal_noise():
    assert robust_sd(noise(4, 20_000, 0.05)) == pytest.approx(0.05, rel=0.03)


def test_robust_sd_leaves_out_the_exact_zeros_of_a_median_fit():
    values = np.array([0.0, 0.0, 0.0, 1.0, -1.0])
    assert robust_sd(values) == pytest.approx(1.4826)


def test_robust_sd_of_nothing_but_zeros_is_zero():
    assert robust_sd(np.zeros(4)) == 0.0


def test_robust_sd_of_rows_is_taken_row_by_row():
    rows = np.array([[1.0, -1.0], [3.0, -3.0], [0.0, 0.0]])
    assert robust_sd_rows(rows) == pytest.approx([1.4826, 3 * 1.4826, 0.0])


def test_winsorise_pulls_a_wild_launch_to_the_bound_and_keeps_it():
    table = noise(5, (6, 8), 0.01)
    table[0, 1] += np.log(10)
    data = winsorise(table, 2.0)
    assert data.pulled[0, 1]
    assert 0 < data.values[0, 1] < 0.1
    assert data.values.shape == table.shape


def test_winsorise_leaves_all_other_values_untouched_to_the_last_bit():
    table = noise(6, (5, 8))
    data = winsorise(table, 2.0)
    assert (data.values[~data.pulled] == table[~data.pulled]).all()


def test_winsorise_does_not_trim_a_noisy_candidate_to_look_precise():
    table = noise(7, (8, 12), 0.005)
    table[3] *= 20
    assert winsorise(table, 2.0).pulled[3].mean() < 0.35


@pytest.mark.parametrize("shape", [(1, 10), (4, 2)])
def test_winsorise_pulls_nothing_where_nothing_can_be_told(shape):
    table = np.zeros(shape)
    table[0, 0] = 100.0
    assert not winsorise(table, 2.0).pulled.any()


def test_a_short_series_is_left_alone_and_a_longer_one_is_pulled():
    values = np.array([0.0, 0.01, -0.01, 5.0])
    assert not winsorise_row(values, 2.0).pulled.any()
    data = winsorise_row(np.append(values, 0.02), 2.0)
    assert data.pulled.tolist() == [False, False, False, True, False]
    assert data.values[3] < 0.1


def test_residual_variance_is_unbiased_and_blind_to_round_effects():
    tables = [noise([8, n], (5, 6), 0.1) + noise([9, n], 6, 1.0) for n in range(400)]
    assert np.mean([residual_variance(t) for t in tables]) == pytest.approx(0.01, rel=0.05)
