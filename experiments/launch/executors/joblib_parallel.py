"""joblib: `Parallel` with its backends loky (processes) and threading."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, Iterable, List

from experiments.launch import worker
from experiments.launch.executors.library import LibraryPool, guarded
from experiments.launch.executors.local import THREADING_KIT


class Joblib(LibraryPool):
    """Items through one `Parallel` that lives on; joblib itself puts short items into batches.

    One worker is joblib's plain loop in this process, whatever the backend.
    """

    name = "joblib"
    requires = ("joblib",)
    defaults = {"backend": "loky"}
    levels = {"backend": ("loky", "threading")}

    @classmethod
    def in_processes(cls, options: Dict[str, Any]) -> bool:
        """Under loky."""
        return bool(options["backend"] == "loky")

    @classmethod
    def primitives(cls, task: Any, options: Dict[str, Any]) -> str:
        """Those of the loky that joblib brings."""
        return "joblib" if cls.in_processes(options) else "threading"

    def start(self) -> None:
        """Start every worker and wait until it has met the others."""
        if self.workers == 1 or not self.in_processes(self.options):
            self.task.start_worker(self.task.share(THREADING_KIT))
            self._open(self.task.run)
            self._map(threading.Barrier(self.workers).wait, [None] * self.workers)
            return
        from joblib.externals.loky.backend import get_context

        given = self.worker_arguments(get_context("loky"))
        self._open(worker.run_item, initializer=worker.begin, initargs=given)
        self.met(self._map(worker.meet, range(self.workers)))

    def _open(self, call: Callable[[Any], Any], **more: Any) -> None:
        import joblib

        if self.in_processes(self.options):
            more["temp_folder"] = str(self.folder)
        self._call, backend = call, self.options["backend"]
        self._pool = joblib.Parallel(self.workers, backend=backend, **more).__enter__()

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items."""
        return self._map(self._call, items)

    def _map(self, call: Callable[[Any], Any], items: Iterable[Any]) -> List[Any]:
        from joblib import delayed
        from joblib.externals.loky.process_executor import BrokenProcessPool

        return guarded(lambda: list(self._pool(map(delayed(call), items))), BrokenProcessPool)

    def close_pool(self) -> None:
        """Join threads or processes; joblib keeps its processes for the next `Parallel`."""
        self._pool.__exit__(None, None, None)
        if self._import_seconds:
            from joblib.externals.loky import get_reusable_executor

            get_reusable_executor(reuse=True).shutdown(wait=True)
