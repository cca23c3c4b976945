"""asyncio: coroutines on one event loop, which lives over all batches."""

from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Callable, Dict, List, Optional

from experiments.launch.base import SharedKit
from experiments.launch.executors.draining import Draining, Pending
from experiments.launch.executors.local import THREADING_KIT, Counter
from experiments.launch.heartbeat import Beats

ASYNCIO_KIT = SharedKit(Lock=asyncio.Lock, Semaphore=asyncio.Semaphore, counter=Counter)


class EventLoop(Draining):
    """`workers` coroutines that take items from one iterator."""

    name = "asyncio"
    _loop: Optional[asyncio.AbstractEventLoop] = None

    @classmethod
    def library(cls, options: Dict[str, Any]) -> str:
        """asyncio."""
        return "asyncio"

    @classmethod
    def primitives(cls, task: Any, options: Dict[str, Any]) -> str:
        """The loop's own for coroutines."""
        return "asyncio" if cls.runs_arun(task) else "threading"

    def start(self) -> None:
        """Make the loop; locks are made on it, as Python 3.9 binds them where they are made."""
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start_worker())

    async def _start_worker(self) -> None:
        kit = ASYNCIO_KIT if self.native else THREADING_KIT
        self.task.start_worker(self.task.share(kit))

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items on the loop."""
        assert self._loop is not None
        return self._loop.run_until_complete(self._batch(items))

    def run_beating(self, items: List[Any], beats: Beats) -> List[Any]:
        """Run all items while one more coroutine on the loop beats."""
        assert self._loop is not None
        return self._loop.run_until_complete(self._beating_batch(items, beats))

    def stop(self) -> None:
        """Close what the task opened on the loop, and the loop."""
        if self._loop is None or self._loop.is_closed():
            return
        try:
            self._loop.run_until_complete(self._close())
        finally:
            asyncio.set_event_loop(None)
            self._loop.close()

    async def _batch(self, items: List[Any]) -> List[Any]:
        results: List[Any] = [None] * len(items)
        pending = iter(enumerate(items))
        await _all(self.drain, pending, results, min(self.workers, len(items)))
        return results

    async def _beating_batch(self, items: List[Any], beats: Beats) -> List[Any]:
        beats.begin()
        heart = asyncio.ensure_future(_keep_beating(beats))
        await asyncio.sleep(0)
        try:
            results = await self._batch(items)
        finally:
            heart.cancel()
        beats.finish()
        beats.beat()
        return results

    async def _close(self) -> None:
        others = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self.native:
            await self.task.aclose()
        loop = asyncio.get_running_loop()
        await loop.shutdown_asyncgens()
        await loop.shutdown_default_executor()


async def _all(
    drain: Callable[[Pending, List[Any]], Awaitable[None]],
    pending: Pending,
    results: List[Any],
    workers: int,
) -> None:
    """Run the workers' coroutines; the first error ends the others."""
    running = [asyncio.ensure_future(drain(pending, results)) for _ in range(workers)]
    try:
        await asyncio.gather(*running)
    finally:
        for one in running:
            one.cancel()


async def _keep_beating(beats: Beats) -> None:
    while True:
        beats.beat()
        await asyncio.sleep(beats.wait_seconds)
