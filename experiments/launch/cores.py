"""What others took of some cores between two readings: CPU time, steal, a quota, heat.

Read by the conductor around a launch, and by a keeper (keeper.py) on each other node of one.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Optional, Sequence, Tuple

from experiments.launch.throttling import (
    Throttling,
    new_heat_events,
    quota_share,
    read_throttling,
)

_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class CpuTimes:
    """Seconds since boot summed over some logical CPUs, and when they were read."""

    busy: float
    steal: float
    read_at: float
    cpus: int


@dataclass(frozen=True)
class Cores:
    """One reading of the counters of some cores."""

    cpu: Optional[CpuTimes]
    throttling: Throttling
    read_at: float
    cpus: int


@dataclass(frozen=True)
class Taken:
    """What others took, as in launches.csv: shares are of the cores' time. None: not told."""

    foreign_cpu_share: Optional[float] = None
    steal_share: Optional[float] = None
    throttle_events: Optional[int] = None
    quota_throttled_share: Optional[float] = None


def read(cpus: Optional[Sequence[int]]) -> Cores:
    """Read the counters of the given CPUs (None: of all)."""
    now = time.perf_counter()
    return Cores(read_cpu_times(cpus), read_throttling(cpus), now, cpu_count(cpus))


def taken(before: Cores, after: Cores, own_seconds: float) -> Taken:
    """What lies between two readings; `own_seconds` as `shares` takes them."""
    foreign, steal = shares(before.cpu, after.cpu, own_seconds)
    wall = after.read_at - before.read_at
    return Taken(
        foreign_cpu_share=foreign,
        steal_share=steal,
        throttle_events=new_heat_events(before.throttling, after.throttling),
        quota_throttled_share=quota_share(before.throttling, after.throttling, wall, before.cpus),
    )


def worst(every: Sequence[Taken]) -> Taken:
    """Of several machines: of each number the largest that is known."""

    known = {
        name: [value for one in every if (value := getattr(one, name)) is not None]
        for name in (field.name for field in fields(Taken))
    }
    return Taken(**{name: max(values, default=None) for name, values in known.items()})


def cpu_count(cpus: Optional[Sequence[int]]) -> int:
    """How many CPUs are meant; None is all of them."""
    return (os.cpu_count() or 1) if cpus is None else len(cpus)


def read_cpu_times(
    cpus: Optional[Sequence[int]], stat: Path = Path("/proc/stat")
) -> Optional[CpuTimes]:
    """Busy and stolen seconds of the given CPUs (all if None); None where /proc/stat is missing.

    Fields: user nice system idle iowait irq softirq steal (man 5 proc), in clock ticks.
    """
    try:
        lines = stat.read_text().splitlines()
    except OSError:
        return None
    wanted = {"cpu"} if cpus is None else {f"cpu{cpu}" for cpu in cpus}
    rows = [[int(n) for n in line.split()[1:9]] for line in lines if line.split()[:1][0] in wanted]
    busy = sum(row[0] + row[1] + row[2] + row[5] + row[6] for row in rows) * _TICK_SECONDS
    steal = sum(row[7] for row in rows) * _TICK_SECONDS
    return CpuTimes(busy, steal, time.perf_counter(), cpu_count(cpus))


def shares(
    before: Optional[CpuTimes], after: Optional[CpuTimes], own_seconds: float
) -> Tuple[Optional[float], Optional[float]]:
    """Foreign and stolen shares of the CPUs' time; None where the system does not tell.

    Foreign is what of the busy time was not ours: `own_seconds` is the CPU time of the launch's
    process tree, its services and the conductor.
    """
    if before is None or after is None:
        return None, None
    available = (after.read_at - before.read_at) * after.cpus
    if available <= 0:
        return None, None
    # ticks are counted in whole hundredths of a second: differences below 3 of them are rounding
    foreign = max(0.0, after.busy - before.busy - own_seconds - 3 * _TICK_SECONDS)
    return foreign / available, max(0.0, after.steal - before.steal) / available
