"""What a call of a user's function costs: seconds of the clock, of the CPU, and without a core."""

from __future__ import annotations

import os
import time
from typing import Any, Callable, Iterable, NamedTuple, Tuple


class Cost(NamedTuple):
    """Seconds of one or several calls."""

    wall: float
    cpu: float
    #: without the wait for a core that others use: it would look like waiting work
    seconds: float


def timed(call: Callable[[], Any]) -> Tuple[Any, Cost]:
    """What a call gives, and its cost. Raises what the call raises."""
    queued, cpu, began = _queued_seconds(), _cpu_seconds(), time.perf_counter()
    result = call()
    wall, cpu = time.perf_counter() - began, _cpu_seconds() - cpu
    queued = _queued_seconds() - queued
    return result, Cost(wall, cpu, max(wall - queued, min(cpu, wall)))


def total(costs: Iterable[Cost]) -> Cost:
    """Of all of them together."""
    wall, cpu, seconds = (sum(part) for part in zip(Cost(0.0, 0.0, 0.0), *costs))
    return Cost(wall, cpu, seconds)


def _queued_seconds() -> float:
    """How long this thread could have run but had no core; 0 where the system doesn't tell.

    Source: Linux Documentation/scheduler/sched-stats.rst, /proc/<pid>/schedstat, second field.
    """
    try:
        with open("/proc/self/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def _cpu_seconds() -> float:
    """Of all threads of this process, and of programs it has started and waited for."""
    return time.process_time() + sum(os.times()[2:4])
