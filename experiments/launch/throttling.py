"""Whether the cores were held back: by the control group's CPU quota, or by their own heat."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Sequence

from experiments.launch import control_groups

CPU_ROOT = Path("/sys/devices/system/cpu")
_HEAT = "cpu{}/thermal_throttle/core_throttle_count"


@dataclass(frozen=True)
class Throttling:
    """Counters since boot: seconds that a quota held our groups back, and times a core was hot.

    The quota's seconds are summed over the CPUs that were held back. None where it isn't told.
    """

    quota_seconds: Optional[float]
    heat_events: Optional[int]


def read_throttling(
    cpus: Optional[Sequence[int]],
    groups: Path = control_groups.PROC,
    root: Path = control_groups.ROOT,
    cpu_root: Path = CPU_ROOT,
) -> Throttling:
    """The counters of our control groups and of the given CPUs (all if None).

    Of several groups on the way to the root the one that was held back most counts: those above
    hold back those below. Sources: Linux Documentation/admin-guide/cgroup-v2.rst (cpu.stat,
    throttled_usec), scheduler/sched-bwc.rst (throttled_time, ns), arch/x86 therm_throt.c.
    """
    seconds = control_groups.upwards("cpu", _held_back, _held_back, groups, root)
    return Throttling(max(seconds, default=None), _heat_events(cpus, cpu_root))


def _held_back(folder: Path) -> Optional[float]:
    """By the file cpu.stat, which either version of control groups has."""
    try:
        told = dict(line.split()[:2] for line in (folder / "cpu.stat").read_text().splitlines())
        if "throttled_usec" in told:
            return int(told["throttled_usec"]) / 1e6
        return int(told["throttled_time"]) / 1e9
    except (OSError, ValueError, KeyError):
        return None


def _heat_events(cpus: Optional[Sequence[int]], cpu_root: Path) -> Optional[int]:
    """Each core's own counter; not the package's, which other cores' work moves as well."""
    if cpus is None:
        files = sorted(cpu_root.glob(_HEAT.format("[0-9]*")))
    else:
        files = [cpu_root / _HEAT.format(cpu) for cpu in cpus]
    try:
        return sum(int(file.read_text()) for file in files) if files else None
    except (OSError, ValueError):
        return None


def quota_share(
    before: Throttling, after: Throttling, wall_seconds: float, cpus: int
) -> Optional[float]:
    """Share of the cores' time in which the quota held us back, at most 1."""
    if before.quota_seconds is None or after.quota_seconds is None or wall_seconds <= 0:
        return None
    held = max(0.0, after.quota_seconds - before.quota_seconds)
    return min(1.0, held / (wall_seconds * cpus))


def new_heat_events(before: Throttling, after: Throttling) -> Optional[int]:
    """Times a core slowed itself down because it was hot."""
    if before.heat_events is None or after.heat_events is None:
        return None
    return max(0, after.heat_events - before.heat_events)
