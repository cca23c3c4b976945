"""What the harness adds to a batch.

Paired in one process: a batch through the harness, then the same items through the bare standard
library (or the other way round, at random), many times. Each pair gives one ratio, so the drift of
the machine cancels; the interval is the race's own paired one.
"""

from __future__ import annotations

import math
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from experiments.bench.bare import Case, bare
from experiments.launch import executors, tasks
from experiments.launch.base import Context, Executor, Task, TaskRef
from experiments.launch.phases import timed
from experiments.statistics import paired_interval

BATCH_SECONDS = 0.25
LIMIT = 0.02
CASES = (
    Case("sequential", "math_python", {}, 1, {}),
    Case("threads", "math_python", {}, 2, {}),
    Case("processes", "math_python", {}, 2, {"start_method": "fork", "chunk": "default"}),
    Case("processes", "math_python", {}, 2, {"start_method": "spawn", "chunk": "default"}),
    Case("asyncio", "mixed", {"cpu_share": 0.25, "item_ms": 8}, 4, {}),
)


def sized(task: Task, case: Case) -> tuple[int, int]:
    """Items and scale that take about BATCH_SECONDS through the bare loop on this machine."""
    scale, seconds = 1, 0.0
    while seconds < 0.001:
        scale *= 2
        item = task.make_items(1, scale)[0]
        seconds = min(timed(partial(task.run, item))[1] for _ in range(3))
    wanted = float(task.params["item_ms"]) / 1000
    cpu = wanted * float(task.params.get("cpu_share", 1.0))
    scale = max(1, round(scale * cpu / max(seconds - (wanted - cpu), 1e-6)))
    parallel = case.workers if case.executor in ("processes", "asyncio") else 1
    return max(2 * case.workers, round(BATCH_SECONDS * parallel / wanted)), scale


def pairs(case: Case, count: int, rng: random.Random) -> Iterator[tuple[float, float]]:
    """(harness seconds, bare seconds) of `count` pairs, after one warm-up of each."""
    with tempfile.TemporaryDirectory() as scratch:
        task_class = tasks.load(case.task)
        ref = TaskRef(case.task, {**task_class.defaults, **case.params}, Context(scratch))
        task = task_class(ref.params, ref.context)
        size, scale = sized(task, case)
        items = task.make_items(size, scale)
        bare_run, bare_stop = bare(case, ref)  # its processes first: no thread must be forked over
        bare_run(items)
        executor: Executor = executors.load(case.executor)(ref, task, case.workers, case.options)
        executor.start()
        executor.run(items)
        for _ in range(count):
            yield _pair(lambda: executor.run(items), lambda: bare_run(items), rng)
        executor.stop()
        bare_stop()


def _pair(
    harness: Callable[[], Any], plain: Callable[[], Any], rng: random.Random
) -> tuple[float, float]:
    if rng.random() < 0.5:
        first = timed(harness)[1]
        return first, timed(plain)[1]
    first = timed(plain)[1]
    return timed(harness)[1], first


def overhead_row(case: Case, count: int, rng: random.Random) -> tuple[str, bool]:
    """One line of the table, and whether the limit is proven broken."""
    seen = list(pairs(case, count, rng))
    logs = [math.log(harness / plain) for harness, plain in seen]
    found = paired_interval(logs)
    estimate, low, high = map(math.expm1, (found.estimate, found.low, found.high))
    word = "kept" if high <= LIMIT else "broken" if low > LIMIT else "not told apart from noise"
    batch = statistics.median(plain for _, plain in seen)
    return (
        f"{case.label:24} {batch:7.3f} s   {estimate:+7.2%}   {low:+.2%} to {high:+.2%}   {word}",
        low > LIMIT,
    )


def print_overheads(count: int, rng: random.Random) -> bool:
    """Print the table; True where the harness is proven to add more than the limit."""
    print(f"Harness against the bare standard library, {count} pairs each, limit {LIMIT:.0%}")
    print(f"{'executor':24} {'batch':>9}   {'adds':>7}   95% interval       limit")
    broken = []
    for case in CASES:
        line, bad = overhead_row(case, count, rng)
        print(line, flush=True)
        broken.append(bad)
    return any(broken)
