"""What MPI runs on several nodes: mpi4py's own pool server, which tells its port to `mpiexec`.

mpi4py would wait for the first comer on a socket of its own. Here only the launch, which reads
what `mpiexec` prints, gets to know where the server is.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

requires = ("mpi4py",)
#: the line of its output that names the port begins with this
PORT = "poolwise-mpi-port "
#: mpi4py asks for an address; nothing listens there
NOWHERE = ("nowhere", 1)


class Meeting:
    """As `threading.Barrier`, once, for all workers of the job: by MPI, not by files. Picklable."""

    def wait(self) -> None:
        """Return when all are here; BrokenBarrierError where one of them has called `abort`."""
        from mpi4py import MPI

        if MPI.COMM_WORLD.allreduce(0):
            raise threading.BrokenBarrierError

    def abort(self) -> None:
        """Tell the others, once they are here."""
        from mpi4py import MPI

        MPI.COMM_WORLD.allreduce(1)


def main() -> None:
    """Serve one pool."""
    from mpi4py.futures import _core

    def publish(address: Any, mpi_port: str) -> None:
        print(f"{PORT}{mpi_port}", flush=True)

    _core.server_publish = publish
    sys.argv[1:] = [f"--bind={NOWHERE[0]}", f"--port={NOWHERE[1]}"]
    _core.server_main()


if __name__ == "__main__":
    main()
