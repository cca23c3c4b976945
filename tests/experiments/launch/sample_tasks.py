"""Small tasks of outside code, well-behaved and not, run by real launches under Python 3.9 too."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

from experiments.launch.base import Task


class Squares(Task):
    """A well-behaved one; `scale` has no effect."""

    def make_items(self, count: int, scale: int) -> list[Any]:
        return list(range(count))

    def run(self, item: Any) -> Any:
        return item * item


class OfKit(Squares):
    """Says with every item from which module the semaphore is that it was given."""

    native_async = True
    async_libraries = ("asyncio", "trio")

    def share(self, kit: Any) -> Any:
        return type(kit.Semaphore(1)).__module__

    def start_worker(self, shared: Any) -> None:
        self._module = shared

    def run(self, item: Any) -> Any:
        return self._module

    async def arun(self, item: Any) -> Any:
        return self._module


class Unequal(Squares):
    """The first items take longest, so that they are done last."""

    def run(self, item: Any) -> Any:
        time.sleep(0.002 * (8 - item) if item < 8 else 0)
        return item * item


class Sleeps(Squares):
    """An item waits 20 ms."""

    native_async = True
    async_libraries = ("asyncio", "trio")

    def share(self, kit: Any) -> Any:
        self._sleep = kit.sleep or asyncio.sleep

    def run(self, item: Any) -> Any:
        time.sleep(0.02)
        return item

    async def arun(self, item: Any) -> Any:
        await self._sleep(0.02)
        return item


class SleepsUnequally(Sleeps):
    """One item in eight waits ten times as long."""

    def run(self, item: Any) -> Any:
        time.sleep(0.05 if item % 8 == 7 else 0.005)
        return item


class RunsItself(Sleeps):
    """Its coroutine does what its `run` does."""

    async def arun(self, item: Any) -> Any:
        return self.run(item)


class BlocksTheLoop(Sleeps):
    """The same without native coroutines."""

    native_async = False


class Loops(Squares):
    """Work that grows with `scale`."""

    defaults: ClassVar = {"item_ms": 1.0}

    def make_items(self, count: int, scale: int) -> list[Any]:
        return [scale * 100] * count

    def run(self, item: Any) -> Any:
        total = 0
        for number in range(item):
            total += number
        return total


class Restless(Squares):
    """A different answer each time."""

    def run(self, item: Any) -> Any:
        return time.perf_counter_ns()


class Drops(Squares):
    """One answer is missing."""

    def answer(self, results: list[Any]) -> list[Any]:
        return results[:-1]


class FewerItems(Squares):
    def make_items(self, count: int, scale: int) -> list[Any]:
        return list(range(count - 1))


class Raises(Squares):
    def run(self, item: Any) -> Any:
        raise ZeroDivisionError(f"item {item}\nis odd" if item == 3 else "divided")


class Leaves(Squares):
    def run(self, item: Any) -> Any:
        sys.exit("enough")


class Exits(Squares):
    """Ends its process in the middle of an item."""

    def run(self, item: Any) -> Any:
        if item == 3:
            os._exit(7)
        return item


class Segfaults(Squares):
    def run(self, item: Any) -> Any:
        return ctypes.string_at(0)


class CantPrepare(Squares):
    def prepare(self, count: int, scale: int) -> None:
        raise OSError("no free disk")


class CantStart(Squares):
    """Fails in its workers only."""

    def start_worker(self, shared: Any) -> None:
        raise LookupError("no such table")


class DiesAtStart(Squares):
    def start_worker(self, shared: Any) -> None:
        os._exit(3)


class TwoPartError(Exception):
    """Can be pickled, not unpickled: a usual mistake."""

    def __init__(self, part: str, other: str) -> None:
        super().__init__(part + other)


class RaisesOddly(Squares):
    def run(self, item: Any) -> Any:
        raise TwoPartError("half", "half")


class NeverEnds(Squares):
    """The first item fails while the last, in a thread of its own, never ends."""

    def run(self, item: Any) -> Any:
        if item == 7:
            time.sleep(3600)
        time.sleep(0.05)
        raise ValueError("first")


class Choosy(Squares):
    @classmethod
    def check_params(cls, params: Any) -> Any:
        return f"kib is {params['kib']}, must be at least 1"


class NeedsMore(Squares):
    requires = ("surely_not_there.at_all",)


class NeedsMoreForCoroutines(Sleeps):
    requires_async = ("surely_not_there",)


class Talks(Squares):
    """Prints lines that look like events, closes nothing, reads standard input."""

    def run(self, item: Any) -> Any:
        print('{"event": "end"}', flush=True)
        os.write(2, b'{"event": "end"}\n')
        return sys.stdin.read()


class Descriptors(Squares):
    """Open descriptors of the worker that are pipes, and its standard input."""

    def run(self, item: Any) -> Any:
        return str(Path("/proc/self/fd/0").readlink()), [
            number for number in range(3, 64) if self._is_events(number)
        ]

    def _is_events(self, number: int) -> bool:
        """Whether it is the launch's own pipe, told by the parent's inode."""
        try:
            return os.fstat(number).st_ino == int(os.environ["EVENTS_INODE"])
        except OSError:
            return False

    def prepare(self, count: int, scale: int) -> None:
        os.environ["EVENTS_INODE"] = str(os.fstat(int(self.params["events"])).st_ino)


class Witness(Squares):
    """Notes in a file of its own when a worker process starts, and says who runs an item."""

    def start_worker(self, shared: Any) -> None:
        self._note("started")

    def run(self, item: Any) -> Any:
        return os.getpid(), threading.get_ident()

    def close(self) -> None:
        self._note("closed")

    def before_batch(self) -> None:
        self._note("batch")

    def answer(self, results: list[Any]) -> list[Any]:
        self._note("ran " + repr(sorted(set(results))))
        return [None] * len(results)

    def _note(self, what: str) -> None:
        with Path(self.context.scratch, "notes").open("a") as file:
            file.write(f"{os.getpid()} {threading.active_count()} {what}\n")


class Placed(Squares):
    """Leaves a file for each worker, named after its node, its CPUs and its process."""

    def start_worker(self, shared: Any) -> None:
        cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))))
        Path(
            self.context.scratch, f"on {os.environ['SLURMD_NODENAME']} {cpus} {os.getpid()}"
        ).touch()


class PlacedAndKilled(Placed):
    """Once its workers are there, the launch is ended as the conductor ends one."""

    def before_batch(self) -> None:
        os.killpg(0, signal.SIGKILL)


class KillsItsGroup(Squares):
    """Once its workers are there: what the conductor does with a launch that takes too long."""

    def before_batch(self) -> None:
        os.killpg(0, signal.SIGKILL)


class Counts(Squares):
    """Updates state that all workers share, under a lock."""

    native_async = True
    async_libraries = ("asyncio", "trio")

    def share(self, kit: Any) -> Any:
        self._shared = kit.Lock(), kit.Semaphore(2), kit.counter()
        return self._shared

    def start_worker(self, shared: Any) -> None:
        self._lock, self._semaphore, self._counter = shared

    def run(self, item: Any) -> Any:
        with self._semaphore, self._lock:
            self._counter.value += 1
        return item

    async def arun(self, item: Any) -> Any:
        async with self._semaphore, self._lock:
            self._counter.value += 1
        return item

    def before_batch(self) -> None:
        if self._shared[2] is not None:
            self._shared[2].value = 0

    def after_batch(self) -> Any:
        return {"lost_updates": 8 - self._shared[2].value, "updates": self._shared[2].value}


class CountsUnderThreads(Counts):
    """Blocking locks, also on the loop."""

    native_async = False


class Cpus(Squares):
    """The CPUs it may use, now and when its class was made."""

    at_import = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None

    def run(self, item: Any) -> Any:
        return [self.at_import, sorted(os.sched_getaffinity(0))]
