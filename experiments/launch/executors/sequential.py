"""One item after the other on the main thread: the baseline."""

from __future__ import annotations

from typing import Any, List

from experiments.launch.base import Executor
from experiments.launch.executors.local import THREADING_KIT
from experiments.launch.heartbeat import Beats, frozen


class Sequential(Executor):
    """A plain loop."""

    name = "sequential"
    blocks_main = True
    single = True

    def start(self) -> None:
        """Nothing to create; the task gets its shared state."""
        self.task.start_worker(self.task.share(THREADING_KIT))

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items."""
        run = self.task.run
        return [run(item) for item in items]

    def run_beating(self, items: List[Any], beats: Beats) -> List[Any]:
        """Run all items; the main thread can't beat meanwhile."""
        return frozen(self.run, items, beats)

    def stop(self) -> None:
        """Nothing to shut down."""
