"""What the process tree of a launch uses: CPU seconds, context switches, memory.

Sources and resolution. This process: getrusage (microseconds). Living worker processes: the
scheduler's nanoseconds in /proc/<pid>/task/*/schedstat, split into user and system by the clock
ticks (10 ms) of /proc/<pid>/stat, whose shares are over the worker's life. Processes that ended:
RUSAGE_CHILDREN of this process (microseconds), cutime and cstime (ticks) of workers. Where /proc is
missing (macOS) a number that would leave out living workers is None: unknown.
"""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_HAS_PROC = os.path.exists("/proc/self/stat")


@dataclass(frozen=True)
class Usage:
    """Totals since the start of the launch, over its process tree; None is unknown."""

    user_seconds: Optional[float]
    system_seconds: Optional[float]
    voluntary_switches: Optional[int]
    involuntary_switches: Optional[int]


def read() -> Usage:
    """Usage of this process, its living descendants and its ended ones."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    user = own.ru_utime + ended.ru_utime
    system = own.ru_stime + ended.ru_stime
    voluntary = own.ru_nvcsw + ended.ru_nvcsw
    involuntary = own.ru_nivcsw + ended.ru_nivcsw
    if not _HAS_PROC:
        return _without_proc(user, system, voluntary, involuntary)
    for pid in descendants():
        try:
            worker_user, worker_system = _worker_seconds(pid)
            worker_voluntary, worker_involuntary = _worker_switches(pid)
        except (OSError, ValueError, IndexError):
            continue  # it has just ended: then it is among the ended ones at the next reading
        user, system = user + worker_user, system + worker_system
        voluntary, involuntary = voluntary + worker_voluntary, involuntary + worker_involuntary
    return Usage(user, system, voluntary, involuntary)


def _without_proc(user: float, system: float, voluntary: int, involuntary: int) -> Usage:
    import multiprocessing

    if multiprocessing.active_children():
        return Usage(None, None, None, None)
    return Usage(user, system, voluntary, involuntary)


def difference(before: Usage, after: Usage) -> Dict[str, Any]:
    """What was used in between, under the names of the profile event; never negative."""
    pairs = {
        "cpu_user_seconds": (before.user_seconds, after.user_seconds),
        "cpu_system_seconds": (before.system_seconds, after.system_seconds),
        "voluntary_switches": (before.voluntary_switches, after.voluntary_switches),
        "involuntary_switches": (before.involuntary_switches, after.involuntary_switches),
    }
    return {
        name: None if old is None or new is None else max(0, new - old)
        for name, (old, new) in pairs.items()
    }


def descendants() -> List[int]:
    """Process ids of all living descendants, by the parents in /proc/<pid>/stat."""
    children: Dict[int, List[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parent = int(_stat(int(entry))[1])
            except (OSError, ValueError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry))
    found: List[int] = []
    waiting = list(children.get(os.getpid(), []))
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _stat(pid: int) -> List[str]:
    """Fields of /proc/<pid>/stat from the third (state) on: the name before may hold blanks."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()


def _worker_seconds(pid: int) -> Tuple[float, float]:
    fields = _stat(pid)
    user, system, ended_user, ended_system = (int(field) / _TICKS for field in fields[11:15])
    nanoseconds = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
                nanoseconds += int(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        nanoseconds = 0  # a kernel without schedstat: the ticks have to do
    if nanoseconds:
        share = user / (user + system) if user + system else 1.0
        user, system = share * nanoseconds / 1e9, (1 - share) * nanoseconds / 1e9
    return user + ended_user, system + ended_system


def _worker_switches(pid: int) -> Tuple[int, int]:
    voluntary = involuntary = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("voluntary_ctxt_switches"):
                    voluntary += int(line.split()[1])
                elif line.startswith("nonvoluntary_ctxt_switches"):
                    involuntary += int(line.split()[1])
    return voluntary, involuntary


def tree_memory_mib() -> Optional[float]:
    """Proportional set size of the process tree in MiB (shared pages count once), or None."""
    if not _HAS_PROC:
        return None
    total_kib = 0
    for pid in [os.getpid(), *descendants()]:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii", errors="replace") as file:
                total_kib += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except (OSError, ValueError, IndexError):
            continue
    return total_kib / 1024 if total_kib else None
