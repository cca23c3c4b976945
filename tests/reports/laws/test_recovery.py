"""Laws on curves made from them: their parameters come back, and 90% ranges cover 85 to 98%.

The noise is what the laws assume of a curve: its own error of 2%, and 10% of the law's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pytest

from reports.laws.cpu import Amdahl, Cores, Gustafson, SlowCores, Usl
from reports.laws.law import Law
from reports.laws.points import TAU, Floats, Points
from reports.laws.scaling import Work, scaling
from reports.laws.waiting import Bounds, PNorm, Queue

WORKERS = np.array([1.0, 2, 4, 8, 16, 32])
LOG_SD = 0.02
CURVES = 120
Times = Callable[[Floats], Floats]


def cpu(alpha: float, cores: float = 64, beta: float = 0.0, price: float = 0.0) -> Times:
    def times(n: Floats) -> Floats:
        m = np.minimum(n, cores)
        excess = np.maximum(0, n / cores - 1)
        return np.asarray((1 - alpha) / m + alpha + beta * (m - 1) + price * excess)

    return times


def unequal(alpha: float, fast: float, slow: float) -> Times:
    def times(n: Floats) -> Floats:
        busy = np.minimum(n, fast) + slow * np.maximum(0, np.minimum(n, 32) - fast)
        return np.asarray(alpha + (1 - alpha) / busy)

    return times


def gustafson(alpha: float) -> Times:
    return lambda n: np.asarray(1 / (alpha + (1 - alpha) * np.minimum(n, 64)))


def bounds(knee: float) -> Times:
    return lambda n: np.maximum(knee / n, 1.0)


def p_norm(knee: float, sharpness: float) -> Times:
    return lambda n: np.asarray(knee / n * (1 + (n / knee) ** sharpness) ** (1 / sharpness))


def queue(think: float) -> Times:
    """Exact MVA, written as in the textbook: one N at a time."""

    def one(workers: float) -> float:
        waiting = throughput = 0.0
        for n in range(1, int(workers) + 1):
            response = 1 + waiting
            throughput = n / (think + response)
            waiting = throughput * response
        return 1 / throughput

    return lambda n: np.array([one(each) for each in np.atleast_1d(n)])


SIXTY_FOUR = Cores(64)


@dataclass(frozen=True)
class Truth:
    """A law, curves that follow it, and the parameters to be found again."""

    law: Law
    times: Times
    values: Mapping[str, float]
    work: Work = "cpu"
    cores: Cores = SIXTY_FOUR
    weak: bool = False


EIGHT, UNEQUAL = Cores(8), Cores(32, fast=8)
TRUTHS = {
    "Amdahl": Truth(Amdahl(Cores(64)), cpu(0.1), {"serial_fraction": 0.1}),
    "more workers than cores": Truth(
        Amdahl(EIGHT),
        cpu(0.1, 8, price=0.05),
        {"serial_fraction": 0.1, "oversubscription": 0.05},
        cores=EIGHT,
    ),
    "USL": Truth(
        Usl.free(Cores(64)),
        cpu(0.02, beta=0.01),
        {"contention": 0.02, "coherency": 0.01, "peak": math.sqrt(98)},
    ),
    "USL, little": Truth(
        Usl.free(Cores(64)), cpu(0.05, beta=0.0005), {"contention": 0.05, "coherency": 0.0005}
    ),
    "unequal cores": Truth(
        SlowCores(UNEQUAL),
        unequal(0.02, 8, 0.4),
        {"serial_fraction": 0.02, "slow_core": 0.4},
        cores=UNEQUAL,
    ),
    "Gustafson": Truth(
        Gustafson(Cores(64)), gustafson(0.2), {"scaled_serial_fraction": 0.2}, weak=True
    ),
    "bounds": Truth(Bounds(), bounds(12.0), {"saturation": 12, "bound": 1}, "waiting"),
    "queue": Truth(Queue(), queue(10.0), {"saturation": 11, "bound": 1}, "waiting"),
    "p-norm": Truth(PNorm(), p_norm(10.0, 2.0), {"saturation": 10, "bound": 1}, "waiting"),
}
each_law = pytest.mark.parametrize("truth", TRUTHS.values(), ids=TRUTHS.keys())


@each_law
def test_an_exact_curve_gives_its_parameters_and_its_future(truth: Truth) -> None:
    points = Points.of(WORKERS, truth.times(WORKERS), 0.0)
    ahead = np.array([64.0, 128.0])
    fitted = truth.law.fit(points, points.logs[None, :], ahead)
    # profiled shapes are a grid: knees a factor 1.06 apart
    near = 1e-4 if truth.work == "cpu" else 0.03
    for name, value in truth.values.items():
        assert fitted.values[name][0] == pytest.approx(value, rel=near)
    assert fitted.chi2[0] == pytest.approx(0, abs=0.1)
    assert fitted.log_seconds[0] == pytest.approx(np.log(truth.times(ahead)), abs=near)


@each_law
def test_ninety_percent_ranges_cover_85_to_98_percent(truth: Truth) -> None:
    random = np.random.default_rng(5)
    hits = dict.fromkeys((*truth.values, "twice"), 0)
    for seed in range(CURVES):
        noise = np.exp(random.normal(size=len(WORKERS)) * math.hypot(LOG_SD, TAU))
        points = Points.of(WORKERS, truth.times(WORKERS) * noise, LOG_SD)
        found = scaling(points, truth.work, truth.cores, seed, truth.weak)
        assert found.average is not None
        for name, value in truth.values.items():
            estimate = found.average.estimate(name)
            assert estimate is not None
            hits[name] += estimate.low <= value <= estimate.high
        place = int(np.searchsorted(found.average.at, 2 * points.largest))
        actual = float(np.log(truth.times(np.array([2 * points.largest])))[0])
        hits["twice"] += bool(
            found.average.log_low[place] <= actual <= found.average.log_high[place]
        )
    assert {name: count for name, count in hits.items() if not 0.85 <= count / CURVES <= 0.98} == {}
