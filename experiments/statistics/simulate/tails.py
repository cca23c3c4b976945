"""Do the intervals of tail latencies hold the truth, when launches differ from each other?"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq  # type: ignore[import-untyped, unused-ignore]
from scipy.special import ndtr  # type: ignore[import-untyped, unused-ignore]

from experiments.launch.latency import GROWTH
from experiments.statistics.latencies import Histogram, latency_interval
from experiments.statistics.robust import Array
from experiments.statistics.simulate.checks import Check

PROBABILITY = 0.99
BOUND = 0.93
#: rounds of a race that ends early, and of a long one
LAUNCHES = (3, 5, 12)
#: items of a launch: a sequential one has time for few, a wide pool for many
ITEMS = (200, 2000)
#: log sd of the items of a launch, and of the launches' middles
ITEM_SD, LAUNCH_SD = 0.3, 0.05
#: slow items: how many on average, how much slower; a launch has a share of its own (Beta)
SLOW_SHARE, SLOW_FACTOR, SLOW_BETA = 0.02, 10.0, 4.0

Draw = Callable[[np.random.Generator, int], Array]


def shifted(rng: np.random.Generator, items: int) -> Array:
    """Latencies in ms of a launch that is as a whole a little slower or faster than others."""
    return np.asarray(np.exp(rng.normal(0, LAUNCH_SD) + rng.normal(0, ITEM_SD, items)))


def stalling(rng: np.random.Generator, items: int) -> Array:
    """The same, and some items stall: in some launches hardly any, in others many."""
    share = rng.beta(SLOW_BETA, SLOW_BETA * (1 / SLOW_SHARE - 1))
    slow = np.where(rng.random(items) < share, SLOW_FACTOR, 1.0)
    return shifted(rng, items) * slow


#: kind of launches -> how they are drawn, and the share of slow items over all of them
KINDS: dict[str, tuple[Draw, float]] = {
    "shifted launches": (shifted, 0.0),
    "stalls in bursts": (stalling, SLOW_SHARE),
}


def check_tails(replications: int) -> list[Check]:
    """Share of nominal 95% intervals that hold the true 99th percentile, in each place."""
    found = []
    for kind in KINDS:
        for launches in LAUNCHES:
            for items in ITEMS:
                share = coverage(kind, launches, items, replications)
                where = f"{kind}, {launches} launches of {items} items"
                name = "tail interval covers"
                found.append(Check(name, where, share, BOUND, False, replications))
    return found


def coverage(kind: str, launches: int, items: int, replications: int) -> float:
    """Share of replications whose interval holds the true 99th percentile."""
    draw, slow = KINDS[kind]
    truth, held = true_quantile(slow), 0
    for number in range(replications):
        rng = np.random.default_rng([9, launches, items, number])
        found = latency_interval(
            [histogram(draw(rng, items)) for _ in range(launches)], PROBABILITY
        )
        held += found.low <= truth <= found.high
    return held / replications


def histogram(latencies_ms: Array) -> Histogram:
    """As a launch tells them (experiments/launch/latency.py, for many items at once)."""
    numbers, counts = np.unique(
        np.floor(np.log(latencies_ms) / math.log(GROWTH)), return_counts=True
    )
    return GROWTH ** (numbers + 0.5), counts.astype(np.int64)


def true_quantile(slow: float) -> float:
    """The 99th percentile of all items of all launches there could be: of a mixture of normals."""
    sd = math.hypot(ITEM_SD, LAUNCH_SD)

    def excess(log_ms: float) -> float:
        below = (1 - slow) * ndtr(log_ms / sd) + slow * ndtr((log_ms - math.log(SLOW_FACTOR)) / sd)
        return float(below) - PROBABILITY

    return math.exp(brentq(excess, -10, 10))
