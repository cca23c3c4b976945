"""What may be said of one curve: which laws are tried, how far they are believed, when to refuse.

The reasons are held-out tests on published curves (`make bench ARGS="--only laws"`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import gammaincc

from reports.laws.average import Average, Estimate, average
from reports.laws.cpu import Amdahl, Cores, Gustafson, SlowCores, Usl
from reports.laws.law import Law
from reports.laws.points import Floats, Points, special_first
from reports.laws.waiting import Bounds, PNorm, Queue

Work = Literal["cpu", "waiting", "unclear"]

#: fewer points than this: no fit
FEWEST_POINTS = 3
#: fewer than this: a range only, up to twice the largest N
IDENTIFIED_POINTS = 5
#: a number is predicted up to so many times the largest N ...
POINT_REACH = 2
#: ... and a range up to so many times; beyond, nothing
RANGE_REACH = 4
#: a worker's CPU time over wall time: from here on CPU-bound, and up to here waiting
CPU_SHARE, WAITING_SHARE = 0.7, 0.3
#: a peak or a saturation is named if this share of the refits has it in reach
SUPPORT = 0.95
#: points as far from the best law as this happen once in a thousand curves that follow it
MISFIT = 0.001


@dataclass(frozen=True)
class Scaling:
    """The laws of one curve; `reasons` say what is withheld, `average` is None where all is."""

    points: Points
    special: bool
    average: Average | None
    reasons: tuple[str, ...]
    reach: float
    identified: bool

    def estimate(self, name: str) -> Estimate | None:
        """A parameter with its range, or None."""
        return None if self.average is None else self.average.estimate(name)

    def within_reach(self, name: str, most: float) -> Estimate | None:
        """A worker count (peak, saturation), only where the refits support one up to `most`."""
        found = self.estimate(name)
        if found is None or self.average is None or not self.identified or found.value > most:
            return None
        share = float(np.mean(self.average.draws[name] <= most))
        return found if share >= SUPPORT else None

    def supported_peak(self, cores: Cores) -> Estimate | None:
        """The peak of USL: up to 2K, on the cores there are, and in nearly every refit."""
        most = min(POINT_REACH * self.points.largest, cores.usable)
        return self.within_reach("peak", most)


def work_of(cpu_share: float | None) -> Work:
    """CPU-bound, waiting or unclear, by CPU seconds over wall seconds of one worker."""
    if cpu_share is None or not np.isfinite(cpu_share) or WAITING_SHARE < cpu_share < CPU_SHARE:
        return "unclear"
    return "cpu" if cpu_share >= CPU_SHARE else "waiting"


def shared_cores(work: Work, cores: Cores) -> Cores:
    """The cores that bound the work: none where it is not clearly CPU-bound."""
    return cores if work == "cpu" else Cores()


def candidates(work: Work, cores: Cores, weak: bool = False) -> list[Law]:
    """The laws that are tried."""
    if work == "waiting":
        return [Bounds(), Queue(), PNorm()]
    known = shared_cores(work, cores)
    # with all cores alike, unequal ones are Amdahl's law again
    first: Law = SlowCores(known) if known.mixed else Amdahl(known)
    laws: list[Law] = [first, Usl(known), Usl.free(known)]
    return [Gustafson(known), *laws] if weak else laws


def scaling(points: Points, work: Work, cores: Cores, seed: int, weak: bool = False) -> Scaling:
    """Fit, average and judge one curve."""
    if len(points) < FEWEST_POINTS:
        return _refused(points, f"{len(points)} points, a law needs {FEWEST_POINTS}")
    special = special_first(points)
    dropped = special and _enough(points.without_first(), shared_cores(work, cores))
    kept = points.without_first() if dropped else points
    laws = candidates(work, cores, weak)
    found = average(kept, laws, _grid(kept, points), seed)
    if misfit(found, laws, kept):
        return _refused(points, f"the points lie up to {_furthest(found, kept):.0%} off all tried")
    withheld = special and not dropped
    identified = len(kept) >= IDENTIFIED_POINTS and not withheld
    reach = 1 if withheld else RANGE_REACH if identified else POINT_REACH
    return Scaling(kept, special, found, _doubts(kept, special), reach * kept.largest, identified)


def _refused(points: Points, reason: str) -> Scaling:
    return Scaling(points, False, None, (reason,), 0.0, False)


def _enough(points: Points, cores: Cores) -> bool:
    """Whether the points alone are a curve, and can tell serial from divisible time."""
    return len(points) >= FEWEST_POINTS and len(set(cores.busy(points.workers))) >= 2


def _furthest(found: Average, points: Points) -> float:
    """The largest share by which a point differs from the laws' average."""
    fitted = found.log_seconds[np.searchsorted(found.at, points.workers)]
    return float(np.expm1(np.abs(points.logs - fitted).max()))


def _grid(kept: Points, points: Points) -> Floats:
    """N to predict at: what was measured, 2K and 4K, and between them enough to draw a line."""
    top = RANGE_REACH * kept.largest
    line = np.round(np.geomspace(max(kept.workers[0], 1.0), top, 33))
    ends = [POINT_REACH * kept.largest, top]
    return np.unique(np.concatenate([line, points.workers, ends, [1.0]]))


def misfit(found: Average, laws: list[Law], points: Points) -> bool:
    """Whether even the best law leaves the points further away than the errors allow."""
    freedom = max(len(points) - min(law.parameters for law in laws), 1)
    return bool(gammaincc(freedom / 2, found.chi2 / 2) < MISFIT)


def _doubts(kept: Points, special: bool) -> tuple[str, ...]:
    doubts = []
    if len(kept) < IDENTIFIED_POINTS:
        doubts.append(f"law not identified: {len(kept)} points")
    if special:
        doubts.append("one worker took a path of its own")
    return tuple(doubts)
