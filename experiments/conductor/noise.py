"""What processes have used, as the kernel counts it, and the load."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


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
