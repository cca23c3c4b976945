"""Calibration: how much work makes an item of the wanted cost, and what are the answers?"""

from __future__ import annotations

import pickle
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from experiments.launch.answers import check, expected_of
from experiments.launch.base import Executor, Task
from experiments.launch.events import Events
from experiments.launch.phases import close, made_items, timed
from experiments.launch.spec import Spec

#: short measurements of which the best counts: what disturbs only adds time
REPEATS = 3
#: items tried at each scale; a single one could be an unusual one
TRIED_ITEMS = 3
#: far below the wanted cost scale grows by up to this factor, near it by 2
LARGEST_STEP = 16
#: an item that stays cheap is given up as not growing with scale
LARGEST_SCALE = 2**40
SEARCH_SECONDS = 60.0
#: the cost may miss the wanted one by this share: noise of short timings is of this order
TOLERANCE = 0.05
MOST_CORRECTIONS = 3
#: items and results that are pickled to see how large they are
WEIGHED = 16

Point = Tuple[int, float]


class CalibrationError(RuntimeError):
    """The wanted cost of an item can't be reached."""


def calibrate(spec: Spec, task: Task, executor: Executor, events: Events) -> None:
    """Find the scale where a cost is wanted, time a batch sequentially, report the answers.

    Mode `answers`: scale is known, and one batch is enough for the answers of so many items.
    """
    scale = spec.scale
    if spec.item_seconds is not None:
        events.phase("steady")
        scale = find_scale(_Probe(task, executor, spec.items).seconds, spec.item_seconds)
    events.phase("prepare")
    items = made_items(task, spec.items, scale)
    events.phase("startup")
    executor.start()  # after `prepare`: shared state may have to know how many items there are
    events.phase("steady")
    fields = _timed_batch(task, executor, items, REPEATS if spec.mode == "calibrate" else 1)
    events.phase("teardown")
    close(task, executor)
    events.emit("calibrated", scale=scale, **fields)


def find_scale(
    cost: Callable[[int], float],
    wanted_seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """The scale at which `cost(scale)` seconds are about wanted; 1 where even that costs more.

    Grows until the cost is reached, then interpolates between the scales on both sides of it.
    Raises CalibrationError where the cost doesn't grow.
    """
    low, high = _bracket(cost, wanted_seconds, clock)
    for _ in range(MOST_CORRECTIONS):
        scale = _interpolate(low, high, wanted_seconds)
        if scale in (low[0], high[0]):
            break
        found = (scale, cost(scale))
        low, high = (found, high) if found[1] < wanted_seconds else (low, found)
        if abs(found[1] - wanted_seconds) <= TOLERANCE * wanted_seconds:
            break
    return min(low, high, key=lambda point: abs(point[1] - wanted_seconds))[0]


def _bracket(
    cost: Callable[[int], float], wanted_seconds: float, clock: Callable[[], float]
) -> Tuple[Point, Point]:
    """The last scale tried below the wanted cost and the first that reaches it."""
    until = clock() + SEARCH_SECONDS
    low = high = (1, cost(1))
    while high[1] < wanted_seconds:
        if high[0] >= LARGEST_SCALE or clock() > until:
            raise CalibrationError(
                f"an item costs {high[1]:.3g} s at scale {high[0]}, wanted {wanted_seconds:.3g} s: "
                "its work does not grow with scale"
            )
        scale = high[0] * _step(high[1], wanted_seconds)
        low, high = high, (scale, cost(scale))
    return low, high


def _step(seconds: float, wanted_seconds: float) -> int:
    """Half of what is missing, so as not to overshoot where cost grows faster than scale."""
    return int(min(LARGEST_STEP, max(2, wanted_seconds / max(seconds, 1e-9) / 2)))


def _interpolate(low: Point, high: Point, wanted_seconds: float) -> int:
    share = (wanted_seconds - low[1]) / max(high[1] - low[1], 1e-12)
    return max(1, round(low[0] + min(1.0, max(0.0, share)) * (high[0] - low[0])))


class _Probe:
    """Measures what an item costs at a scale: best of a few short runs."""

    def __init__(self, task: Task, executor: Executor, items: int) -> None:
        self._task, self._executor = task, executor
        self._count = min(items, TRIED_ITEMS)

    def seconds(self, scale: int) -> float:
        """Seconds an item."""
        items = made_items(self._task, self._count, scale)
        self._executor.start()
        best = min(_one_batch(self._task, self._executor, items)[1] for _ in range(REPEATS))
        return best / len(items)


def _timed_batch(task: Task, executor: Executor, items: List[Any], repeats: int) -> Dict[str, Any]:
    """Answers and the best time of a few batches, whose answers must agree with each other."""
    results, best_seconds = _one_batch(task, executor, items)
    expected = expected_of(task, results)
    if len(expected) < len(results):
        check(
            task, expected, results, f"sequential batch 0 against its first {len(expected)} items"
        )
    for repeat in range(1, repeats):
        results, seconds = _one_batch(task, executor, items)
        check(task, expected, results, f"sequential batch {repeat} against the first")
        best_seconds = min(best_seconds, seconds)
    return {
        "item_seconds": best_seconds / len(items),
        "batch_seconds": best_seconds,
        "expected": expected,
        "item_kib": pickled_kib(items),
        "result_kib": pickled_kib(results),
    }


def pickled_kib(objects: List[Any]) -> Optional[float]:
    """Mean KiB of an object when it is pickled by itself, as a pool of processes does.

    From up to WEIGHED of them, evenly spread; None where one can't be pickled.
    """
    some = objects[:: -(-len(objects) // WEIGHED)]
    try:
        sizes = [len(pickle.dumps(one, pickle.HIGHEST_PROTOCOL)) for one in some]
    except Exception:  # measured code may raise anything; where it matters, its launches will say
        return None
    return sum(sizes) / len(sizes) / 1024


def _one_batch(task: Task, executor: Executor, items: List[Any]) -> Tuple[List[Any], float]:
    task.before_batch()
    results, seconds = timed(lambda: executor.run(items))
    task.after_batch()
    return results, seconds
