from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize, nnls

from reports.laws.solve import log_fit, nonnegative


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_nonnegative_least_squares_agrees_with_scipy(seed: int, width: int) -> None:
    random = np.random.default_rng(seed)
    designs, targets = random.normal(size=(4, 6, width)), random.normal(size=(4, 6))
    found = nonnegative(designs, targets)
    for design, target, own in zip(designs, targets, found, strict=True):
        assert (own >= 0).all()
        expected = np.linalg.norm(design @ nnls(design, target)[0] - target)
        assert np.linalg.norm(design @ own - target) == pytest.approx(expected, abs=1e-9)


def test_parallel_columns_have_a_solution() -> None:
    found = nonnegative(np.ones((1, 4, 2)), np.full((1, 4), 3.0))
    assert found.sum() == pytest.approx(3.0)


@pytest.mark.parametrize("seed", range(5))
def test_log_residuals_are_minimised(seed: int) -> None:
    """Against a general minimiser on the logs of positive coefficients."""
    random = np.random.default_rng(seed)
    workers = np.array([1.0, 2, 4, 8, 16])
    design = np.stack([np.ones(5), 1 / workers, workers - 1], axis=1)
    logs = np.log(design @ [0.2, 0.8, 0.01]) + random.normal(size=5) * 0.1
    spread = random.uniform(0.1, 0.2, 5)
    found, squares = log_fit(design, logs[None, :], spread)

    def loss(x: np.ndarray) -> float:
        return float((((logs - np.log(design @ np.exp(x))) / spread) ** 2).sum())

    best = minimize(loss, np.log([0.2, 0.8, 0.01]), method="Nelder-Mead", options={"maxiter": 4000})
    assert squares[0] == pytest.approx(best.fun, rel=1e-4, abs=1e-8)
    assert squares[0] == pytest.approx(loss(np.log(np.maximum(found[0], 1e-300))), rel=1e-9)


def test_the_fit_is_about_ratios_not_seconds() -> None:
    workers = np.array([1.0, 2, 4, 8, 16, 32])
    design = np.stack([np.ones(6), 1 / workers], axis=1)
    noise = np.array([0.02, -0.03, 0.01, 0.02, -0.02, 0.01])
    logs = np.log(design @ [0.1, 0.9]) + noise
    spread = np.full(6, 0.1)
    found = [log_fit(design, logs[None, :] + np.log(unit), spread)[0][0] for unit in (1e-6, 1e3)]
    assert found[0] / found[0].sum() == pytest.approx(found[1] / found[1].sum(), rel=1e-7)
