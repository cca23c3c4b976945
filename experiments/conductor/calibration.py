"""Finds, once for a task and its parameters, how many items of which size make a batch.

Sequentially and in fresh launches, on one core. All approaches on all core counts then get the
same items (strong scaling), and the sequential answers every launch is checked against.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments.conductor.child import Outcome
from experiments.schema import write_atomically

#: a sequential batch within these is long enough to time and short enough to repeat, in multiples
#: of the batch that is aimed at (0.12 s: 0.1 to 0.25 s)
SHORTEST, LONGEST = 0.85, 2.05
#: fresh launches spent on hitting the batch time; the last one is taken as it is
ATTEMPTS = 5
#: most items in a batch: beyond, lists and answers cost more than they tell
MOST_ITEMS = 4096


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


#: (items, scale, wanted item seconds or None) -> outcome of a fresh sequential launch
Try = Callable[[int, int, float | None], Outcome]


def calibrate(
    attempt: Try, target_seconds: float, min_items: int, item_seconds: float | None
) -> Calibration:
    """Aim at a batch of `target_seconds` with at least `min_items` items.

    `item_seconds` is the wanted cost of an item, or None where the work of an item is fixed; it is
    lowered where `min_items` of that cost would take too long. Raises CalibrationError.
    """
    wanted = None if item_seconds is None else min(item_seconds, target_seconds / min_items)
    seen = _tried(attempt(min_items, 1, wanted))
    items = _items(target_seconds, seen["item_seconds"], min_items)
    scale = int(seen["scale"])
    for left in reversed(range(ATTEMPTS - 1)):
        seen = _tried(attempt(items, scale, None))
        ratio = target_seconds / seen["batch_seconds"]
        better = _items(target_seconds, seen["batch_seconds"] / items, min_items)
        turned = scale if better != items or wanted is None else max(1, round(scale * ratio))
        good = 1 / LONGEST <= ratio <= 1 / SHORTEST
        if good or not left or (better, turned) == (items, scale):
            break  # hit, or the last attempt, or nothing left to turn
        items, scale = better, turned
    return Calibration(items, scale, seen["batch_seconds"] / items, seen["batch_seconds"],
                       seen["expected"])  # fmt: skip


def _items(target_seconds: float, item_seconds: float, min_items: int) -> int:
    return max(min_items, min(MOST_ITEMS, math.ceil(target_seconds / max(item_seconds, 1e-9))))


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
