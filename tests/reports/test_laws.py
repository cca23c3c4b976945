from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from reports import laws

WORKERS = np.array([1.0, 2, 4, 8, 16, 32])
CERTAIN = np.full(6, 0.01)


def amdahl(alpha: float, cores: float, price: float = 0.0) -> laws.Floats:
    """Exact times: a = alpha, d = 1 - alpha."""
    used = np.minimum(WORKERS, cores)
    return alpha + (1 - alpha) / used + price * np.maximum(0, WORKERS / cores - 1)


@pytest.mark.parametrize("alpha", [0.0, 0.03, 0.25, 1.0])
def test_an_exact_curve_gives_back_its_serial_fraction(alpha: float) -> None:
    fitted = laws.fit_amdahl(WORKERS, amdahl(alpha, 64), CERTAIN, cores=64)
    assert fitted.serial_fraction == pytest.approx(alpha, abs=1e-9)


def test_more_workers_than_cores_have_their_own_price() -> None:
    fitted = laws.fit_amdahl(WORKERS, amdahl(0.1, 8, price=0.02), CERTAIN, cores=8)
    assert fitted.serial_fraction == pytest.approx(0.1, abs=1e-9)
    assert fitted.oversubscription == pytest.approx(0.02, abs=1e-9)


def test_the_fit_is_about_ratios_not_seconds() -> None:
    curve = amdahl(0.1, 8) * np.exp([0.02, -0.03, 0.01, 0.02, -0.02, 0.01])
    small, large = (laws.fit_amdahl(WORKERS, curve * unit, CERTAIN, 8) for unit in (1e-6, 1e3))
    assert small.serial_fraction == pytest.approx(large.serial_fraction, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_nonnegative_least_squares_agrees_with_scipy(seed: int, width: int) -> None:
    random = np.random.default_rng(seed)
    designs, targets = random.normal(size=(4, 6, width)), random.normal(size=(4, 6))
    found = laws.nonnegative(designs, targets)
    for design, target, own in zip(designs, targets, found, strict=True):
        assert (own >= 0).all()
        expected = np.linalg.norm(design @ nnls(design, target)[0] - target)
        assert np.linalg.norm(design @ own - target) == pytest.approx(expected, abs=1e-9)


def test_the_bootstrap_is_seeded_and_surrounds_the_truth() -> None:
    curve = amdahl(0.2, 64)
    first, again = (laws.bootstrap_amdahl(WORKERS, curve, CERTAIN, 64, seed=5) for _ in range(2))
    low, high = np.quantile(first, [0.05, 0.95])
    assert (first == again).all()
    assert low < 0.2 < high
    assert high - low > 0.01, "no curve is known better than 10%"


def test_a_first_worker_on_a_path_of_its_own_is_seen() -> None:
    workers = np.array([1.0, 2, 4])
    assert laws.special_first(workers, np.array([1.0, 0.4, 0.22]))
    assert laws.special_first(workers, np.array([1.0, 0.9, 0.5]))
    assert not laws.special_first(workers, np.array([1.0, 0.52, 0.28]))
    assert not laws.special_first(workers[1:], np.array([0.5, 0.2]))
