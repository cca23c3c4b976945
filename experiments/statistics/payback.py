"""How many batches a pool must live to earn back its start: a ratio of two paired means."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from experiments.statistics.intervals import t_quantile
from experiments.statistics.records import Interval

#: fewer rounds give no interval that says anything (t with one degree of freedom is 12.7)
FEWEST_ROUNDS = 3


def ratio_of_means(
    above: npt.ArrayLike, below: npt.ArrayLike, level: float = 0.95
) -> Interval | None:
    """mean(above) / mean(below) of paired values, shape (n,) each, with Fieller's interval (1954).

    None below FEWEST_ROUNDS pairs, or where the mean below is not proven above 0: then no upper
    end can be given, and the ratio itself means nothing.
    """
    top, bottom = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    count = top.size
    if count < FEWEST_ROUNDS:
        return None
    a, b = float(top.mean()), float(bottom.mean())
    covariance = np.cov(top, bottom, ddof=1) / count
    reach = float(t_quantile(0.5 + level / 2, count - 1)) ** 2
    # the ratios r for which mean(above - r below) is not told from 0 lie between the two roots
    square = b * b - reach * float(covariance[1, 1])
    if b <= 0 or square <= 0:
        return None
    half = a * b - reach * float(covariance[0, 1])
    rest = a * a - reach * float(covariance[0, 0])
    root = math.sqrt(max(half * half - square * rest, 0.0))
    return Interval(a / b, (half - root) / square, (half + root) / square)


def batches(extra: Sequence[float], saved: Sequence[float]) -> Interval | None:
    """Whole batches until a pool has earned back its start and stop; at least 1.

    `extra`: seconds its start and stop took beyond the sequential program's, by round; `saved`:
    seconds that a batch took less. None where it is not proven that it ever pays.
    """
    ratio = ratio_of_means(extra, saved)
    if ratio is None:
        return None
    ends = (ratio.estimate, ratio.low, ratio.high)
    return Interval(*(float(max(1, math.ceil(end))) for end in ends))
