"""Laws of work that waits: each a scale S times a profiled shape, so T(N) = S shape(N).

S is the service time of the bottleneck: throughput can't pass 1 / S. N* is the number of workers
at which the bounds "no queue" and "bottleneck busy" meet. Sources: Denning and Buzen, "The
operational analysis of queueing network models", ACM Computing Surveys 10 (1978); Reiser and
Lavenberg, "Mean-value analysis of closed multichain queuing networks", JACM 27 (1980).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from reports.laws.law import Fitted
from reports.laws.points import Floats, Points

#: N* of neighbouring shapes differ by this factor: far finer than a curve known to 10% tells
_STEP = 1.06
#: think time over service time: from a bottleneck that is nearly alone ...
_LEAST_THINK = 0.3
#: ... to one that is hardly seen; at least so many times the workers, where there are very many
_MOST_THINK, _MOST_THINK_PER_WORKER = 3000.0, 10.0
#: how sharp the bend of the p-norm is: 1 is a hyperbola, 10 all but the bounds
SHARPNESS = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


@dataclass(frozen=True)
class Bounds:
    """The asymptotic bounds: X = min(N / (Z + S), 1 / S)."""

    name: str = "asymptotic bounds"
    parameters: float = 2

    def fit(self, points: Points, logs: Floats, at: Floats) -> Fitted:
        """Fit to logs (B, n), predict at `at`."""
        knees = 1 + think_times(points.largest)
        shapes = [np.log(np.maximum(knees[:, None] / n, 1.0)) for n in (points.workers, at)]
        return _profile(knees, shapes[0], shapes[1], points, logs)


@dataclass(frozen=True)
class Queue:
    """A closed queue: N workers think for Z, then wait for one server that takes S (exact MVA)."""

    name: str = "closed queue"
    parameters: float = 2

    def fit(self, points: Points, logs: Floats, at: Floats) -> Fitted:
        """Fit to logs (B, n), predict at `at`; N between whole numbers is interpolated."""
        knees = 1 + think_times(points.largest)
        shapes = [_queue_logs(tuple(n), points.largest) for n in (points.workers, at)]
        return _profile(knees, shapes[0], shapes[1], points, logs)


@dataclass(frozen=True)
class PNorm:
    """A rounded bend: X = gamma N (1 + (N / N*)^k)^(-1/k), k profiled as well."""

    name: str = "p-norm"
    parameters: float = 3

    def fit(self, points: Points, logs: Floats, at: Floats) -> Fitted:
        """Fit to logs (B, n), predict at `at`."""
        knees = 1 + think_times(points.largest)
        shapes = [_bent_logs(tuple(n), points.largest) for n in (points.workers, at)]
        return _profile(np.tile(knees, len(SHARPNESS)), shapes[0], shapes[1], points, logs)


def think_times(largest: float) -> Floats:
    """The profiled Z / S: none, and from 0.3 upwards in even ratios."""
    most = max(_MOST_THINK, _MOST_THINK_PER_WORKER * largest)
    steps = int(np.ceil(np.log(most / _LEAST_THINK) / np.log(_STEP))) + 1
    return np.concatenate([[0.0], np.geomspace(_LEAST_THINK, most, steps)])


@lru_cache(maxsize=64)
def _bent_logs(workers: tuple[float, ...], largest: float) -> Floats:
    """Log time an item for S = 1, of every knee for the first sharpness, then the next."""
    ratio = np.log(np.array(workers) / (1 + think_times(largest))[:, None])
    return np.concatenate([np.logaddexp(0.0, k * ratio) / k - ratio for k in SHARPNESS])


@lru_cache(maxsize=64)
def _queue_logs(workers: tuple[float, ...], largest: float) -> Floats:
    """Log time an item for S = 1: shape (think times, n). Exact mean value analysis."""
    think = think_times(largest)
    top = int(np.ceil(max(workers)))
    wanted = sorted({int(f(n)) for n in workers for f in (np.floor, np.ceil)} | {1})
    kept, queue = {}, np.zeros_like(think)
    for n in range(1, top + 1):
        response = 1 + queue
        cycle = think + response
        queue = n * response / cycle
        if n in wanted:
            kept[n] = np.log(cycle / n)
    grid = np.stack([kept[n] for n in wanted if n in kept], axis=1)
    numbers = [n for n in wanted if n in kept]
    return np.array([np.interp(workers, numbers, row) for row in grid])


def _profile(knees: Floats, shapes: Floats, ahead: Floats, points: Points, logs: Floats) -> Fitted:
    """The best shape for every version of the curve; its scale follows in closed form.

    Knees (g,), shapes (g, n) and `ahead` (g, m) logs of T / S, logs (B, n).
    """
    weights = points.spread**-2.0
    share = weights / weights.sum()
    level, heights = logs @ share, shapes @ share
    flat, bent = logs - level[:, None], shapes - heights[:, None]
    score = (flat * (-2 * weights)) @ bent.T  # less what is the same for every shape
    score += bent**2 @ weights
    best = np.argmin(score, axis=1)
    scale = level - heights[best]
    chi2 = np.maximum(flat**2 @ weights + score[np.arange(len(best)), best], 0.0)
    values = {"saturation": knees[best], "bound": np.exp(-scale)}
    return Fitted(chi2, scale[:, None] + ahead[best], values)
