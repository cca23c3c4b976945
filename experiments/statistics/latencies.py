"""Quantiles of item latencies, with intervals, from the histograms of several launches."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from experiments.launch.latency import GROWTH
from experiments.statistics.intervals import quantile_interval
from experiments.statistics.records import Interval
from experiments.statistics.robust import Array

#: a launch's buckets: their middles in ms, and how many items each holds
Histogram = tuple[Array, npt.NDArray[np.int64]]
#: a bucket's end over its middle
_HALF_BUCKET = math.sqrt(GROWTH)


def latency_interval(
    launches: Sequence[Histogram], probability: float, level: float = 0.95
) -> Interval:
    """The latency in ms that this share of all items keeps, with its interval.

    The limits are the outer ends of their buckets, as a value may lie anywhere in its own. The
    upper one is infinite where the items are too few to show one; a single launch gives no limits
    (NaN), none at all a ValueError.
    """
    if not launches:
        raise ValueError("no launches: there is no latency to give")
    items = [np.repeat(middles, counts) for middles, counts in launches]
    if len(items) == 1:
        return Interval(float(np.quantile(items[0], probability)), math.nan, math.nan)
    found = quantile_interval(items, probability, level)
    return Interval(found.estimate, found.low / _HALF_BUCKET, found.high * _HALF_BUCKET)
