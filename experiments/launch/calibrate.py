"""Calibration: how much work makes an item of the wanted cost, and how long a batch then takes."""

from __future__ import annotations

from typing import Any, List

from experiments.launch.answers import answers_of
from experiments.launch.base import Task
from experiments.launch.events import Events
from experiments.launch.executors.sequential import Sequential
from experiments.launch.phases import timed
from experiments.launch.spec import Spec

#: batches timed; the fastest counts, as everything else only adds time
REPEATS = 3
#: a probe shorter than this share of the wanted item time says little about it
TELLING_SHARE = 0.25
#: scale grows at most this much from one probe to the next: costs are not linear at small scales
LARGEST_STEP = 16
MOST_STEPS = 40
#: items that are timed together in a probe
PROBE_ITEMS = 2


def run(spec: Spec, task: Task, events: Events) -> None:
    """Find the scale if an item's cost is asked for, time a batch, report the expected answers."""
    scale = spec.scale
    if spec.item_seconds is not None:
        scale = find_scale(spec, task, events, spec.item_seconds)
    events.phase("prepare")
    task.prepare(spec.items, scale)
    items = task.make_items(spec.items, scale)
    executor = Sequential(spec.ref, task, 1, {})
    events.phase("startup")
    executor.start()
    events.phase("cold")
    seconds: List[float] = []
    expected: List[Any] = []
    for _ in range(REPEATS):
        task.before_batch()
        results, wall = timed(lambda: executor.run(items))
        seconds.append(wall)
        expected = answers_of(task, results)
        task.after_batch()
    executor.stop()
    task.close()
    events.emit(
        "calibrated",
        scale=scale,
        item_seconds=min(seconds) / len(items),
        batch_seconds=min(seconds),
        expected=expected,
    )


def find_scale(spec: Spec, task: Task, events: Events, wanted_seconds: float) -> int:
    """The scale at which an item takes about `wanted_seconds`; probes grow until they tell."""
    scale = max(1, spec.scale)
    for _ in range(MOST_STEPS):
        seconds = _item_seconds(spec, task, events, scale)
        if seconds >= TELLING_SHARE * wanted_seconds:
            break
        scale *= max(2, min(LARGEST_STEP, int(0.5 * wanted_seconds / max(seconds, 1e-9))))
    scale = max(1, round(scale * wanted_seconds / seconds))
    seconds = _item_seconds(spec, task, events, scale)  # once more, close to where it will work
    return max(1, round(scale * wanted_seconds / seconds))


def _item_seconds(spec: Spec, task: Task, events: Events, scale: int) -> float:
    """Best of a few timings of a couple of items at a scale."""
    events.phase("prepare")
    task.prepare(PROBE_ITEMS, scale)
    items = task.make_items(PROBE_ITEMS, scale)
    executor = Sequential(spec.ref, task, 1, {})
    executor.start()
    best = float("inf")
    for _ in range(REPEATS):
        task.before_batch()
        best = min(best, timed(lambda: executor.run(items))[1])
        task.after_batch()
    return best / len(items)
