"""What an approach costs against the best of its block, whichever that is.

G = max over j of T_i / T_j, over all approaches j that worked. An upper limit: G is T_i / T_j of
the true best j, which doesn't depend on the data, so that one pair's upper limit holds with its own
error, and the largest of all upper limits is above it. A lower limit: G is at least every
T_i / T_j, and the largest of their lower limits holds if each spends the error divided by the
rivals. Nothing is assumed about which one is best, nor whether the block was decided.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from experiments.statistics.intervals import t_quantile
from experiments.statistics.records import Interval
from reports.compare.seen import Seen

#: error of one end of a 95% interval
TAIL = 0.025


def regret(seen: Seen, number: int, tail: float = TAIL) -> Interval:
    """How much of the best one's objective approach `number` adds, as a share: 0.2 is 20% more.

    The upper end is infinite where too few rounds are shared to tell.
    """
    row = seen.place[number]
    estimate, error, degrees = (
        table[row] for table in (seen.pairs.estimate, seen.pairs.error, seen.pairs.degrees)
    )
    others = np.arange(len(estimate)) != row
    if not others.any():
        return Interval(0.0, 0.0, math.inf)  # nothing to be better than
    estimate, error, degrees = estimate[others], error[others], degrees[others]
    low = estimate - t_quantile(1 - tail / others.sum(), degrees) * error
    high = estimate + t_quantile(1 - tail, degrees) * error
    ends = (_most(estimate), _most(low), math.inf if np.isnan(high).any() else _most(high))
    return Interval(*(math.expm1(end) for end in ends))


def _most(values: np.ndarray) -> float:
    """The largest known one; 0 where none is above it: it may be the best itself."""
    known = values[~np.isnan(values)]
    return max(0.0, float(known.max())) if known.size else 0.0


def worse(seen: Seen, number: int, share: float) -> float:
    """p-value of approach `number` adding no more than this share to the best one's objective."""
    row = seen.place[number]
    found = seen.pairs.above(math.log1p(share))[row]
    known = np.delete(found, row)
    known = known[~np.isnan(known)]
    return min(1.0, float(known.min()) * len(known)) if known.size else 1.0


def holm(values: Sequence[float], budget: float = TAIL) -> list[bool]:
    """Which tests reject, so that the chance of any false rejection stays within the budget.

    Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6 (1979).
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [False] * len(values)
    for rank, place in enumerate(order):
        if values[place] > budget / (len(values) - rank):
            break
        found[place] = True
    return found
