"""Strong or weak scaling: how many items each approach of a block gets (config key `scaling`).

Strong: all approaches do the same items, and the question is how much sooner they are done. Weak:
an approach with w workers gets w times the sequential program's items, and the question is how much
more it does in the same time (Gustafson, "Reevaluating Amdahl's Law", CACM 31(5), 1988).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

STRONG, WEAK = "strong", "weak"
#: items a worker gets at least, so that a worker that is late can be helped out by another one
ITEMS_PER_WORKER = 2


def is_weak(block: Mapping[str, Any]) -> bool:
    """Whether a planned block's work grows with the workers; plans name it only where it does."""
    return bool(block.get("scaling", STRONG) == WEAK)


def batch_multiple(block: Mapping[str, Any], workers: int) -> int:
    """Items of the batch of an approach with so many workers, over the sequential program's."""
    return workers if is_weak(block) else 1


def fewest_batches(block: Mapping[str, Any], workers: int, wanted: int) -> int:
    """Steady batches of its launches at least, where `wanted` are those of the sequential program.

    As much work as that does is enough: workers that gain nothing would need as many times longer.
    """
    return math.ceil(wanted / batch_multiple(block, workers))


def item_limits(block: Mapping[str, Any], most_workers: int) -> dict[str, int]:
    """What a planned block says of its items; `most_workers` are those of all blocks of its task.

    min_items      fewest items of the sequential program's batch
    most_multiple  weak scaling only: the largest batch over that one
    """
    if is_weak(block):
        return {"min_items": ITEMS_PER_WORKER, "most_multiple": most_workers}
    return {"min_items": ITEMS_PER_WORKER * most_workers}
