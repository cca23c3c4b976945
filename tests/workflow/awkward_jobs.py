"""Functions of a user's that are awkward to measure: each in a way of its own."""

from __future__ import annotations

import threading
import time

ITEMS = [1, 2, 3]


def lock(item: int) -> object:
    """Its result can't be pickled."""
    return threading.Lock()


def slow(item: int) -> int:
    """An item takes longer than a whole batch should."""
    time.sleep(0.1)
    return item


def blocking(item: int) -> int:
    time.sleep(0.01)
    return item


async def ablocking(item: int) -> int:
    """Holds the event loop, for far longer over a batch than is told of, whatever its items."""
    time.sleep(0.03)
    return blocking(item)
