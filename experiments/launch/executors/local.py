"""Shared state for workers that live in one process."""

from __future__ import annotations

import threading

from experiments.launch.base import SharedKit


class Counter:
    """An integer all threads see, without a lock of its own."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0


THREADING_KIT = SharedKit(Lock=threading.Lock, Semaphore=threading.Semaphore, counter=Counter)
