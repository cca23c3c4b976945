"""The textbook fit of USL: least squares of raw throughput, unweighted. For comparison only."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from reports.laws.points import Floats


@dataclass(frozen=True)
class Textbook:
    """X(N) = gamma N / (1 + alpha (N - 1) + beta N (N - 1)), with the standard error of alpha."""

    alpha: float
    beta: float
    gamma: float
    alpha_error: float

    def throughput(self, workers: Floats) -> Floats:
        """X at any N."""
        return _throughput(np.array([self.alpha, self.beta, self.gamma]), workers)

    @property
    def peak(self) -> float:
        """N of the largest throughput, infinite for beta = 0."""
        return math.sqrt((1 - self.alpha) / self.beta) if self.beta > 0 else math.inf


def fit_textbook(workers: Floats, throughput: Floats, gamma: float | None = None) -> Textbook:
    """Least squares with alpha and beta in [0, 1]; `gamma` fixed (to X(1), say) or free.

    Arguments shape (n,), n >= 3. Source: the R package usl (smoeding/usl) and Gunther (2007).
    """
    scale = float(throughput.max())
    start = float(throughput[0] / workers[0]) if gamma is None else gamma

    def residuals(found: Floats) -> Floats:
        rate = found[2] * start if gamma is None else gamma
        return (_throughput(np.array([found[0], found[1], rate]), workers) - throughput) / scale

    free = 3 if gamma is None else 2
    best = least_squares(
        lambda x: residuals(np.append(x, 1.0) if free == 2 else x),
        [0.05, 1e-4, 1.0][:free],
        bounds=([0.0] * free, [1.0, 1.0, np.inf][:free]),
        x_scale=[1e-2, 1e-4, 1.0][:free],
        xtol=1e-14, ftol=1e-14, gtol=1e-14, max_nfev=2000,
    )  # fmt: skip
    rate = start * float(best.x[2]) if gamma is None else gamma
    return Textbook(float(best.x[0]), float(best.x[1]), rate, _first_error(best, len(workers)))


def _first_error(best: object, count: int) -> float:
    jacobian, cost = np.asarray(best.jac), float(best.cost)  # type: ignore[attr-defined]
    freedom = max(count - jacobian.shape[1], 1)
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * 2 * cost / freedom
    return math.sqrt(float(covariance[0, 0]))


def _throughput(found: Floats, workers: Floats) -> Floats:
    alpha, beta, gamma = found
    return np.asarray(
        gamma * workers / (1 + alpha * (workers - 1) + beta * workers * (workers - 1))
    )


def fit_normalised(workers: Floats, throughput: Floats) -> Textbook:
    """Gunther's regression: N X(1) / X(N) - 1 on alpha (N - 1) + beta N (N - 1), by N = 1.

    Arguments shape (n,), the first point at N = 1. Source: Gunther (2007), 5.5.1 to 5.5.3; the R
    package usl called it "default". Unlike `fit_textbook` it may give a negative coefficient.
    """
    gamma = float(throughput[0])
    design = np.stack([workers - 1, workers * (workers - 1)], axis=1)
    lost = workers * gamma / throughput - 1
    alpha, beta = np.linalg.lstsq(design, lost, rcond=None)[0]
    residual = float(np.sum((lost - design @ [alpha, beta]) ** 2)) / max(len(lost) - 3, 1)
    error = math.sqrt(float(np.linalg.inv(design.T @ design)[0, 0]) * residual)
    return Textbook(float(alpha), float(beta), gamma, error)
