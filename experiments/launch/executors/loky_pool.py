"""loky: its reusable pool of processes, by fork and exec."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from experiments.launch import worker
from experiments.launch.executors.library import LibraryPool, guarded


class Loky(LibraryPool):
    """Items through `get_reusable_executor().map`."""

    name = "loky"
    requires = ("loky",)

    @classmethod
    def primitives(cls, task: Any, options: Dict[str, Any]) -> str:
        """loky's."""
        return "loky"

    def start(self) -> None:
        """Start every process and wait until each has imported the task and met the others."""
        import loky

        given = self.worker_arguments(loky.backend.get_context("loky"))
        # by default a worker leaves after 10 s without work, and the next batch would start it anew
        self._pool = loky.get_reusable_executor(
            self.workers, timeout=None, initializer=worker.begin, initargs=given
        )
        self.met(self._map(worker.meet, range(self.workers)))

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items through the pool."""
        return self._map(worker.run_item, items)

    def _map(self, call: Callable[[Any], Any], items: Any) -> List[Any]:
        from loky.process_executor import BrokenProcessPool

        return guarded(lambda: list(self._pool.map(call, items)), BrokenProcessPool)
