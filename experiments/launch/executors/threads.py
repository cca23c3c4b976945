"""A pool of threads: concurrent.futures.ThreadPoolExecutor."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, List, Optional

from experiments.launch.base import Executor
from experiments.launch.executors.local import THREADING_KIT
from experiments.launch.heartbeat import Beats, drained


class Threads(Executor):
    """Items through `ThreadPoolExecutor.map`."""

    name = "threads"
    _pool: Optional[ThreadPoolExecutor] = None

    def start(self) -> None:
        """Start every thread."""
        self.task.start_worker(self.task.share(THREADING_KIT))
        self._pool = started(self.workers)

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items through the pool."""
        assert self._pool is not None
        return list(self._pool.map(self.task.run, items))

    def run_beating(self, items: List[Any], beats: Beats) -> List[Any]:
        """Run all items from a helper thread while the main thread beats."""
        return drained(self.run, items, beats)

    def stop(self) -> None:
        """Join the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)


def started(workers: int) -> ThreadPoolExecutor:
    """A pool whose threads all run: each waits at a barrier, so that none takes another's place."""
    barrier, pool = threading.Barrier(workers), ThreadPoolExecutor(workers)
    for future in [pool.submit(barrier.wait) for _ in range(workers)]:
        future.result()
    return pool
