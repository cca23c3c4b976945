"""How long items take: timed by the worker that does them, told as quantiles and a histogram.

The latency of an item is its service time, from the moment a worker takes it until it is done. How
long it waited for a free worker before that is no part of it.
"""

from __future__ import annotations

import math
from collections import Counter
from time import perf_counter_ns
from typing import Any, Dict, List, Optional, Tuple, cast

from experiments.launch.base import Task
from experiments.launch.heartbeat import quantile

#: each bucket's upper end over its lower one: its geometric middle is within 1% of all it holds
#: (Masson, Rim and Lee, "DDSketch", VLDB 2019)
GROWTH = 1.02
#: column -> share of the items that take at most that long
QUANTILES = {"latency_p50_ms": 0.50, "latency_p95_ms": 0.95, "latency_p99_ms": 0.99}


class _Recorded:
    """A task whose items come back with the nanoseconds they took; all else is the task's own.

    It stands before the task, and is no subclass, because `arun` may well call `run`.
    """

    def __init__(self, task: Task) -> None:
        self._task = task

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def run(self, item: Any) -> Tuple[Any, int]:
        began_ns = perf_counter_ns()
        result = self._task.run(item)
        return result, perf_counter_ns() - began_ns

    async def arun(self, item: Any) -> Tuple[Any, int]:
        began_ns = perf_counter_ns()
        result = await self._task.arun(item)
        return result, perf_counter_ns() - began_ns


def recorded(task: Task) -> Task:
    """The task, to be given to an executor; its results are then (result, nanoseconds)."""
    return cast(Task, _Recorded(task))


def apart(pairs: List[Tuple[Any, int]]) -> Tuple[List[Any], List[int]]:
    """The results and the nanoseconds of a batch whose task was `recorded`."""
    return [result for result, _ in pairs], [taken_ns for _, taken_ns in pairs]


def counted(batches: List[Tuple[List[int], Optional[bool]]]) -> List[int]:
    """Nanoseconds of the items that count, given (nanoseconds, calm) of each batch.

    Those of all batches but the ones between slowed cores, or of all where that leaves none.
    """
    calm = [taken_ns for batch, known in batches if known is not False for taken_ns in batch]
    return calm or [taken_ns for batch, _ in batches for taken_ns in batch]


def summary(taken_ns: List[int]) -> Dict[str, Any]:
    """The fields of the event "latencies", of one item or more: exact quantiles, and buckets."""
    ordered_ms = sorted(taken / 1e6 for taken in taken_ns)
    quantiles = {name: quantile(ordered_ms, share) for name, share in QUANTILES.items()}
    return {**quantiles, "buckets": Counter(map(bucket, taken_ns))}


def bucket(taken_ns: int) -> int:
    """The bucket an item falls into: GROWTH ** bucket <= milliseconds < GROWTH ** (bucket + 1)."""
    taken_ms = max(taken_ns, 1) / 1e6  # a coarse clock may see no time pass
    return math.floor(math.log(taken_ms) / math.log(GROWTH))


def middle_ms(number: int) -> float:
    """The geometric middle of a bucket."""
    return float(GROWTH ** (number + 0.5))
