"""multiprocessing.Pool: the older pool of processes, which sends items in chunks by itself."""

from __future__ import annotations

import multiprocessing
from multiprocessing.pool import Pool
from typing import Any, List, Optional

from experiments.launch import worker
from experiments.launch.executors import processes
from experiments.launch.executors.processes import Processes

#: how often it is looked whether a worker has died: `map` replaces it and waits for ever
LOOK_SECONDS = 0.1


class _Watched(Pool):
    """A pool that remembers every process it has started: it replaces those that have died."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.started: List[Any] = []
        super().__init__(*args, **options)

    def Process(  # type: ignore[override]  # noqa: N802 - the library's name for it
        self, context: Any, *args: Any, **options: Any
    ) -> Any:
        """What the pool starts its workers by, from whichever of its threads."""
        process = context.Process(*args, **options)
        self.started.append(process)
        return process


class MultiprocessingPool(Processes):
    """Items through `Pool.map`, whose default is 4 chunks a worker (`processes`: chunk auto)."""

    name = "multiprocessing_pool"
    defaults = {"start_method": "fork"}
    _started: Optional[_Watched] = None

    def start(self) -> None:
        """Start every process and wait until each has imported the task and met the others."""
        context = multiprocessing.get_context(self.options["start_method"])
        setup = (
            self.ref,
            self.task.share(processes.shared_kit(context)),
            context.Barrier(self.workers),
        )
        self._started = _Watched(self.workers, worker.begin, setup, context=context)
        self._processes = self._started.started
        self._import_seconds = self._mapped(worker.meet, range(self.workers), 1)

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items through the pool, in the library's own chunks."""
        return self._mapped(worker.run_item_safely, items, None)

    def stop(self) -> None:
        """Join the processes; those of a pool that has lost one are ended first."""
        if self._started is not None:
            broken = any(processes.exit_code_read(one) is not None for one in self._processes)
            self._started.terminate() if broken else self._started.close()
            self._started.join()

    def _mapped(self, call: Any, items: Any, chunk: Optional[int]) -> List[Any]:
        assert self._started is not None
        found = self._started.map_async(call, items, chunk)
        while not found.ready():
            found.wait(LOOK_SECONDS)
            codes = [processes.exit_code_read(one) for one in self._processes]
            died = [code for code in codes if code is not None]
            if died and not found.ready():
                raise processes.worker_died(died[0])
        return found.get()
