"""Finds, once for a task and its parameters, how many items of which size make a batch.

Sequentially and in fresh launches, on one core. All approaches on all core counts then get the
same items (strong scaling) or as many times more as they have workers (weak scaling), and the
sequential answers every launch is checked against.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments.conductor.outcome import Outcome
from experiments.schema import write_atomically

#: a sequential batch within these is long enough to time and short enough to repeat, in multiples
#: of the batch that is aimed at (0.12 s: 0.1 to 0.25 s)
SHORTEST, LONGEST = 0.85, 2.05
#: fresh launches spent on hitting the batch time; the last one is taken as it is
ATTEMPTS = 5
#: most items in a batch: beyond, lists and answers cost more than they tell
MOST_ITEMS = 4096
#: most of a batch's results where their size is the user's: all are in memory at once
MOST_RESULT_KIB = 128 * 1024
#: and where they are pickled after every batch for the user's own comparison: so it takes 0.05 s
MOST_KEPT_KIB = 16 * 1024


class CalibrationError(RuntimeError):
    """The task can't be run sequentially; carries the outcome that says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


@dataclass(frozen=True)
class Calibration:
    """Items, work per item, the sequential seconds they take, and the expected answers."""

    items: int
    scale: int
    item_seconds: float
    batch_seconds: float
    expected: list[Any]
    #: mean size of an item and of a result when pickled; None: unknown, or can't be pickled
    item_kib: float | None = None
    result_kib: float | None = None


#: (items x scale, seconds of the batch) of one attempt
Point = tuple[int, float]
#: (items, scale, wanted item seconds or None) -> outcome of a fresh sequential launch
Try = Callable[[int, int, float | None], Outcome]


def calibrate(
    attempt: Try,
    target_seconds: float,
    min_items: int,
    item_seconds: float | None,
    exact_item: bool = False,
    most_items: int = MOST_ITEMS,
    most_result_kib: float = math.inf,
) -> Calibration:
    """Aim at a batch of `target_seconds` with `min_items` to `most_items` items, whose results are
    at most `most_result_kib` together unless `min_items` already are more.

    `item_seconds` is the wanted cost of an item, or None where the work of an item is fixed; it is
    lowered where `min_items` of that cost would take too long, unless `exact_item`. Raises
    CalibrationError.
    """
    wanted = item_seconds
    if wanted is not None and not exact_item:
        wanted = min(wanted, target_seconds / min_items)
    turn_scale = wanted is not None and not exact_item
    seen = _tried(attempt(min_items, 1, wanted))
    items, scale = min_items, int(seen["scale"])
    points = [(min_items * scale, float(seen["batch_seconds"]))]
    result_kib = seen.get("result_kib") or 0.0
    if most_items * result_kib > most_result_kib:
        most_items = max(min_items, int(most_result_kib / result_kib))
    for _ in range(ATTEMPTS - 1):
        better = _better(points, target_seconds, (min_items, most_items), scale, turn_scale)
        if len(points) > 1 and (_good(points[-1][1] / target_seconds) or better == (items, scale)):
            break  # hit, or nothing left to turn
        items, scale = better
        seen = _tried(attempt(items, scale, None))
        points.append((items * scale, float(seen["batch_seconds"])))
    return _calibration(items, scale, seen)


def answered(attempt: Try, items: int, scale: int) -> Calibration:
    """The sequential answers of so many items, by one launch. Raises CalibrationError."""
    return _calibration(items, scale, _tried(attempt(items, scale, None)))


def calibrate_fixed(attempt: Try, items: int) -> Calibration:
    """A batch of so many items, however long it takes. Raises CalibrationError."""
    return answered(attempt, items, 1)


def _calibration(items: int, scale: int, seen: Mapping[str, Any]) -> Calibration:
    return Calibration(
        items,
        scale,
        seen["batch_seconds"] / items,
        seen["batch_seconds"],
        seen["expected"],
        seen.get("item_kib"),
        seen.get("result_kib"),
    )


def most_items(min_items: int, most_multiple: int) -> int:
    """Most items of a batch of which the largest multiple should stay within MOST_ITEMS."""
    return max(min_items, MOST_ITEMS // most_multiple)


def most_result_kib(own: Mapping[str, Any] | None, most_multiple: int) -> float:
    """For a user's function with this definition, of whose batch the largest is a multiple."""
    if own is None:
        return math.inf
    return (MOST_KEPT_KIB if "same" in own else MOST_RESULT_KIB) / most_multiple


def _good(ratio: float) -> bool:
    return SHORTEST <= ratio <= LONGEST


def _better(
    points: list[Point], target_seconds: float, bounds: tuple[int, int], scale: int, scalable: bool
) -> tuple[int, int]:
    """Items and scale that should take `target_seconds`; scale is turned where items can't be."""
    work = _work(points, target_seconds)
    fewest, most = bounds
    items = max(fewest, min(most, math.ceil(work / scale)))
    if scalable and items in bounds:
        scale = max(1, round(work / items))
    return items, scale


def _work(points: list[Point], target_seconds: float) -> float:
    """The work (items x scale) that should take so long.

    On the line through the last two points, as a batch may have a cost of its own; on the one
    through the origin where they lie too close together.
    """
    work, seconds = points[-1]
    if len(points) > 1:
        before, then = points[-2]
        if max(work, before) >= 2 * min(work, before) and (work - before) * (seconds - then) > 0:
            slope = (seconds - then) / (work - before)
            line = work + (target_seconds - seconds) / slope
            if line > 0:
                return line
    return target_seconds * work / max(seconds, 1e-9)


def _tried(outcome: Outcome) -> dict[str, Any]:
    if outcome.status != "ok" or outcome.calibrated is None:
        raise CalibrationError(outcome)
    return outcome.calibrated


def remembered(
    path: Path, identity: Mapping[str, Any], make: Callable[[], Calibration]
) -> Calibration:
    """The calibration kept at `path` if it was made for this very identity, else a new one."""
    try:
        kept = json.loads(path.read_text())
        if kept["identity"] == dict(identity):
            return Calibration(**kept["calibration"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or damaged: making it again costs a second
    made = make()
    text = json.dumps({"identity": dict(identity), "calibration": asdict(made)})
    write_atomically(path, text + "\n")
    return made
