"""What the whole process tree has used: CPU, context switches and memory.

Resolution: the launch itself and children it has already waited for by getrusage (microseconds).
Living descendants by their process CPU clock (nanoseconds, ended threads included), which is split
into user and system in the proportion of the kernel's ticks (commonly 10 ms, so that split is
coarse in a short batch); what a descendant's own ended children used counts in ticks. Switches of
a descendant's threads that have ended are lost. A process that ends is counted by its parent, so
the tree's total only grows. Without /proc (macOS), what can't be known is None.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

from experiments.launch.base import Elsewhere

PROC = Path("/proc")
_CPUCLOCK_SCHED = 2  # Linux: a process's CPU clock has the id (~pid << 3) | 2 (clock_getcpuclockid)


@dataclass(frozen=True)
class Usage:
    """Totals since the launch began; None = unknown."""

    #: this process, and descendants that have ended
    user_seconds: Optional[float]
    system_seconds: Optional[float]
    #: living descendants, by their clock; and by ticks, which tell user from system
    living_seconds: float
    living_user_seconds: float
    living_system_seconds: float
    voluntary_switches: Optional[int]
    involuntary_switches: Optional[int]


@dataclass(frozen=True)
class Stat:
    """Fields of /proc/<pid>/stat; `reaped`: descendants that the process has waited for."""

    pid: int
    parent: int
    user_seconds: float
    system_seconds: float
    reaped_user_seconds: float
    reaped_system_seconds: float


def measure() -> Usage:
    """Read what the tree of this process has used so far."""
    if not _has_proc() and _has_living_workers():
        return Usage(None, None, 0.0, 0.0, 0.0, None, None)
    own = resource.getrusage(resource.RUSAGE_SELF)
    reaped = resource.getrusage(resource.RUSAGE_CHILDREN)
    living = descendants(os.getpid())
    switches = [_switches(stat.pid) for stat in living]
    return Usage(
        own.ru_utime + reaped.ru_utime + sum(stat.reaped_user_seconds for stat in living),
        own.ru_stime + reaped.ru_stime + sum(stat.reaped_system_seconds for stat in living),
        sum(_cpu_seconds(stat) for stat in living),
        sum(stat.user_seconds for stat in living),
        sum(stat.system_seconds for stat in living),
        own.ru_nvcsw + reaped.ru_nvcsw + sum(voluntary for voluntary, _ in switches),
        own.ru_nivcsw + reaped.ru_nivcsw + sum(involuntary for _, involuntary in switches),
    )


def joined(tree: Usage, elsewhere: Optional[Elsewhere]) -> Usage:
    """With workers outside the tree, which tell no switches: then the sum is unknown."""
    if elsewhere is None or tree.user_seconds is None or tree.system_seconds is None:
        return tree
    return replace(
        tree,
        user_seconds=tree.user_seconds + elsewhere.user_seconds,
        system_seconds=tree.system_seconds + elsewhere.system_seconds,
        voluntary_switches=None,
        involuntary_switches=None,
    )


def between(before: Usage, after: Usage) -> Dict[str, Optional[float]]:
    """CPU seconds and switches from one reading to the next, as fields of the profile event."""
    user, system = _cpu(before, after)
    return {
        "cpu_user_seconds": user,
        "cpu_system_seconds": system,
        "voluntary_switches": _grown(before.voluntary_switches, after.voluntary_switches),
        "involuntary_switches": _grown(before.involuntary_switches, after.involuntary_switches),
    }


def memory_mib(elsewhere: Optional[Elsewhere] = None) -> Optional[float]:
    """Proportional set size of the tree and of workers outside it, now, in MiB.

    None where the kernel doesn't say.
    """
    tree = _tree_mib()
    if elsewhere is None or tree is None:
        return tree
    return None if elsewhere.memory_mib is None else tree + elsewhere.memory_mib


def _tree_mib() -> Optional[float]:
    if not _has_proc():
        return None
    return _sum_mib([os.getpid(), *(stat.pid for stat in descendants(os.getpid()))])


def _sum_mib(pids: List[int]) -> Optional[float]:
    sizes_kib = [_pss_kib(pid) for pid in pids]
    known_kib = [size for size in sizes_kib if size is not None]
    return sum(known_kib) / 1024 if len(known_kib) == len(sizes_kib) else None


def own_seconds() -> float:
    """CPU seconds of this process alone."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def below_seconds() -> Tuple[float, float]:
    """User and system seconds of all below this process so far, ended or living.

    The living ones' by their clocks, split in the proportion of their ticks.
    """
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    user, system = ended.ru_utime, ended.ru_stime
    for stat in descendants(os.getpid()):
        ticks = stat.user_seconds + stat.system_seconds
        user_share = stat.user_seconds / ticks if ticks > 0 else 1.0
        seconds = _cpu_seconds(stat)
        user += seconds * user_share + stat.reaped_user_seconds
        system += seconds * (1 - user_share) + stat.reaped_system_seconds
    return user, system


def below_mib() -> Optional[float]:
    """Proportional set size of all below this process, now; None where the kernel doesn't say."""
    return _sum_mib([stat.pid for stat in descendants(os.getpid())])


def descendants(root: int) -> List[Stat]:
    """Every living process below `root`, found by the chain of parents."""
    children: Dict[int, List[Stat]] = {}
    for stat in _stats():
        children.setdefault(stat.parent, []).append(stat)
    found: List[Stat] = []
    waiting = [root]
    while waiting:
        below = children.pop(waiting.pop(), [])
        found += below
        waiting += [stat.pid for stat in below]
    return found


def parse_stat(text: str, ticks_per_second: int) -> Stat:
    """Read /proc/<pid>/stat (proc_pid_stat(5)); the name in it may hold blanks and brackets."""
    values = text.rpartition(")")[2].split()
    times = [int(value) / ticks_per_second for value in values[11:15]]
    return Stat(int(text.partition(" (")[0]), int(values[1]), *times)


def _cpu(before: Usage, after: Usage) -> Tuple[Optional[float], Optional[float]]:
    """User and system seconds: their sum by the exact clocks, their proportion with the ticks.

    Both add up over the tree when a process ends between the readings: what leaves the living
    ones comes back with those that have ended.
    """
    user = _grown(before.user_seconds, after.user_seconds)
    system = _grown(before.system_seconds, after.system_seconds)
    if user is None or system is None:
        return None, None
    total = max(0.0, user + system + after.living_seconds - before.living_seconds)
    user = max(0.0, user + after.living_user_seconds - before.living_user_seconds)
    system = max(0.0, system + after.living_system_seconds - before.living_system_seconds)
    user_share = user / (user + system) if user + system > 0 else 1.0
    return total * user_share, total * (1 - user_share)


def _grown(before: Optional[float], after: Optional[float]) -> Optional[float]:
    if before is None or after is None:
        return None
    return max(0, after - before)


def _has_proc() -> bool:
    return (PROC / "self" / "stat").exists()


def _has_living_workers() -> bool:
    """Without /proc, worker processes are all that can be known of the descendants."""
    multiprocessing = sys.modules.get("multiprocessing")
    return multiprocessing is not None and bool(multiprocessing.active_children())


def _stats() -> Iterator[Stat]:
    ticks_per_second = os.sysconf("SC_CLK_TCK")
    for name in os.listdir(PROC) if _has_proc() else ():
        if name.isdigit():
            try:
                text = (PROC / name / "stat").read_text(errors="replace")
            except OSError:
                continue  # it has ended meanwhile
            yield parse_stat(text, ticks_per_second)


def _cpu_seconds(stat: Stat) -> float:
    try:
        return time.clock_gettime(~stat.pid << 3 | _CPUCLOCK_SCHED)
    except OSError:  # it has ended meanwhile, or the kernel has no such clock
        return stat.user_seconds + stat.system_seconds


def _switches(pid: int) -> Tuple[int, int]:
    """Voluntary and involuntary switches of a process, summed over its living threads."""
    totals = {"voluntary_ctxt_switches": 0, "nonvoluntary_ctxt_switches": 0}
    for status in (PROC / str(pid) / "task").glob("*/status"):
        try:
            lines = status.read_text(errors="replace").splitlines()
        except OSError:
            continue  # the thread has ended meanwhile
        for key, _, value in (line.partition(":") for line in lines):
            if key in totals:
                totals[key] += int(value)
    voluntary, involuntary = totals.values()
    return voluntary, involuntary


def _pss_kib(pid: int) -> Optional[int]:
    """0 for a process that has ended, None where the kernel doesn't say."""
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text()
    except ProcessLookupError:
        return 0
    except OSError:
        return None if (PROC / str(pid)).exists() else 0
    sizes = [int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")]
    return sizes[0] if sizes else None
