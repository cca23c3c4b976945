"""A pool of threads for each batch, gone when the batch is done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from experiments.launch.base import Executor
from experiments.launch.executors.local import THREADING_KIT
from experiments.launch.heartbeat import Beats, drained


class FreshThreads(Executor):
    """`with ThreadPoolExecutor` around every batch."""

    name = "fresh_threads"

    def start(self) -> None:
        """Nothing to create before a batch; the task gets its shared state."""
        self.task.start_worker(self.task.share(THREADING_KIT))

    def run(self, items: list[Any]) -> list[Any]:
        """Run all items through a new pool."""
        with ThreadPoolExecutor(self.workers) as pool:
            return list(pool.map(self.task.run, items))

    def run_beating(self, items: list[Any], beats: Beats) -> list[Any]:
        """Run all items from a helper thread while the main thread beats."""
        return drained(self.run, items, beats)

    def stop(self) -> None:
        """Nothing is left of a batch."""
