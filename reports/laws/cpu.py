"""Laws of CPU-bound work: Amdahl, USL, Gustafson, with the core count known, not fitted.

N workers keep m = min(N, c) of c usable cores busy, and every coefficient is at least 0:

    T(N) = d / m + a + b (m - 1) + w max(0, N / c - 1)
    gamma = 1 / (a + d)    alpha = a / (a + d)    beta = b / (a + d)

b = 0 is Amdahl's law (1967), b > 0 Gunther's Universal Scalability Law (Guerrilla Capacity
Planning, 2007, ch. 4 to 6); w, the price of more workers than cores, is this project's. On a
machine with p fast cores, the others (SMT siblings, efficiency cores) count s each:
m = min(N, p) + s clip(N - p, 0, c - p). Where work grows with N, Gustafson (1988) has the rate
X(N) = a + d m, alpha again a / (a + d).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reports.laws.law import Fitted
from reports.laws.points import Floats, Points
from reports.laws.solve import log_fit

#: the coherency's share of the time at K is 0 give or take this much: keeps b from fitting noise
COHERENCY_SPREAD = 0.10
#: what a slower core may count, profiled
SLOW_CORE_SHARES = np.linspace(0.0, 1.0, 11)


@dataclass(frozen=True)
class Cores:
    """The cores workers share: c usable ones (infinite: they don't matter), p of them fast."""

    usable: float = math.inf
    fast: float = math.inf

    @property
    def mixed(self) -> bool:
        """Whether some are slower than others."""
        return self.fast < self.usable

    def busy(self, workers: Floats, slow: float = 1.0) -> Floats:
        """m: the cores that N workers keep busy, in fast ones; a slower one counts `slow`."""
        used = np.minimum(workers, self.usable)
        return np.asarray(np.minimum(used, self.fast) + slow * np.maximum(0, used - self.fast))

    def excess(self, workers: Floats) -> Floats:
        """Workers beyond the cores, in shares of the cores."""
        return np.asarray(np.maximum(0.0, workers / self.usable - 1))


@dataclass(frozen=True)
class Amdahl:
    """Serial and divisible time; without a term that makes more cores slower."""

    cores: Cores
    name: str = "Amdahl"
    parameters: float = 2

    def fit(self, points: Points, logs: Floats, at: Floats) -> Fitted:
        """Fit to logs (B, n), predict at `at`."""
        return _fit(self.cores, 1.0, None, points, logs, at)


@dataclass(frozen=True)
class Usl:
    """Amdahl's law and a coherency, held near 0 unless the curve insists."""

    cores: Cores
    name: str = "USL"
    parameters: float = 2.5
    #: of the coherency's share of the time at K about 0; infinite: free
    spread: float = COHERENCY_SPREAD

    @classmethod
    def free(cls, cores: Cores) -> Usl:
        """USL as the textbooks have it; without it a truly coherent system is never believed."""
        return cls(cores, "free USL", 3, math.inf)

    def fit(self, points: Points, logs: Floats, at: Floats) -> Fitted:
        """Fit to logs (B, n), predict at `at`."""
        return _fit(self.cores, 1.0, self.spread, points, logs, at)


@dataclass(frozen=True)
class SlowCores:
    """Amdahl's law on fast and slower cores, what a slower one counts being profiled."""

    cores: Cores
    name: str = "Amdahl on unequal cores"
    parameters: float = 3

    def fit(self, points: Points, logs: Floats, at: Floats) -> Fitted:
        """Fit to logs (B, n), predict at `at`."""
        tried = [_fit(self.cores, s, None, points, logs, at) for s in SLOW_CORE_SHARES]
        best = np.argmin([one.chi2 for one in tried], axis=0)
        rows = np.arange(len(best))
        names = tried[0].values
        return Fitted(
            np.array([one.chi2 for one in tried])[best, rows],
            np.array([one.log_seconds for one in tried])[best, rows],
            {name: np.array([one.values[name] for one in tried])[best, rows] for name in names}
            | {"slow_core": SLOW_CORE_SHARES[best]},
        )


@dataclass(frozen=True)
class Gustafson:
    """The scaled speedup of work that grows with the workers; seconds are per the same work."""

    cores: Cores
    name: str = "Gustafson"
    parameters: float = 2

    def fit(self, points: Points, logs: Floats, at: Floats) -> Fitted:
        """Fit to logs (B, n), predict at `at`."""
        design = _gustafson(self.cores, points.workers)
        found, chi2 = log_fit(design, -logs, points.spread)
        rate = np.maximum(found @ _gustafson(self.cores, at).T, 1e-300)
        return Fitted(chi2, -np.log(rate), {"scaled_serial_fraction": _share(found[:, 0], found)})


def _gustafson(cores: Cores, workers: Floats) -> Floats:
    return np.stack([np.ones_like(workers), cores.busy(workers)], axis=1)


def _fit(
    cores: Cores, slow: float, coherency: float | None, points: Points, logs: Floats, at: Floats
) -> Fitted:
    excess = bool((cores.excess(points.workers) > 0).any())
    shape = (slow, coherency is not None, excess)
    design = _design(cores, *shape, points.workers)
    extra = None
    if coherency is not None:
        extra = np.zeros((len(logs), design.shape[1]))
        extra[:, 2] = design[-1, 2] / np.exp(logs[:, -1]) / coherency
    found, chi2 = log_fit(design, logs, points.spread, extra)
    times = np.maximum(found @ _design(cores, *shape, at).T, 1e-300)
    return Fitted(chi2, np.log(times), _values(found, coherency, excess))


def _design(cores: Cores, slow: float, coherency: bool, excess: bool, workers: Floats) -> Floats:
    """Columns of T(N) for a, d and, where they are asked for, b and w: shape (n, 2 to 4)."""
    busy = cores.busy(workers, slow)
    columns = [np.ones_like(workers), 1 / busy]
    if coherency:
        columns.append(busy - 1)
    if excess:
        columns.append(cores.excess(workers))
    return np.stack(columns, axis=1)


def _values(found: Floats, coherency: float | None, excess: bool) -> dict[str, Floats]:
    """Parameters by name; the coherency of the free fit alone, as a held one is pulled to 0."""
    alpha = _share(found[:, 0], found)
    values = {"serial_fraction": alpha}
    if coherency is not None:
        values["contention"] = alpha
    if coherency == math.inf:
        beta = _share(found[:, 2], found)
        with np.errstate(divide="ignore", invalid="ignore"):  # no coherency: no peak
            peak = np.where(beta > 0, np.sqrt((1 - alpha) / beta), np.inf)
        values |= {"coherency": beta, "peak": np.maximum(peak, 1.0)}
    if excess:
        values["oversubscription"] = _share(found[:, -1], found)
    return values


def _share(part: Floats, found: Floats) -> Floats:
    """A coefficient relative to one worker's time, a + d (all of it where that is 0)."""
    whole = found[:, 0] + found[:, 1]
    return np.asarray(np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), 1.0))
