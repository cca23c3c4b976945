"""Waits of a fraction of a millisecond on an event loop, never shorter than asked.

The loops' own timers are too coarse for a server that stands for a latency of 1 ms. Measured on
Linux with 20 waits of 1 ms in flight: uvloop, which counts whole milliseconds from a truncated
clock, wakes up between 0.04 and 1.9 ms; asyncio rounds up to the next millisecond (a wait of
1.5 ms takes 2.4). A timer of the kernel (timerfd, absolute, nanoseconds) that wakes the loop as a
readable descriptor keeps to within about 0.1 ms, also under load. Where there is none, the loop's
timer is asked again until the time has really passed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import heapq
import itertools
import os
import sys
import time
from typing import Protocol

#: from <sys/timerfd.h>: TFD_TIMER_ABSTIME; TFD_NONBLOCK and TFD_CLOEXEC equal O_NONBLOCK, O_CLOEXEC
ABSOLUTE = 1


class Waiter(Protocol):
    """Something that can wait on the running loop."""

    async def wait(self, seconds: float) -> None:
        """Return when at least `seconds` have passed."""

    def close(self) -> None:
        """Give back what the waiter holds."""


class LoopWaiter:
    """Waits by the loop's own timer, asked again as long as it was early."""

    async def wait(self, seconds: float) -> None:
        """Return when at least `seconds` have passed; up to about 1.5 ms late."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            # uvloop rounds to whole milliseconds: less than one would spin.
            await asyncio.sleep(max(left, 0.001))

    def close(self) -> None:
        """Nothing is held."""


class KernelWaiter:
    """All waits of a loop on one timerfd, armed for the earliest of them."""

    def __init__(self) -> None:
        self._descriptor = _timerfd_create()
        self._pending: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._descriptor, self._fired)

    async def wait(self, seconds: float) -> None:
        """Return when at least `seconds` have passed; about 0.1 ms late."""
        if seconds <= 0:
            return
        end_ns = time.monotonic_ns() + round(seconds * 1e9)
        future: asyncio.Future[None] = self._loop.create_future()
        heapq.heappush(self._pending, (end_ns, next(self._order), future))
        if self._pending[0][2] is future:
            _timerfd_settime(self._descriptor, end_ns)
        await future

    def _fired(self) -> None:
        # The timer may have been armed anew between its firing and this call.
        with contextlib.suppress(BlockingIOError):
            os.read(self._descriptor, 8)
        now_ns = time.monotonic_ns()
        while self._pending and self._pending[0][0] <= now_ns:
            future = heapq.heappop(self._pending)[2]
            if not future.done():
                future.set_result(None)
        if self._pending:
            _timerfd_settime(self._descriptor, self._pending[0][0])

    def close(self) -> None:
        """Close the timer; waits in progress never end."""
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)


def best_waiter() -> Waiter:
    """The most exact waiter there is here; call it on the running loop."""
    # struct itimerspec is four C longs on 64-bit Linux alone.
    if sys.platform == "linux" and ctypes.sizeof(ctypes.c_long) == 8:
        with contextlib.suppress(OSError, AttributeError):
            return KernelWaiter()
    return LoopWaiter()


def _timerfd_create() -> int:
    descriptor = int(_libc().timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC))
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "timerfd_create failed")
    return descriptor


def _timerfd_settime(descriptor: int, end_ns: int) -> None:
    seconds, nanoseconds = divmod(end_ns, 1_000_000_000)
    spec = (ctypes.c_long * 4)(0, 0, seconds, nanoseconds)
    if _libc().timerfd_settime(descriptor, ABSOLUTE, spec, None) != 0:
        raise OSError(ctypes.get_errno(), "timerfd_settime failed")


_LIBRARY: list[ctypes.CDLL] = []


def _libc() -> ctypes.CDLL:
    if not _LIBRARY:
        _LIBRARY.append(ctypes.CDLL(None, use_errno=True))
    return _LIBRARY[0]
