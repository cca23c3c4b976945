"""dask's distributed scheduler: a cluster of our own on loopback, or one that already runs."""

from __future__ import annotations

import os
import platform
from typing import Any, List, Optional, Tuple

from experiments.launch import worker
from experiments.launch.base import Elsewhere, Unsupported
from experiments.launch.executors import abroad
from experiments.launch.executors.processes import WorkerDied

#: what this part of the executor needs besides the executor itself
requires = ("dask", "distributed")
#: a cluster that doesn't answer for so long isn't there
CONNECT_SECONDS = 10


class Cluster:
    """`workers` processes of one thread each on loopback, and a client of theirs."""

    def __init__(self, workers: int, address: Optional[str], folder: str) -> None:
        self._workers, self._address, self._folder = workers, address, folder
        self._cluster: Any = None
        self._client: Any = None
        self._used: List[str] = []
        self._began = False

    def start(self, given: Tuple[Any, Any, Any]) -> List[Optional[float]]:
        """Start or find the workers, have each begin; the seconds their imports took."""
        self.connect()
        self.prepare(given)
        self._began = True
        self.everywhere(worker.begin, *given)
        return self.everywhere(worker.meet, 0)

    def connect(self) -> None:
        """Start the cluster, and name the workers that will be used."""
        import distributed

        fail_at_once()
        self._cluster = distributed.LocalCluster(
            n_workers=self._workers, threads_per_worker=1, processes=True, host="127.0.0.1",
            dashboard_address=None, worker_dashboard_address=None, memory_limit=0,
            local_directory=self._folder,
        )  # fmt: skip
        self._client = distributed.Client(self._cluster, timeout=CONNECT_SECONDS)
        self._client.wait_for_workers(self._workers)
        self._used = list(self._client.nthreads())

    def prepare(self, given: Tuple[Any, Any, Any]) -> None:
        """Nothing: the workers are children of this process, and import as it does."""

    def everywhere(self, call: Any, *arguments: Any) -> List[Any]:
        """What a call gives in every worker."""
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
                if self._began:
                    self.everywhere(worker.end)
            finally:
                self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def fail_at_once() -> None:
    """An item whose worker dies is not tried again: the batch has failed."""
    import dask

    dask.config.set({"distributed.scheduler.allowed-failures": 0})


class Given(Cluster):
    """Workers of one thread each of a cluster that is another's, and lives on when we leave."""

    def connect(self) -> None:
        """Choose as many workers as are needed. Raises Unsupported where they aren't there."""
        import distributed

        try:
            self._client = distributed.Client(self._address, timeout=CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise self._unfit(f"doesn't answer ({' '.join(str(error).split())})") from error
        threads = self._client.nthreads()
        found = sorted(address for address, count in threads.items() if count == 1)
        if len(found) < self._workers:
            raise self._unfit(
                f"has {len(found)} workers of one thread each, {self._workers} are needed"
            )
        self._used = found[: self._workers]

    def prepare(self, given: Tuple[Any, Any, Any]) -> None:
        """Have the workers find Poolwise and forget the user's modules; see whether they fit."""
        self.everywhere(exec, abroad.FIND)
        self._client.run_on_scheduler(exec, abroad.FIND)  # it reads items on their way
        try:
            told = self.everywhere(abroad.arrive, given[0])
            self._client.run_on_scheduler(abroad.arrive, given[0])
        except Exception as error:  # distributed hands on what came from the worker, as it likes
            if "No module named" not in str(error):
                raise
            raise self._unfit(
                f"can't import Poolwise: its workers need the folder {abroad.ROOT} ({error})"
            ) from error
        ours = platform.python_version()
        for one in (abroad.Arrived(*each) for each in told):
            if one.python.split(".")[:2] != ours.split(".")[:2]:
                raise self._unfit(f"runs Python {one.python}, this is {ours}")
            if one.code != abroad.CODE:
                raise self._unfit("holds another version of Poolwise: start its workers anew")
            if one.host == abroad.host() and one.cpus is not None:
                self._refuse_other_cores(one.cpus)

    def _refuse_other_cores(self, cpus: List[int]) -> None:
        allowed = os.sched_getaffinity(0)
        if not set(cpus) <= allowed:
            raise self._unfit(
                f"has workers on this machine that may use its CPUs {_listed(cpus)}, and only "
                f"{_listed(sorted(allowed))} are measured here: start them under taskset"
            )

    def elsewhere(self) -> Elsewhere:
        """What the workers have used since they began."""
        used = [abroad.Used(*one) for one in self.everywhere(abroad.used)]
        sizes = [one.memory_mib for one in used]
        known = [size for size in sizes if size is not None]
        return Elsewhere(
            user_seconds=sum(one.user_seconds for one in used),
            system_seconds=sum(one.system_seconds for one in used),
            memory_mib=sum(known) if len(known) == len(sizes) else None,
            here_seconds=sum(
                one.user_seconds + one.system_seconds for one in used if one.host == abroad.host()
            ),
        )

    def _unfit(self, what: str) -> Unsupported:
        return Unsupported(f"the cluster at {self._address} {what}")


def _listed(cpus: List[int]) -> str:
    return ", ".join(map(str, cpus))
