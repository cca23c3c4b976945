"""MPI over several nodes: a job of as many processes on each, which the launch connects to.

Hydra, the `mpiexec` of MPICH and its kin, tells what it would start on every node, and the keepers
start that: its own way through Slurm would want a job step beside the launch's.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from typing import Any, Dict, List, Tuple

from experiments.launch import nodes
from experiments.launch.base import Unsupported
from experiments.launch.executors import mpi_server
from experiments.launch.executors.processes import WorkerDied
from experiments.launch.keepers import Keepers

requires = ("mpi4py",)
#: how Hydra says what is to be started: a line a node, then the last one
_TOLD, _ALL_TOLD = "HYDRA_LAUNCH: ", "HYDRA_LAUNCH_END"
#: the processes' own end, once the pool has told them
END_SECONDS = 5


def refuse_other_than_hydra() -> None:
    """Raises Unsupported where `mpiexec` is another one."""
    told = subprocess.run(
        ["mpiexec", "-info"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False, timeout=nodes.ASK_SECONDS,
    ).stdout  # fmt: skip
    if b"HYDRA" not in told:
        raise Unsupported(
            "mpi4py on several nodes needs an MPI with the mpiexec called Hydra, such as MPICH"
        )


def command_of(line: str) -> List[str]:
    """A program with its options, as Hydra prints it: without quotes, whatever its folder is."""
    program, _, options = line.partition(" --")
    return [program, *shlex.split(f"--{options}")]


class Spread:
    """`workers` processes of an MPI job over the nodes, and a pool of mpi4py's on them."""

    def __init__(self, workers: int, allocation: nodes.Allocation, folder: str) -> None:
        self._workers, self._allocation = workers, allocation
        self._stopping = False
        self.keepers = Keepers(allocation, allocation.names, folder, self._ended)
        self._folder = folder
        self._mpiexec: Any = None
        self._pool: Any = None

    def start(self, initializer: Any, given: Tuple[Any, Any, Any]) -> None:
        """Start the processes, and connect to them."""
        self.keepers.meet()
        names, (each, left) = self._allocation.names, divmod(self._workers, self._count)
        if left:
            raise ValueError(f"{self._workers} workers don't go evenly on {self._count} nodes")
        self._mpiexec = subprocess.Popen(
            ["mpiexec", "-launcher", "manual", "-rmk", "user", "-hosts", ",".join(names),
             "-localhost", self.keepers.address, "-bind-to", "none",
             "-ppn", str(each), "-n", str(self._workers),
             sys.executable, "-m", "experiments.launch.executors.mpi_server"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=self._folder,
            env=nodes.environment(),
        )  # fmt: skip
        self.keepers.start(self._commands())
        self._connect(self._port(), initializer, given)
        threading.Thread(target=self._hand_on, name="mpiexec", daemon=True).start()

    @property
    def _count(self) -> int:
        return len(self._allocation.names)

    def _line(self) -> str:
        line = self._mpiexec.stdout.readline()
        if not line:
            raise WorkerDied(f"mpiexec ended with exit status {self._mpiexec.wait()}: see the log")
        return str(line.decode(errors="replace")).strip()

    def _commands(self) -> Dict[str, List[List[str]]]:
        """What Hydra wants to be started, by node: it tells them in the order of the nodes."""
        told: List[List[str]] = []
        while (line := self._line()) != _ALL_TOLD:
            if line.startswith(_TOLD):
                told.append(command_of(line[len(_TOLD) :]))
        return {name: [command] for name, command in zip(self._allocation.names, told)}

    def _port(self) -> str:
        while not (line := self._line()).startswith(mpi_server.PORT):
            print(line, flush=True)
        return line[len(mpi_server.PORT) :]

    def _connect(self, port: str, initializer: Any, given: Tuple[Any, Any, Any]) -> None:
        from mpi4py.futures import MPIPoolExecutor, _core

        _core.client_lookup = lambda address: port
        # main: workers need nothing of this process's main module
        self._pool = MPIPoolExecutor(
            self._workers, initializer, given, main=False, service=mpi_server.NOWHERE
        )

    def _ended(self, how: str) -> None:
        """Where a process dies the pool would wait for ever: then this launch ends, as MPI ends it
        where all are one job."""  # fmt: skip
        if not self._stopping:
            print(f"a process of MPI ended {how}", file=sys.stderr, flush=True)
            os._exit(1)

    def _hand_on(self) -> None:
        """What the processes print, to this one's output."""
        for line in self._mpiexec.stdout:
            os.write(1, line)

    def map(self, call: Any, items: Any) -> List[Any]:
        """Run all items."""
        return list(self._pool.map(call, items))

    def shutdown(self) -> None:
        """Have the processes end, then all else."""
        self._stopping = True
        try:
            if self._pool is not None:
                self._pool.shutdown(wait=True)
                self._mpiexec.wait(END_SECONDS)
        finally:
            self.keepers.stop()
            if self._mpiexec is not None:
                self._mpiexec.terminate()
                self._mpiexec.wait()
