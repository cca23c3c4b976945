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
        """Start every thread: each waits at a barrier, so that no thread takes another's place."""
        self.task.start_worker(self.task.share(THREADING_KIT))
        barrier = threading.Barrier(self.workers)
        self._pool = ThreadPoolExecutor(self.workers)
        futures = [self._pool.submit(barrier.wait) for _ in range(self.workers)]
        for future in futures:
            future.result()

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
