"""What a block is decided on (config key `objective`), and all the words that depend on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

Unit = Literal["s", "ms", "MiB"]


@dataclass(frozen=True)
class Objective:
    """One number a launch that the approaches of a block compete on; the lower, the better.

    `columns` of launches.csv are added up to it (none: it is made of the timed batches), `modes`
    are those in which it has a meaning, `least_items` is how many items a launch must time for it,
    `profiled` whether the profile batch tells it, `of_batch` whether it grows with the batch.
    The rest are words: `noun` names it, `source` says where it comes from, `unknown` why a launch
    may have none, the others complete sentences about approaches.
    """

    name: str
    unit: Unit
    noun: str
    source: str
    beats: str
    proven: str
    worse: str
    lowest: str
    regret: str
    unknown: str = ""
    columns: tuple[str, ...] = ()
    modes: tuple[str, ...] = ("steady",)
    least_items: int = 0
    profiled: bool = False
    of_batch: bool = False

    @property
    def is_time(self) -> bool:
        """Whether it is the default: the seconds of batches."""
        return not self.columns

    def judged_in(self, modes: Sequence[str] | None) -> Objective:
        """The same objective in some of its modes only (None: in all of them)."""
        if modes is None:
            return self
        return replace(self, modes=tuple(mode for mode in self.modes if mode in modes))


SECONDS = Objective(
    name="seconds",
    unit="s",
    noun="seconds",
    source="in steady mode with the median of its steady batches, in one-shot mode with startup, "
    "cold batch and teardown together",
    beats="is faster than",
    proven="is proven faster than",
    worse="proven slower",
    lowest="the fastest",
    regret="is at most {share} slower than the best",
    modes=("steady", "oneshot"),
    of_batch=True,
)
P99 = Objective(
    name="p99",
    unit="ms",
    noun="p99 latency",
    source="with the 99th percentile of the latencies of its items (at least 500 of them)",
    beats="has a lower p99 latency than",
    proven="is proven to have a lower p99 latency than",
    worse="proven to have a higher p99 latency",
    lowest="the lowest p99 latency",
    regret="has a p99 latency at most {share} above the best",
    unknown="their items were not timed one by one",
    columns=("latency_p99_ms",),
    # of fewer, the 99th percentile is little more than the largest
    least_items=500,
)
MEMORY = Objective(
    name="memory",
    unit="MiB",
    noun="peak memory",
    source="with the peak memory of its processes together in the profile batch",
    beats="uses less memory than",
    proven="is proven to use less memory than",
    worse="proven to use more memory",
    lowest="the lowest peak memory",
    regret="uses at most {share} more memory than the best",
    unknown="this platform doesn't tell the memory of processes",
    columns=("peak_memory_mib",),
    profiled=True,
)
CPU_SECONDS = Objective(
    name="cpu_seconds",
    unit="s",
    noun="CPU time",
    source="with the user and system CPU seconds of its processes together in the profile batch",
    beats="uses less CPU time than",
    proven="is proven to use less CPU time than",
    worse="proven to use more CPU time",
    lowest="the lowest CPU time",
    regret="uses at most {share} more CPU time than the best",
    unknown="this platform doesn't tell the CPU time of processes, or it was zero",
    columns=("cpu_user_seconds", "cpu_system_seconds"),
    profiled=True,
    of_batch=True,
)
OBJECTIVES = {one.name: one for one in (SECONDS, P99, MEMORY, CPU_SECONDS)}
#: said of a block that can't be decided on the p99 latency that was asked for
NOT_TIMED = "decided on seconds: items of this task are not timed one by one"


def effective(wanted: str, kind: str) -> Objective:
    """The objective of a block: items are timed one by one in waiting tasks only."""
    asked = OBJECTIVES[wanted]
    return SECONDS if asked == P99 and kind != "waiting" else asked


def steady_batches(objective: Objective, wanted: int, items: int) -> int:
    """Steady batches of a launch at least, where a batch has so many items."""
    return max(wanted, math.ceil(objective.least_items / items))
