"""How fast are the measured cores right now? A fixed bit of work on each of them, timed.

A neighbour on the same physical core, a hypervisor that doesn't tell, a lowered frequency: in a
virtual machine they show in no counter, yet double the time of a batch. They do show in work whose
cost is known. So cores are tried right before and after timed batches, and a batch between two
tries at the cores' own speed is called calm, whatever it took itself.
"""

from __future__ import annotations

import os
import time
from typing import List, Optional

from experiments.launch.kernel import work

#: about a millisecond: long against the timer's ticks, short against a batch
LOOPS = 6_000
#: of more cores only so many are tried, evenly spread over them
MOST_CORES = 4


class CoreSpeed:
    """Tries the cores; `limit_seconds` is the longest try at their own speed (None: unknown)."""

    def __init__(self, cpus: Optional[List[int]], limit_seconds: Optional[float]) -> None:
        self._cpus, self._limit_seconds = cpus, limit_seconds

    def now(self) -> float:
        """Seconds of the fixed work on the slowest core; without affinity, on any one."""
        if self._cpus is None:
            return _try()
        try:
            return max(_try_on(cpu) for cpu in spread(self._cpus, MOST_CORES))
        finally:
            os.sched_setaffinity(0, self._cpus)

    def calm(self, before: float, after: float) -> Optional[bool]:
        """Whether both tries ran at the cores' own speed; None where that isn't known."""
        if self._limit_seconds is None:
            return None
        return max(before, after) <= self._limit_seconds


def spread(cpus: List[int], most: int) -> List[int]:
    """At most so many of some CPUs, evenly spread over their list."""
    if len(cpus) <= most:
        return cpus
    return [cpus[place * len(cpus) // most] for place in range(most)]


def _try_on(cpu: int) -> float:
    os.sched_setaffinity(0, [cpu])  # of this thread alone: the workers stay where they are
    return _try()


def _try() -> float:
    began_ns = time.perf_counter_ns()
    work(LOOPS)
    return (time.perf_counter_ns() - began_ns) / 1e9
