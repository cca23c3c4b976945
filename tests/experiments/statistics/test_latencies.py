"""Tail latencies from histograms: right on known numbers, and as sure as they say."""

import math

import numpy as np
import pytest

from experiments.launch.latency import GROWTH, bucket, middle_ms
from experiments.statistics import latency_interval, quantile_interval
from experiments.statistics.simulate.tails import (
    BOUND,
    KINDS,
    check_tails,
    coverage,
    histogram,
    true_quantile,
)

REPLICATIONS = 150


def launches(seed, count=5, items=2000):
    draw, _ = KINDS["shifted launches"]
    rng = np.random.default_rng(seed)
    return [draw(rng, items) for _ in range(count)]


def test_the_histogram_changes_little():
    drawn = launches(1)
    for probability in (0.5, 0.95, 0.99):
        exact = quantile_interval(drawn, probability)
        found = latency_interval([histogram(launch) for launch in drawn], probability)
        assert found.estimate == pytest.approx(exact.estimate, rel=0.0101)
        assert found.low == pytest.approx(exact.low, rel=0.04)
        assert found.high == pytest.approx(exact.high, rel=0.04)


def test_limits_are_the_outer_ends_of_their_buckets():
    same = [(np.array([middle_ms(70)]), np.array([300]))] * 5
    found = latency_interval(same, 0.5)
    assert found.estimate == middle_ms(70)
    assert (found.low, found.high) == pytest.approx((GROWTH**70, GROWTH**71))


def test_few_items_show_no_upper_limit():
    found = latency_interval([histogram(launch) for launch in launches(2, 3, 20)], 0.99)
    assert found.high == math.inf
    assert found.low < found.estimate


def test_one_launch_gives_a_latency_without_limits():
    found = latency_interval([(np.array([1.0, 3.0]), np.array([1, 1]))], 0.5)
    assert found.estimate == 2.0
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_no_launch_gives_no_latency():
    with pytest.raises(ValueError, match="no launches"):
        latency_interval([], 0.5)


def test_the_simulated_histogram_is_the_launchs_own():
    drawn = launches(3, 1)[0]
    middles, counts = histogram(drawn)
    own = sorted(middle_ms(bucket(round(taken * 1e6))) for taken in drawn)
    assert np.repeat(middles, counts) == pytest.approx(own, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_truth_of_the_simulation_is_true(kind):
    draw, slow = KINDS[kind]
    rng = np.random.default_rng(4)
    pool = np.concatenate([draw(rng, 100) for _ in range(20_000)])
    assert true_quantile(slow) == pytest.approx(np.quantile(pool, 0.99), rel=0.02)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [3, 5, 12])
def test_the_tail_interval_covers_when_launches_differ(kind, count):
    assert coverage(kind, count, 1000, REPLICATIONS) > BOUND


def test_a_tail_interval_that_covers_too_little_breaks_its_bound(monkeypatch):
    monkeypatch.setattr("experiments.statistics.simulate.tails.PROBABILITY", 0.5)
    monkeypatch.setattr("experiments.statistics.simulate.tails.true_quantile", lambda slow: 1.2)
    assert not all(check.passed for check in check_tails(20))
