"""Clocks that jump: the wall clock set during a launch, or the whole machine put to sleep.

Timings are made by the steady clock, which nobody can set; so a wall clock that was set changes
none of them, but shows that the machine was paused, moved or told the time, and it is told.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

#: clocks that are slewed (by at most 500 ppm, man 2 adjtimex) differ by less within a launch
NOTABLE_SECONDS = 0.1


@dataclass(frozen=True)
class Clocks:
    """Seconds of the wall clock, of the steady one, and of one that counts sleep as well."""

    wall: float
    steady: float
    boot: float | None


def read_clocks() -> Clocks:
    """All of them at once."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)  # Linux only
    return Clocks(time.time(), time.monotonic(), None if boot is None else time.clock_gettime(boot))


def jump_seconds(before: Clocks, after: Clocks) -> float:
    """How far the wall clock was set, forwards if positive; 0 where it was only slewed."""
    jump = (after.wall - before.wall) - _passed(before, after)
    return jump if abs(jump) > NOTABLE_SECONDS else 0.0


def suspended_seconds(before: Clocks, after: Clocks) -> float | None:
    """Seconds the machine slept, which its steady clock leaves out; None if it doesn't tell."""
    if before.boot is None or after.boot is None:
        return None
    slept = (after.boot - before.boot) - (after.steady - before.steady)
    return slept if slept > NOTABLE_SECONDS else 0.0


def _passed(before: Clocks, after: Clocks) -> float:
    """Seconds that really passed, sleep included, by the clock that knows best."""
    if before.boot is None or after.boot is None:
        return after.steady - before.steady
    return after.boot - before.boot
