"""What others did to the measured cores during a launch: foreign CPU use, steal, load."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class CpuTimes:
    """Seconds since boot summed over some logical CPUs, and when they were read."""

    busy: float
    steal: float
    read_at: float
    cpus: int


def cpu_count(cpus: Sequence[int] | None) -> int:
    """How many CPUs are meant; None is all of them."""
    return (os.cpu_count() or 1) if cpus is None else len(cpus)


def read_cpu_times(cpus: Sequence[int] | None, stat: Path = Path("/proc/stat")) -> CpuTimes | None:
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
    before: CpuTimes | None, after: CpuTimes | None, own_seconds: float
) -> tuple[float | None, float | None]:
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
    return foreign / available, (after.steal - before.steal) / available


def load_1min() -> float | None:
    """Load average of the last minute, or None where there is none."""
    with contextlib.suppress(OSError, AttributeError):
        return os.getloadavg()[0]
    return None


def threads_cpu_seconds(pid: int) -> float | None:
    """CPU seconds of the living threads of one process, nanosecond resolution, or None.

    Cheap enough (0.1 ms) to be read between the phases of a launch.
    """
    total = 0
    try:
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - a third of pathlib's cost
            total += int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return total / 1e9


def family_cpu_seconds(pid: int) -> float:
    """CPU seconds of a process, of its living descendants and of those it has reaped.

    A server that has a process for each connection has used most of its time in processes that
    are gone. 0.1 ms a process; man 5 proc: task/*/children, and cutime, cstime in clock ticks.
    """
    total = (threads_cpu_seconds(pid) or 0.0) + _reaped_seconds(pid)
    return total + sum(family_cpu_seconds(child) for child in children(pid))


def _reaped_seconds(pid: int) -> float:
    with contextlib.suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) * _TICK_SECONDS
    return 0.0


def children(pid: int) -> list[int]:
    """Child processes of all threads of a process; none where the system doesn't tell."""
    with contextlib.suppress(OSError, ValueError):
        return [
            int(child)
            for task in os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - as above
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split()
        ]
    return []
