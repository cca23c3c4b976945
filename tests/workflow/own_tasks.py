"""Tasks as a user may bring them along, each with something wrong where workers run it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from typing import Any

from experiments.launch.base import Task


class Own(Task):
    """Runs well sequentially; what an item does in a worker is told below."""

    defaults: dict[str, Any] = {}  # noqa: RUF012 - as a task declares them
    summary = "sleeps a millisecond"

    def make_items(self, count: int, scale: int) -> list[int]:
        return list(range(count))

    def run(self, item: int) -> int:
        time.sleep(0.001)
        in_worker = multiprocessing.parent_process() or (
            threading.current_thread() is not threading.main_thread()
        )
        return self.in_worker(item) if in_worker else item

    def in_worker(self, item: int) -> int:
        return item


class WrongInWorkers(Own):
    name = "wrong"

    def in_worker(self, item: int) -> int:
        return item + 1


class ExitsInWorkers(Own):
    name = "exits"

    def in_worker(self, item: int) -> int:
        os._exit(7)


class SegfaultsInWorkers(Own):
    name = "segfaults"

    def in_worker(self, item: int) -> int:
        os.kill(os.getpid(), signal.SIGSEGV)
        return item


class HangsInWorkers(Own):
    name = "hangs"

    def in_worker(self, item: int) -> int:
        time.sleep(600)
        return item


class Sleeps(Own):
    """50 ms of nothing: as many workers as there are should take as many times less."""

    name = "sleeps"
    kind = "waiting"
    native_async = True

    def run(self, item: int) -> int:
        time.sleep(0.05)
        return item

    async def arun(self, item: int) -> int:
        import asyncio

        await asyncio.sleep(0.05)
        return item


class Lags(Own):
    """Waits lag_ms in a thread, always 3 ms in a worker process: they are equal at about 3 ms."""

    name = "lags"
    kind = "waiting"
    defaults: dict[str, Any] = {"lag_ms": 5.0}  # noqa: RUF012
    summary = "waits lag_ms in a thread, 3 ms in a process"

    def run(self, item: int) -> int:
        in_thread = multiprocessing.parent_process() is None
        time.sleep(self.params["lag_ms"] / 1000 if in_thread else 0.003)
        return item
