"""The phases of a measuring launch: import, prepare, startup, cold, steady, profile, teardown."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Tuple

from experiments.launch import usage
from experiments.launch.answers import check
from experiments.launch.base import Executor, Task
from experiments.launch.events import Events
from experiments.launch.heartbeat import Beats
from experiments.launch.spec import Spec


def measure(spec: Spec, task: Task, executor: Executor, events: Events) -> None:
    """Run all phases; the pool is shut down whatever happens."""
    events.phase("prepare")
    task.prepare(spec.items, spec.scale)
    items = task.make_items(spec.items, spec.scale)
    events.phase("startup")
    try:
        _, seconds = timed(executor.start)
        events.emit("startup", seconds=seconds)
        batches = _Batches(spec, task, executor, items, events)
        batches.cold()
        batches.steady()
        if spec.profile:
            batches.profile()
        batches.tell_extras()
        events.phase("teardown")
        _, seconds = timed(executor.stop)
        events.emit("teardown", seconds=seconds)
    except BaseException:
        executor.stop()
        raise
    finally:
        task.close()


def timed(call: Callable[[], Any]) -> Tuple[Any, float]:
    """What a call returns, and its wall seconds."""
    start = time.perf_counter_ns()
    result = call()
    return result, (time.perf_counter_ns() - start) / 1e9


class _Batches:
    """The batches of one launch: each prepared, timed, checked, in this order."""

    def __init__(
        self, spec: Spec, task: Task, executor: Executor, items: List[Any], events: Events
    ) -> None:
        self.spec, self.task, self.executor = spec, task, executor
        self.items, self.events = items, events
        self.extras: Dict[str, int] = {}

    def cold(self) -> None:
        """The first batch of the pool's life."""
        self.events.phase("cold")
        self._timed_batch("cold", 0)

    def steady(self) -> None:
        """Batches until there are enough of them and enough seconds, or too many."""
        self.events.phase("steady")
        seconds, batch = 0.0, 0
        spec = self.spec
        while batch < spec.batches or (seconds < spec.steady_seconds and batch < spec.most_batches):
            seconds += self._timed_batch("steady", batch)
            batch += 1

    def profile(self) -> None:
        """One more batch with a heartbeat; what it used; its time counts nowhere."""
        self.events.phase("profile")
        self.task.before_batch()
        beats, before = Beats(), usage.read()
        results = self.executor.run_beating(self.items, beats)
        used = usage.difference(before, usage.read())
        memory = usage.tree_memory_mib()  # while the workers still live
        self._check(results, "profile batch")
        self.task.after_batch()
        self.events.emit(
            "profile",
            profile_seconds=beats.batch_seconds,
            peak_memory_mib=memory,
            **used,
            **beats.summary(),
        )

    def tell_extras(self) -> None:
        """What the task counted itself over the timed batches, if anything."""
        if self.extras:
            self.events.emit("extras", **self.extras)

    def _timed_batch(self, phase: str, number: int) -> float:
        self.task.before_batch()
        results, seconds = timed(lambda: self.executor.run(self.items))
        self._check(results, f"{phase} batch {number}")
        for name, count in self.task.after_batch().items():
            self.extras[name] = self.extras.get(name, 0) + count
        self.events.emit("batch", phase=phase, batch=number, wall_seconds=seconds)
        return seconds

    def _check(self, results: List[Any], where: str) -> None:
        if self.spec.expected is not None:
            check(self.task, self.spec.expected, results, where)
