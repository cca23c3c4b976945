"""Noise that does not follow the bell curve: fits and spreads that a wild launch can't move.

Matrices are candidates x rounds of log seconds, complete (every candidate ran in every round).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri  # type: ignore[import-untyped, unused-ignore]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

#: makes the median absolute deviation estimate the sd of normal noise
MAD_TO_SD = 1.4826
#: residuals below this are the exact zeros that a median fit leaves, not observations of noise
ZERO = 1e-12
#: a spread of nothing still lets rounding errors pass unpulled
TOLERANCE = 1e-9
#: fewest rounds in which a launch can be called an outlier of its candidate
MIN_ROUNDS = 3


@dataclass(frozen=True)
class Winsorised:
    """Values with far launches pulled in, and which ones were."""

    values: Array
    pulled: Mask


def median(values: Array, axis: int = -1) -> Array:
    """Median along an axis, which stays with length 1.

    np.median gives the same, but spends ten times as long on checks when arrays are this small.
    """
    ordered = np.sort(values, axis=axis)
    count = ordered.shape[axis]
    lower, upper = (np.take(ordered, [place // 2], axis) for place in (count - 1, count))
    return np.asarray((lower + upper) / 2)


def polish(matrix: Array, sweeps: int = 4) -> Array:
    """Residuals of Tukey's median polish, matrix = candidate + round + residual.

    Rounds are fitted first: a constant added to a whole round then changes nothing at all.
    """
    rounds = median(matrix, axis=0)
    for _ in range(sweeps):
        rows = median(matrix - rounds, axis=1)
        rounds = median(matrix - rows, axis=0)
    return np.asarray(matrix - rows - rounds)


def robust_sd(residuals: Array) -> float:
    """Sd from the median of the non-zero absolute residuals, 0 if all are zero.

    A median fit passes through points, so it leaves exact zeros; counting them biases low.
    """
    sizes = np.abs(residuals)
    sizes = sizes[sizes > ZERO]
    return MAD_TO_SD * float(median(sizes)[0]) if sizes.size else 0.0


def robust_sd_rows(residuals: Array) -> Array:
    """`robust_sd` of each row."""
    return np.array([robust_sd(row) for row in residuals])


def winsorise(matrix: Array, clip: float) -> Winsorised:
    """Pull launches beyond `clip` robust sds of the additive fit back to that distance.

    The sd is the larger of the block's and the candidate's, so that a candidate with noisy
    launches is not trimmed to look precise. With one candidate or under three rounds nothing
    can be told from the fit, and nothing is pulled.
    """
    if matrix.shape[0] < 2 or matrix.shape[1] < MIN_ROUNDS:
        return Winsorised(matrix, np.zeros(matrix.shape, dtype=bool))
    residuals = polish(matrix)
    spread = np.maximum(robust_sd(residuals), robust_sd_rows(residuals))
    bound = clip * spread[:, None] + TOLERANCE
    inside = np.clip(residuals, -bound, bound)
    pulled = np.abs(residuals) > bound
    return Winsorised(np.where(pulled, matrix - residuals + inside, matrix), pulled)


def winsorise_row(values: Array, clip: float, min_count: int = 5) -> Winsorised:
    """The same for one series around its median; under `min_count` values nothing is pulled."""
    if values.size < min_count:
        return Winsorised(values, np.zeros(values.shape, dtype=bool))
    residuals = values - median(values)
    bound = clip * robust_sd(residuals) + TOLERANCE
    pulled = np.abs(residuals) > bound
    inside = np.clip(residuals, -bound, bound)
    return Winsorised(np.where(pulled, values - residuals + inside, values), pulled)


def residual_variance(matrix: Array) -> Array:
    """Each candidate's variance around the round means, unbiased where noise is equal."""
    count = matrix.shape[0]
    around = matrix - matrix.mean(axis=0)
    return np.asarray(around.var(axis=1, ddof=1) * count / max(count - 1, 1))


def median_variance(degrees: int) -> float:
    """Median of variance estimates with these degrees of freedom, of normal noise of variance 1.

    Dividing the median of several estimates by it makes that an estimate of their common variance.
    """
    return float(chdtri(degrees, 0.5)) / degrees
