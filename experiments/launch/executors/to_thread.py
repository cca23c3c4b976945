"""asyncio with threads: blocking calls that coroutines hand to a pool and wait for."""

from __future__ import annotations

import asyncio
from typing import Any, List

from experiments.launch.executors.draining import Pending
from experiments.launch.executors.event_loop import EventLoop
from experiments.launch.executors.threads import started


class ToThread(EventLoop):
    """`workers` coroutines that give their items to `asyncio.to_thread`, one after the other.

    Items are always done by the task's blocking `run`, whether it has native coroutines or not.
    """

    name = "asyncio_to_thread"
    on_loop = False  # what blocks does so in a thread

    def start(self) -> None:
        """Make the loop and start every thread of its default pool."""
        super().start()
        assert self._loop is not None
        self._loop.set_default_executor(started(self.workers))

    async def _drain_blocking(self, pending: Pending, results: List[Any]) -> None:
        for index, item in pending:
            results[index] = await asyncio.to_thread(self.task.run, item)
