"""dask: a bag under the schedulers threads and processes, or a client of a cluster (distributed).

The library's own ways are kept: processes get six partitions at a time (dask's `chunksize`).
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Callable, Dict, List, Optional

from experiments.launch import worker
from experiments.launch.base import Elsewhere, OtherNodes, Task
from experiments.launch.executors import dask_cluster, dask_nodes
from experiments.launch.executors.library import LibraryPool, guarded
from experiments.launch.executors.local import THREADING_KIT
from experiments.launch.executors.on_disk import NoBarrier
from experiments.launch.executors.threads import started
from experiments.launch.naming import missing_module


class Dask(LibraryPool):
    """Items in a bag of one item a partition; the scheduler's pool lives over all batches."""

    name = "dask"
    requires = ("dask",)
    defaults = {"scheduler": "threads", "address": None, "nodes": 1}
    levels = {"scheduler": ("threads", "processes", "distributed")}

    @classmethod
    def check_options(cls, given: Dict[str, Any]) -> Optional[str]:
        """Only the distributed scheduler has an address."""
        address = given.get("address")
        if address is None:
            return None
        if given.get("scheduler") != "distributed":
            return "address needs 'scheduler: distributed' beside it"
        known = isinstance(address, str) and "://" in address
        return None if known else f"address is {address!r}, must be like tcp://127.0.0.1:8786"

    @classmethod
    def in_processes(cls, options: Dict[str, Any]) -> bool:
        """Unless they are threads."""
        return bool(options["scheduler"] != "threads")

    @classmethod
    def over_nodes(cls, options: Dict[str, Any]) -> bool:
        """A cluster that is given says itself where its workers are."""
        return bool(options["scheduler"] == "distributed" and not options["address"])

    @classmethod
    def unsupported(cls, task: Task, options: Dict[str, Any]) -> Optional[str]:
        """Where the scheduler's part of dask is not installed."""
        reason = super().unsupported(task, options)
        needed = dask_cluster.requires if options["scheduler"] == "distributed" else ("toolz",)
        missing = missing_module(needed)
        return f"dask's scheduler needs the module {missing}" if missing else reason

    def start(self) -> None:
        """Start every worker and wait until it has met the others."""
        if self.options["scheduler"] == "distributed":
            self._pool = self._cluster(str(self.folder))
            self.met(self._pool.start(self.apart_arguments(NoBarrier())))
        elif self.options["scheduler"] == "threads":
            self.task.start_worker(self.task.share(THREADING_KIT))
            self._pool = started(self.workers)
        else:
            self._start_processes()

    def _cluster(self, folder: str) -> dask_cluster.Cluster:
        address, nodes = self.options["address"], self.options["nodes"]
        if address:
            return dask_cluster.Given(self.workers, address, folder)
        if nodes > 1:
            return dask_nodes.Spread(self.workers, nodes, folder)
        return dask_cluster.Cluster(self.workers, None, folder)

    def _start_processes(self) -> None:
        import dask

        context = multiprocessing.get_context(dask.config.get("multiprocessing.context", "spawn"))
        given = self.worker_arguments(context)
        self._pool = ProcessPoolExecutor(self.workers, context, worker.begin, given)
        numbers = range(self.workers)
        self.met(guarded(lambda: list(self._pool.map(worker.meet, numbers)), BrokenProcessPool))

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items."""
        if self.options["scheduler"] == "distributed":
            return list(self._pool.map(items))
        call = worker.run_item if self.in_processes(self.options) else self.task.run
        return guarded(lambda: self._bag(call, items), BrokenProcessPool)

    def _bag(self, call: Callable[[Any], Any], items: List[Any]) -> List[Any]:
        from dask import bag

        lazy = bag.from_sequence(items, partition_size=1).map(call)
        return list(lazy.compute(scheduler=self.options["scheduler"], pool=self._pool))

    def elsewhere(self) -> Optional[Elsewhere]:
        """The workers of a cluster that was there before, or that are on several nodes."""
        apart = isinstance(self._pool, (dask_cluster.Given, dask_nodes.Spread))
        return self._pool.elsewhere() if apart else None

    def elsewhere_at_end(self) -> Optional[float]:
        """Those on several nodes."""
        return self._pool.keepers.here_at_end if isinstance(self._pool, dask_nodes.Spread) else None

    def other_nodes(self) -> Optional[OtherNodes]:
        """Where there are several."""
        return self._pool.keepers if isinstance(self._pool, dask_nodes.Spread) else None

    def close_pool(self) -> None:
        """Join threads or processes."""
        self._pool.shutdown()
