"""The points of one curve, and the rule for a first worker on a path of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: model error of a curve, in log seconds: no curve is known better than 10%
TAU = 0.10
#: N = 1 took a special path if 1 to 2 is steeper than this log-log slope ...
SPECIAL_SLOPE = 1.15
#: ... or flatter than what follows by more than this
SPECIAL_KINK = 0.3


@dataclass(frozen=True)
class Points:
    """Seconds (or times relative to a baseline) against N, ascending; all of shape (n,).

    `log_sd` is the standard error of the log seconds, without the error of any law.
    """

    workers: Floats
    seconds: Floats
    log_sd: Floats

    @classmethod
    def of(cls, workers: ArrayLike, seconds: ArrayLike, log_sd: ArrayLike = 0.0) -> Points:
        """The points that are known, sorted: without times that are missing, zero or infinite.

        Several at the same N become their geometric mean. An unknown standard error counts as 0.
        """
        n, y, s = (
            np.asarray(values, dtype=float)
            for values in np.broadcast_arrays(workers, seconds, log_sd)
        )
        known = np.isfinite(n) & (n > 0) & np.isfinite(y) & (y > 0)
        n, logs, s = n[known], np.log(y[known]), np.nan_to_num(s[known], posinf=0.0)
        single, place, many = np.unique(n, return_inverse=True, return_counts=True)
        means = np.bincount(place, logs, len(single)) / many
        errors = np.sqrt(np.bincount(place, s**2, len(single))) / many
        return cls(single, np.exp(means), errors)

    @property
    def logs(self) -> Floats:
        """Log seconds."""
        return np.log(self.seconds)

    @property
    def spread(self) -> Floats:
        """Standard deviation of a log time about a law: its own error and the law's."""
        return np.hypot(self.log_sd, TAU)

    @property
    def largest(self) -> float:
        """K, the largest N measured."""
        return float(self.workers[-1])

    def __len__(self) -> int:
        return len(self.workers)

    def without_first(self) -> Points:
        """The same without the smallest N."""
        return Points(self.workers[1:], self.seconds[1:], self.log_sd[1:])


def special_first(points: Points) -> bool:
    """Whether N = 1 took a path of its own, so that it must stay out of the fit."""
    if len(points) < 3 or points.workers[0] != 1:
        return False
    slopes = -np.diff(points.logs) / np.diff(np.log(points.workers))
    kink = slopes[1] - slopes[0] > SPECIAL_KINK and slopes[1] <= SPECIAL_SLOPE
    return bool(slopes[0] > SPECIAL_SLOPE or kink)
