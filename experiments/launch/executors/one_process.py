"""Shared state for interpreters of one process: its descriptors and its memory are the same to all.

Everything here is pickled as a number, a descriptor or an address, and finds the same thing again
in another interpreter of the process.
"""

from __future__ import annotations

import ctypes
import os
import threading
from typing import Any, Callable, Tuple

PASSED, BROKEN = b".", b"!"


class Tokens:
    """A semaphore, or a lock: tokens in a pipe, which the kernel gives to one reader each.

    Two system calls, 3 microseconds where a `multiprocessing.Lock` takes 0.3; that one leaves a
    name or a helper process behind between interpreters. What Python itself has to wait across
    them, `concurrent.interpreters.Queue` (PEP 734), looks every 10 ms.
    """

    def __init__(self, count: int = 1) -> None:
        self._taken_from, self._given_to = os.pipe()
        self.give(PASSED * count)

    def __enter__(self) -> bytes:
        return os.read(self._taken_from, 1)

    def __exit__(self, *_: Any) -> None:
        self.give(PASSED)

    def give(self, tokens: bytes) -> None:
        """Let as many waiters go on."""
        os.write(self._given_to, tokens)


class Integer(ctypes.c_longlong):
    """An integer `value` at an address; whoever made it keeps it alive."""

    def __reduce__(self) -> Tuple[Callable[[int], Any], Tuple[int]]:
        return Integer.from_address, (ctypes.addressof(self),)


class Barrier:
    """As threading.Barrier, to be passed once."""

    def __init__(self, parties: int) -> None:
        self._parties, self._come = parties, Integer(0)
        self._lock, self._open = Tokens(), Tokens(0)

    def wait(self) -> None:
        """Wait for the others. Raises threading.BrokenBarrierError after `abort`."""
        with self._lock:
            self._come.value += 1
            if self._come.value == self._parties:
                self._open.give(PASSED * self._parties)
        if self._open.__enter__() == BROKEN:
            raise threading.BrokenBarrierError

    def abort(self) -> None:
        """Let all who wait, or will come, go on with an error."""
        self._open.give(BROKEN * self._parties)
