"""A measuring launch, phase by phase: startup, cold, steady, profile, teardown."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any, Callable, Dict, List, Optional, Tuple

from experiments.launch import latency, usage
from experiments.launch.answers import WrongAnswer, check
from experiments.launch.base import Elsewhere, Executor, Task
from experiments.launch.core_speed import CoreSpeed
from experiments.launch.events import Events
from experiments.launch.heartbeat import Beats, quantile
from experiments.launch.spec import Spec

#: cores are tried again once so many seconds of batches have run: short ones share their tries
STRETCH_SECONDS = 0.02
#: where the cores are slowed, steady batches go on for this many times what calm ones would take
PATIENCE = 3


def measure(spec: Spec, task: Task, executor: Executor, events: Events) -> None:
    """Run all phases; on an exception the pool is left to be stopped by the caller."""
    events.phase("prepare")
    batches = _Batches(spec, task, executor, events, made_items(task, spec.items, spec.scale))
    batches.start_and_cold()
    batches.steady()
    if spec.profile:
        batches.profile()
    batches.tell_extras()
    batches.tell_latencies()
    batches.tell_elsewhere()
    events.phase("teardown")
    events.emit("teardown", seconds=timed(lambda: close(task, executor))[1])
    seconds = executor.elsewhere_at_end()
    if seconds is not None:
        events.emit("elsewhere", cpu_seconds=seconds)
    others = executor.other_nodes()
    if others is not None:
        events.emit("other_nodes", **asdict(others.taken_at_end()))


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
        self._speed = CoreSpeed(spec.cpus, spec.core_limit_seconds)
        #: of each timed batch, the cold one first: the nanoseconds its items took (none where they
        #: are not recorded), and whether it was calm
        self._taken_ns: List[List[int]] = []
        self._calm: List[Optional[bool]] = []
        #: of workers outside this process tree, when they had started
        self._elsewhere: Optional[Elsewhere] = None

    def start_and_cold(self) -> None:
        """Create the pool, then run the first batch of its life."""
        before = self._speed.now()
        self._events.phase("startup")
        seconds = timed(self._executor.start)[1]
        self._elsewhere = self._executor.elsewhere()
        imports = sorted(self._executor.import_seconds())
        self._events.emit(
            "startup",
            seconds=seconds,
            worker_import_seconds=quantile(imports, 0.5) if imports else None,
        )
        self._events.phase("cold")
        seconds = self._timed_batch("cold batch 0")
        self._tell("cold", 0, seconds, before, self._try_cores())

    def steady(self) -> None:
        """Batches, until enough of them were calm or patience is at its end."""
        walls: List[float] = []
        calm_walls: List[float] = []
        self._events.phase("steady")
        before = self._try_cores()
        while not (self._enough(calm_walls) or self._enough(walls, PATIENCE)):
            stretch = self._stretch(len(walls), calm_walls)
            after = self._try_cores()
            for number, seconds in enumerate(stretch, len(walls)):
                self._tell("steady", number, seconds, before, after)
            walls += stretch
            if self._speed.calm(before, after) is not False:
                calm_walls += stretch
            before = after

    def _try_cores(self) -> float:
        """Seconds of the slowest core of all nodes."""
        others = self._executor.other_nodes()
        if others is None:
            return self._speed.now()
        others.try_cores()
        return max(self._speed.now(), others.core_seconds())

    def _enough(self, walls: List[float], times: int = 1) -> bool:
        """At least `batches`, and on until `steady_seconds` are timed, at most `most_batches`."""
        spec = self._spec
        seconds, count = sum(walls) / times, len(walls) / times
        return count >= spec.batches and (
            count >= spec.most_batches or seconds >= spec.steady_seconds
        )

    def _stretch(self, first: int, calm_walls: List[float]) -> List[float]:
        """Wall seconds of the batches between two tries of the cores."""
        walls: List[float] = []
        while sum(walls) < STRETCH_SECONDS and not self._enough(calm_walls + walls):
            walls.append(self._timed_batch(f"steady batch {first + len(walls)}"))
        return walls

    def profile(self) -> None:
        """One more batch, timed apart: watching it costs something."""
        self._events.phase("profile")
        self._task.before_batch()
        beats, before_elsewhere = Beats(), self._executor.elsewhere()
        before = usage.joined(usage.measure(), before_elsewhere)
        given = self._executor.run_beating(self._items, beats)
        tree, elsewhere = usage.measure(), self._executor.elsewhere()
        after = usage.joined(tree, elsewhere)
        memory_mib = usage.memory_mib(elsewhere)  # while the workers still live
        self._task.after_batch()
        self._check(self._apart(given)[0], "profile batch")
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

    def tell_latencies(self) -> None:
        """How long the items of the steady batches took, where that is recorded."""
        taken_ns = latency.counted(list(zip(self._taken_ns, self._calm))[1:])
        if taken_ns:
            self._events.emit("latencies", **latency.summary(taken_ns))

    def tell_elsewhere(self) -> None:
        """What workers outside this process tree have used on this machine, if there are any that
        live on; the others' end is waited for."""  # fmt: skip
        now, before = self._executor.elsewhere(), self._elsewhere
        if now is not None and before is not None and not now.since_launch:
            seconds = max(0.0, now.here_seconds - before.here_seconds)
            self._events.emit("elsewhere", cpu_seconds=seconds)

    def _timed_batch(self, where: str) -> float:
        self._task.before_batch()
        given, seconds = timed(lambda: self._executor.run(self._items))
        for name, count in self._task.after_batch().items():
            self._extras[name] = self._extras.get(name, 0) + count
        results, taken_ns = self._apart(given)
        self._check(results, where)
        self._taken_ns.append(taken_ns)
        return seconds

    def _tell(self, phase: str, batch: int, seconds: float, before: float, after: float) -> None:
        self._calm.append(self._speed.calm(before, after))
        self._events.emit(
            "batch",
            phase=phase,
            batch=batch,
            wall_seconds=seconds,
            core_seconds=max(before, after),
            calm=self._calm[-1],
        )

    def _apart(self, given: List[Any]) -> Tuple[List[Any], List[int]]:
        return latency.apart(given) if self._spec.latencies else (given, [])

    def _check(self, results: List[Any], where: str) -> None:
        if self._spec.expected is not None:
            if len(results) != len(self._items):
                raise WrongAnswer(f"{where}: {len(self._items)} items gave {len(results)} results")
            check(self._task, self._spec.expected, results, where)
