"""`make bench`: what the harness adds to a batch, and what a launch costs around its timed phases.

Paired in one process: a batch through the harness, then the same items through the bare standard
library (or the other way round, at random), many times. Each pair gives one ratio, so the drift of
the machine cancels; the interval is the race's own paired one.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from experiments.conductor import lock
from experiments.conductor.child import Launcher
from experiments.conductor.reaper import Reaper
from experiments.launch import executors, tasks
from experiments.launch.base import Context, Executor, Task, TaskRef
from experiments.launch.phases import timed
from experiments.statistics import paired_interval

BATCH_SECONDS = 0.25
LIMIT = 0.02
Runner = Callable[[list[Any]], list[Any]]


@dataclass(frozen=True)
class Case:
    """An executor with the task and the workers it is tried with."""

    executor: str
    task: str
    params: dict[str, Any]
    workers: int
    options: dict[str, Any]

    @property
    def label(self) -> str:
        """As the report calls it."""
        words = f" ({self.options['start_method']})" if self.options else ""
        return f"{self.executor} x{self.workers}{words}"


CASES = (
    Case("sequential", "math_python", {}, 1, {}),
    Case("threads", "math_python", {}, 2, {}),
    Case("processes", "math_python", {}, 2, {"start_method": "fork", "chunk": "default"}),
    Case("processes", "math_python", {}, 2, {"start_method": "spawn", "chunk": "default"}),
    Case("asyncio", "mixed", {"cpu_share": 0.25, "item_ms": 8}, 4, {}),
)

# --- the bare standard library ----------------------------------------------------------------

_bare_task: Task  # one a process, as a user's module would hold what its function needs


def _bare_start(ref: TaskRef) -> None:
    global _bare_task
    _bare_task = tasks.load(ref.name)(ref.params, ref.context)
    _bare_task.start_worker(None)


def _bare_item(item: Any) -> Any:
    return _bare_task.run(item)


def bare(case: Case, ref: TaskRef) -> tuple[Runner, Callable[[], None]]:
    """The shortest way of the standard library, and how to end it."""
    _bare_start(ref)
    run = _bare_task.run
    if case.executor == "threads":
        pool = ThreadPoolExecutor(case.workers)
        return lambda items: list(pool.map(run, items)), pool.shutdown
    if case.executor == "processes":
        context = get_context(case.options["start_method"])
        processes = ProcessPoolExecutor(case.workers, context, _bare_start, (ref,))
        return lambda items: list(processes.map(_bare_item, items)), processes.shutdown
    if case.executor == "asyncio":
        loop = asyncio.new_event_loop()
        arun = _bare_task.arun
        workers = case.workers
        return lambda items: loop.run_until_complete(_gather(arun, items, workers)), loop.close
    return lambda items: [run(item) for item in items], lambda: None


async def _gather(arun: Callable[[Any], Any], items: Sequence[Any], workers: int) -> list[Any]:
    limit = asyncio.Semaphore(workers)

    async def one(item: Any) -> Any:
        async with limit:
            return await arun(item)

    return list(await asyncio.gather(*map(one, items)))


# --- harness against bare ---------------------------------------------------------------------


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


# --- the cost of a launch ---------------------------------------------------------------------


def launch_costs(case: Case, launcher: Launcher, scratch: str, count: int) -> tuple[float, float]:
    """Median wall seconds of a launch outside its timed phases, and in them."""
    outside, inside = [], []
    task_class = tasks.load(case.task)
    spec = {
        "launch_id": "bench", "mode": "measure", "task": case.task,
        "params": {**task_class.defaults, **case.params}, "items": 16, "scale": 500,
        "item_seconds": None, "executor": case.executor, "options": case.options,
        "workers": case.workers, "cpus": None, "batches": 3, "steady_seconds": 0.0,
        "most_batches": 3, "profile": True, "expected": None, "services": {}, "scratch": scratch,
        "seed": 1,
    }  # fmt: skip
    for _ in range(count):
        seen = launcher.launch(spec)
        if seen.status != "ok":
            sys.exit(f"Poolwise: bench: {case.label}: {seen.status}: {seen.reason}")
        parts = [seen.startup_seconds, seen.teardown_seconds, seen.profile["profile_seconds"]]
        used = sum(part or 0.0 for part in parts) + sum(
            batch["wall_seconds"] for batch in seen.batches
        )
        inside.append(used)
        outside.append(seen.launch_seconds - used)
    return statistics.median(outside), statistics.median(inside)


def main() -> None:
    """Print both tables; exit status 1 where the harness is proven to add more than the limit."""
    parser = argparse.ArgumentParser(prog="python -m experiments.bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=40, help="pairs of batches an executor")
    parser.add_argument("--launches", type=int, default=7, help="launches an executor")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    try:
        with lock.held("run"), lock.held("measure"):
            broken = _print_overheads(args.pairs, random.Random(args.seed))
            _print_launches(args.launches)
    except lock.BusyError as error:
        sys.exit(f"Poolwise: {error}")
    sys.exit(1 if broken else 0)


def _print_overheads(count: int, rng: random.Random) -> bool:
    print(f"Harness against the bare standard library, {count} pairs each, limit {LIMIT:.0%}")
    print(f"{'executor':24} {'batch':>9}   {'adds':>7}   95% interval       limit")
    broken = []
    for case in CASES:
        line, bad = overhead_row(case, count, rng)
        print(line, flush=True)
        broken.append(bad)
    return any(broken)


def _print_launches(count: int) -> None:
    print("\nA launch (median of", count, "launches): outside its timed phases, and in them")
    reaper = Reaper()
    try:
        with tempfile.TemporaryDirectory() as scratch, Path(scratch, "log").open("wb") as log:
            launcher = Launcher(sys.executable, log, reaper, 60.0)
            for case in CASES:
                outside, inside = launch_costs(case, launcher, scratch, count)
                print(f"{case.label:24} {outside:7.3f} s   {inside:7.3f} s", flush=True)
    finally:
        reaper.close()


if __name__ == "__main__":
    main()
