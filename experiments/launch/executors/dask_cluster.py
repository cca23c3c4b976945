"""dask's distributed scheduler: a cluster of our own on loopback, or one that already runs."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

from experiments.launch import worker
from experiments.launch.base import Unsupported
from experiments.launch.executors.processes import WorkerDied

#: what this part of the executor needs besides the executor itself
requires = ("dask", "distributed")
#: a cluster that doesn't answer for so long isn't there
CONNECT_SECONDS = 10


class Cluster:
    """`workers` processes of one thread each, and a client of theirs.

    Workers of another's cluster import Poolwise themselves, and keep what they hold when we leave.
    """

    def __init__(self, workers: int, address: Optional[str], folder: str) -> None:
        self._workers, self._address, self._folder = workers, address, folder
        self._cluster: Any = None
        self._client: Any = None
        self._used: List[str] = []

    def start(self, given: Tuple[Any, Any, Any]) -> List[Optional[float]]:
        """Start or find the workers, have each begin; the seconds their imports took."""
        import dask
        import distributed

        if self._address is None:
            # an item whose worker dies is not tried again: the batch has failed
            dask.config.set({"distributed.scheduler.allowed-failures": 0})
            self._cluster = distributed.LocalCluster(
                n_workers=self._workers, threads_per_worker=1, processes=True, host="127.0.0.1",
                dashboard_address=None, worker_dashboard_address=None, memory_limit=0,
                local_directory=self._folder,
            )  # fmt: skip
        self._client = distributed.Client(self._cluster or self._address, timeout=CONNECT_SECONDS)
        self._used = self._chosen()
        self._everywhere(worker.begin, *given)
        return self._everywhere(worker.meet, 0)

    def _chosen(self) -> List[str]:
        if self._cluster is not None:
            self._client.wait_for_workers(self._workers)
        threads = self._client.nthreads()
        found = sorted(address for address, count in threads.items() if count == 1)
        if len(found) < self._workers:
            raise Unsupported(
                f"the cluster at {self._address} has {len(found)} workers of one thread each, "
                f"{self._workers} are needed"
            )
        return found[: self._workers]

    def _everywhere(self, call: Any, *arguments: Any) -> List[Any]:
        try:
            return list(self._client.run(call, *arguments, workers=self._used).values())
        except OSError as error:  # distributed's CommClosedError is one
            raise WorkerDied(f"a worker process ended: {error}") from error

    def map(self, items: List[Any]) -> List[Any]:
        """Run all items."""
        from distributed import KilledWorker

        futures = self._client.map(worker.run_item, items, pure=False, workers=self._used)
        try:
            return list(self._client.gather(futures))
        except KilledWorker as error:
            raise WorkerDied(f"a worker process ended in the middle of {error.task}") from error

    def shutdown(self) -> None:
        """Have the workers close the task; end those that we started."""
        if self._client is not None:
            try:
                self._everywhere(worker.end)
            finally:
                self._client.close()
        if self._cluster is not None:
            self._cluster.close()
