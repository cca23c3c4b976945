"""A measuring launch, phase by phase: startup, cold, steady, profile, teardown."""

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
    """Run all phases; on an exception the pool is left to be stopped by the caller."""
    events.phase("prepare")
    batches = _Batches(spec, task, executor, events, made_items(task, spec.items, spec.scale))
    events.phase("startup")
    events.emit("startup", seconds=timed(executor.start)[1])
    batches.cold()
    batches.steady()
    if spec.profile:
        batches.profile()
    batches.tell_extras()
    events.phase("teardown")
    events.emit("teardown", seconds=timed(lambda: close(task, executor))[1])


def made_items(task: Task, count: int, scale: int) -> List[Any]:
    """The task's files and its items; raises ValueError where it makes another number of them."""
    task.prepare(count, scale)
    items = task.make_items(count, scale)
    if len(items) != count:
        raise ValueError(f"make_items({count}, {scale}) made {len(items)} items")
    return items


def close(task: Task, executor: Executor) -> None:
    """Shut the pool down, then close what the task opened in this process."""
    executor.stop()
    task.close()


def timed(call: Callable[[], Any]) -> Tuple[Any, float]:
    """What a call returns, and its wall seconds."""
    began_ns = time.perf_counter_ns()
    result = call()
    return result, (time.perf_counter_ns() - began_ns) / 1e9


class _Batches:
    """The batches of one launch, each checked outside its timing."""

    def __init__(
        self, spec: Spec, task: Task, executor: Executor, events: Events, items: List[Any]
    ) -> None:
        self._spec, self._task, self._executor = spec, task, executor
        self._events, self._items = events, items
        self._extras: Dict[str, int] = {}

    def cold(self) -> None:
        """The first batch of the pool's life."""
        self._events.phase("cold")
        self._timed_batch("cold", 0)

    def steady(self) -> None:
        """At least `batches`, and on until `steady_seconds` are timed, at most `most_batches`."""
        spec, batch, seconds = self._spec, 0, 0.0
        self._events.phase("steady")
        while batch < spec.batches or (batch < spec.most_batches and seconds < spec.steady_seconds):
            seconds += self._timed_batch("steady", batch)
            batch += 1

    def profile(self) -> None:
        """One more batch, timed apart: watching it costs something."""
        self._events.phase("profile")
        self._task.before_batch()
        beats, before = Beats(), usage.measure()
        results = self._executor.run_beating(self._items, beats)
        after = usage.measure()
        memory_mib = usage.memory_mib()  # while the workers still live
        self._task.after_batch()
        self._check(results, "profile batch")
        self._events.emit(
            "profile",
            profile_seconds=beats.batch_seconds,
            peak_memory_mib=memory_mib,
            **usage.between(before, after),
            **beats.summary(),
        )

    def tell_extras(self) -> None:
        """What the task itself counted over the timed batches, if anything."""
        if self._extras:
            self._events.emit("extras", **self._extras)

    def _timed_batch(self, phase: str, batch: int) -> float:
        self._task.before_batch()
        results, seconds = timed(lambda: self._executor.run(self._items))
        for name, count in self._task.after_batch().items():
            self._extras[name] = self._extras.get(name, 0) + count
        self._check(results, f"{phase} batch {batch}")
        self._events.emit("batch", phase=phase, batch=batch, wall_seconds=seconds)
        return seconds

    def _check(self, results: List[Any], where: str) -> None:
        if self._spec.expected is not None:
            check(self._task, self._spec.expected, results, where)
