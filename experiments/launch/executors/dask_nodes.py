"""dask's distributed scheduler over several nodes: it listens in the launch, workers come to it.

What listens on a cluster's network takes only what shows a certificate of this launch's own: made
for it, kept in files that nobody else may read, and of no use afterwards.
"""

from __future__ import annotations

import os
import sys
from typing import Any, List, Tuple

from experiments.launch import nodes
from experiments.launch.base import Elsewhere, Unsupported
from experiments.launch.executors.dask_cluster import CONNECT_SECONDS, Cluster, fail_at_once
from experiments.launch.keeper import ADDRESS
from experiments.launch.keepers import Keepers, spread
from experiments.launch.naming import missing_module

#: what this part of the executor needs; the second makes the certificates
requires = ("distributed", "cryptography")
#: dask's own pages ask for no certificate: they don't leave the machine
PAGES = "127.0.0.1:0"
#: workers that lose the scheduler end after so long, whatever becomes of their node's keeper
ALONE_SECONDS = 60
#: how often it is seen whether a worker has ended while the others start
LOOK_SECONDS = 1


class Spread(Cluster):
    """As many processes of one thread each on every node, each a `dask worker` of its own."""

    def __init__(self, workers: int, count: int, folder: str) -> None:
        super().__init__(workers, None, folder)
        missing = missing_module(requires)
        if missing:
            raise Unsupported(f"dask needs the module {missing} to run on several nodes")
        self._allocation = nodes.allocation(count)
        self.keepers: Any = None

    def connect(self) -> None:
        """Start the scheduler here, and the workers on every node."""
        import distributed

        fail_at_once()
        self.keepers = Keepers(self._allocation, self._allocation.names, self._folder)
        security = distributed.Security.temporary()
        self._cluster = distributed.LocalCluster(
            n_workers=0, protocol="tls", host=self.keepers.address, security=security,
            dashboard_address=PAGES, local_directory=self._folder,
        )  # fmt: skip
        self._client = distributed.Client(self._cluster, timeout=CONNECT_SECONDS)
        command = self._command(_files(security, self._folder))
        self.keepers.meet()
        self.keepers.start(spread(self._allocation.names, self._workers, lambda _: command))
        self._wait()
        self._used = list(self._client.nthreads())

    def _command(self, credentials: List[str]) -> List[str]:
        return [
            sys.executable, "-m", "distributed.cli.dask_worker", self._cluster.scheduler_address,
            "--host", ADDRESS, "--dashboard-address", PAGES,
            "--no-nanny", "--nthreads", "1", "--memory-limit", "0", "--no-dashboard",
            "--local-directory", self._folder, "--death-timeout", str(ALONE_SECONDS), *credentials,
        ]  # fmt: skip

    def _wait(self) -> None:
        """Until all workers are there. Raises WorkerDied where one has ended."""
        while True:
            self.keepers.check()
            try:
                self._client.wait_for_workers(self._workers, timeout=LOOK_SECONDS)
                return
            except TimeoutError:
                continue

    def elsewhere(self) -> Elsewhere:
        """What the workers on all nodes have used."""
        found: Elsewhere = self.keepers.elsewhere()
        return found

    def shutdown(self) -> None:
        """Have the workers close the task, then end them and the scheduler."""
        try:
            super().shutdown()
        finally:
            if self.keepers is not None:
                self.keepers.stop()


def _files(security: Any, folder: str) -> List[str]:
    """Options of `dask worker` that name the certificate and its key, in files of our user's."""
    told: List[str] = []
    for option, content in _credentials(security):
        path = os.path.join(folder, f"{option}.pem")
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(content)
        told += [f"--tls-{option}", path]
    return told


def _credentials(security: Any) -> Tuple[Tuple[str, str], ...]:
    return (
        ("ca-file", security.tls_ca_file),
        ("cert", security.tls_worker_cert),
        ("key", security.tls_worker_key),
    )
