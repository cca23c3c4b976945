"""Speedup laws as pure functions: the time of a batch from the number of workers.

Amdahl's law with the core count known, not fitted, N workers on c cores, m = min(N, c):

    T(N) = a + d / m + w max(0, N / c - 1)          serial fraction alpha = a / (a + d)

a is the serial part, d the divisible one, w the price of more workers than cores (Amdahl 1967; the
last term is this project's). Every coefficient is at least 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: model error of a curve, in log seconds: no curve is known better than 10%
TAU = 0.10
#: the log residuals are linear enough after so many steps on all published curves tried
GAUSS_NEWTON_STEPS = 12
_CONVERGED = 1e-10
#: N = 1 took a special path if 1 to 2 is steeper than this log-log slope ...
SPECIAL_SLOPE = 1.15
#: ... or flatter than what follows by more than this
SPECIAL_KINK = 0.3


@dataclass(frozen=True)
class Amdahl:
    """A fitted law: seconds of the serial part, the divisible part and the oversubscription."""

    serial: float
    divisible: float
    oversubscription: float

    @property
    def serial_fraction(self) -> float:
        """Alpha: the share of one worker's time that never gets faster."""
        return self.serial / (self.serial + self.divisible)


def special_first(workers: Floats, seconds: Floats) -> bool:
    """Whether N = 1 took a path of its own, so that it must stay out of the fit.

    Arguments: workers, ascending, and their seconds, both shape (n,).
    """
    if len(workers) < 3 or workers[0] != 1:
        return False
    slopes = -np.diff(np.log(seconds)) / np.diff(np.log(workers))
    kink = slopes[1] - slopes[0] > SPECIAL_KINK and slopes[1] <= SPECIAL_SLOPE
    return bool(slopes[0] > SPECIAL_SLOPE or kink)


def amdahl_design(workers: Floats, cores: float) -> Floats:
    """Columns of T(N) for its coefficients, shape (n, 2) or, with some N above c, (n, 3)."""
    columns = [np.ones_like(workers), 1 / np.minimum(workers, cores)]
    if (workers > cores).any():
        columns.append(np.maximum(0.0, workers / cores - 1))
    return np.stack(columns, axis=1)


def fit_amdahl(workers: Floats, seconds: Floats, log_sd: Floats, cores: float) -> Amdahl:
    """The weighted fit; all arguments shape (n,), `log_sd` the standard errors of log seconds."""
    weights = 1 / np.sqrt(log_sd**2 + TAU**2)
    found = _relative_fit(amdahl_design(workers, cores), seconds[None, :], weights)[0]
    return _amdahl(found)


def bootstrap_amdahl(
    workers: Floats, seconds: Floats, log_sd: Floats, cores: float, seed: int, repeats: int = 200
) -> Floats:
    """Serial fractions of fits to perturbed curves, shape (repeats,): log y + N(0, s2 + tau2)."""
    spread = np.sqrt(log_sd**2 + TAU**2)
    noise = np.random.default_rng(seed).normal(size=(repeats, len(seconds))) * spread
    found = _relative_fit(amdahl_design(workers, cores), seconds * np.exp(noise), 1 / spread)
    total = found[:, 0] + found[:, 1]
    return np.asarray(found[:, 0] / np.where(total > 0, total, 1.0))


def _amdahl(coefficients: Floats) -> Amdahl:
    serial, divisible, *rest = (float(value) for value in coefficients)
    return Amdahl(serial, divisible, rest[0] if rest else 0.0)


def _relative_fit(design: Floats, seconds: Floats, weights: Floats) -> Floats:
    """Minimise weighted log residuals of many curves at once.

    Design (n, p), seconds (B, n), weights (n,); returns coefficients (B, p). Starts from relative
    residuals; a Gauss-Newton step on log(y / f) is again linear, with target 1 + log(y / f).
    """
    scaled = weights[None, :, None] * design[None, :, :]
    found = nonnegative(scaled / seconds[:, :, None], np.broadcast_to(weights, seconds.shape))
    for _ in range(GAUSS_NEWTON_STEPS):
        fitted = np.maximum(found @ design.T, 1e-300)
        target = weights * (1 + np.log(seconds / fitted))
        better = nonnegative(scaled / fitted[:, :, None], target)
        moved = np.abs(better - found).max() / found.max()
        found = better
        if moved < _CONVERGED:
            break
    return found


def nonnegative(designs: Floats, targets: Floats) -> Floats:
    """Least squares with coefficients >= 0, for many small problems at once.

    Designs (B, n, p), targets (B, n); returns (B, p). Tries every set of free columns (p is at most
    3 here), keeps the feasible solution with the smallest residual: exact, and needs no iteration.
    """
    count, _, width = designs.shape
    best = np.zeros((count, width))
    smallest = np.einsum("bn,bn->b", targets, targets)
    for size in range(1, width + 1):
        for free in combinations(range(width), size):
            found = _least_squares(designs[:, :, free], targets)
            residual = targets - np.einsum("bnp,bp->bn", designs[:, :, free], found)
            squares = np.einsum("bn,bn->b", residual, residual)
            better = (found >= 0).all(axis=1) & (squares < smallest)
            smallest = np.where(better, squares, smallest)
            trial = np.zeros((count, width))
            trial[:, free] = found
            best = np.where(better[:, None], trial, best)
    return best


def _least_squares(designs: Floats, targets: Floats) -> Floats:
    # columns scaled to length 1, then a pseudo-inverse: survives columns that are all but parallel
    lengths = np.maximum(np.linalg.norm(designs, axis=1, keepdims=True), 1e-300)
    inverse = np.linalg.pinv(designs / lengths)
    return np.asarray(np.einsum("bpn,bn->bp", inverse, targets) / lengths[:, 0, :])
