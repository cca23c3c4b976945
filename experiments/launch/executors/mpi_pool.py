"""mpi4py.futures: a pool of processes that MPI starts, through its `mpiexec`.

Where a worker dies MPI ends the whole job, this launch with it. Only the pool's own channel and
shared memory are asked to stay on loopback, where the nodes are no others; `mpiexec` itself listens
where its MPI has it listen.
"""

from __future__ import annotations

import os
import shutil
import sys
from ipaddress import ip_address
from typing import Any, Dict, List, Optional

from experiments.launch import nodes, worker
from experiments.launch.base import Elsewhere, OtherNodes, Task
from experiments.launch.executors import mpi_nodes
from experiments.launch.executors.library import LibraryPool
from experiments.launch.executors.mpi_server import Meeting
from experiments.launch.executors.on_disk import Barrier

#: MPICH (hydra, libfabric, UCX) and Open MPI (its daemons, its messages)
LOOPBACK = ("HYDRA_IFACE", "FI_TCP_IFACE", "FI_SOCKETS_IFACE", "UCX_NET_DEVICES",
            "PRTE_MCA_oob_tcp_if_include", "OMPI_MCA_btl_tcp_if_include")  # fmt: skip
#: start processes on this node, whatever job this is of: through Slurm it would want a step beside
#: the launch's own, and wait for ever (Hydra; Open MPI 5 and 4)
HERE = {"HYDRA_LAUNCHER": "fork", "HYDRA_RMK": "user",
        "PRTE_MCA_ras": "^slurm", "PRTE_MCA_plm": "isolated",
        "OMPI_MCA_ras": "^slurm", "OMPI_MCA_plm": "isolated"}  # fmt: skip


class Mpi4py(LibraryPool):
    """Items through `MPIPoolExecutor.map`."""

    name = "mpi4py"
    requires = ("mpi4py",)
    defaults = {"nodes": 1}
    _spread: Optional[mpi_nodes.Spread] = None

    @classmethod
    def enter(cls) -> None:
        """An MPI that is installed next to this interpreter comes before the system's."""
        beside = os.path.dirname(sys.executable)
        os.environ["PATH"] = os.pathsep.join([beside, os.environ.get("PATH", os.defpath)])
        if sys.platform.startswith("linux"):
            os.environ.update(dict.fromkeys(LOOPBACK, "lo"))
        if "SLURM_JOB_ID" in os.environ:
            os.environ.update(HERE)

    @classmethod
    def over_nodes(cls, options: Dict[str, Any]) -> bool:
        """Always."""
        return True

    @classmethod
    def unsupported(cls, task: Task, options: Dict[str, Any]) -> Optional[str]:
        """Without an MPI library, or without its program that starts processes."""
        if shutil.which("mpiexec") is None:
            return "mpi4py needs the program mpiexec of an MPI, which isn't on the PATH"
        if options["nodes"] > 1:  # said before MPI begins
            mpi_nodes.refuse_other_than_hydra()
            address = nodes.allocation(options["nodes"]).address()
            if not ip_address(address).is_loopback:
                for name in LOOPBACK:
                    os.environ.pop(name, None)
        try:
            from mpi4py import MPI  # noqa: F401
        except (ImportError, RuntimeError) as error:
            return f"mpi4py finds no MPI library ({str(error).splitlines()[0]})"
        return None

    def start(self) -> None:
        """Have MPI start every process and wait until each has met the others."""
        from mpi4py.futures import MPIPoolExecutor

        if self.options["nodes"] > 1:
            self._start_on_nodes()
            return
        given = self.apart_arguments(Barrier(self.folder, self.workers))
        # main: workers need nothing of this process's main module
        self._pool = MPIPoolExecutor(self.workers, worker.begin, given, main=False)
        self.met(self._pool.map(worker.meet, range(self.workers)))

    def _start_on_nodes(self) -> None:
        given = self.apart_arguments(Meeting())
        allocation = nodes.allocation(self.options["nodes"])
        self._pool = self._spread = mpi_nodes.Spread(self.workers, allocation, str(self.folder))
        self._spread.start(worker.begin, given)
        self.met(self._spread.map(worker.meet, range(self.workers)))

    def elsewhere(self) -> Optional[Elsewhere]:
        """The workers on several nodes."""
        return self._spread.keepers.elsewhere() if self._spread else None

    def elsewhere_at_end(self) -> Optional[float]:
        """The workers on several nodes."""
        return self._spread.keepers.here_at_end if self._spread else None

    def other_nodes(self) -> Optional[OtherNodes]:
        """Where there are several."""
        return self._spread.keepers if self._spread else None

    def close_pool(self) -> None:
        """Join the processes."""
        if self._spread:
            self._spread.shutdown()
        else:
            super().close_pool()

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items through the pool."""
        return list(self._pool.map(worker.run_item, items))
