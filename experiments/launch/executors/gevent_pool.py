"""gevent: greenlets in one thread. Blocking calls of the standard library are patched to yield.

What gevent can't patch (computing, files, SQLite, other C code) holds up all other greenlets.
"""

from __future__ import annotations

from typing import Any, Dict, List

from experiments.launch.base import Executor, SharedKit
from experiments.launch.executors.local import Counter
from experiments.launch.heartbeat import Beats, drained


class Gevent(Executor):
    """Items through `gevent.pool.Pool.map`: a greenlet an item, at most `workers` at once."""

    name = "gevent"
    requires = ("gevent",)
    _pool: Any = None

    @classmethod
    def primitives(cls, task: Any, options: Dict[str, Any]) -> str:
        """gevent's."""
        return "gevent"

    @classmethod
    def enter(cls) -> None:
        """Patch this launch's own process, before the task takes hold of anything."""
        from gevent import monkey

        monkey.patch_all()

    def start(self) -> None:
        """The task gets its shared state; greenlets are made with each item."""
        from gevent import get_hub
        from gevent.lock import Semaphore
        from gevent.pool import Pool

        self.task.start_worker(self.task.share(SharedKit(Semaphore, Semaphore, Counter)))
        get_hub().SYSTEM_ERROR = ()  # an item's sys.exit is an error of the batch as any other
        self._pool = Pool(self.workers)

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items; the first error is raised."""
        return list(self._pool.map(self.task.run, items))

    def run_beating(self, items: List[Any], beats: Beats) -> List[Any]:
        """Run all items from a helper, which is a greenlet too, while the main one beats."""
        return drained(self.run, items, beats)

    def stop(self) -> None:
        """End greenlets that an error has left."""
        if self._pool is not None:
            self._pool.kill()
