"""A real Slurm on loopback for tests: a controller and several nodes, all of it in one folder.

`python -m tests.slurm` says what this machine lacks for it, and exits with 1 then.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests import slurm_config

CLIENTS = ("sbatch", "srun", "salloc", "scancel", "squeue", "sinfo", "scontrol", "sacct", "sstat")


class Job(NamedTuple):
    """A job as squeue shows it; `node` is empty until it has one."""

    id: str
    name: str
    state: str
    node: str


class Cluster:
    """Nodes node1, node2, ... on this machine, run by the current user.

    Each node has its name and `even` as features and an equal share of 90% of the memory; where
    they are `disjoint`, cores of its own, else all of them. Partitions: `main`, the default,
    `short`, of one minute, and `urgent`, whose jobs have those of the others cancelled (preempted);
    with `odd` one of that name too, whose only node differs and is down.
    A finished job is forgotten after `min_job_age` seconds; a silent node is taken for dead after
    `node_timeout`, or 15 if that is less. Both are Slurm's own defaults. A stopped cluster may be
    started again.
    """

    def __init__(
        self,
        folder: Path,
        nodes: int = 2,
        disjoint: bool = True,
        *,
        odd: bool = False,
        min_job_age: int = 300,
        node_timeout: int = 300,
    ) -> None:
        self.folder = folder.absolute()
        self.names = [f"node{number}" for number in range(1, nodes + 1)]
        self._config = self.folder / "slurm.conf"
        self._options: dict[str, Any] = {"disjoint": disjoint, "odd": odd}
        self._options |= {"min_job_age": min_job_age, "node_timeout": node_timeout}
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        # a job of another cluster may have started these tests
        outer = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "SBATCH"))}
        self.environment: dict[str, str] = outer | {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{slurm_config.PATH}",
            "SLURM_CONF": str(self._config),
        }

    @classmethod
    def missing(
        cls, folder: Path | None = None, nodes: int = 2, disjoint: bool = True
    ) -> str | None:
        """Why such a cluster can't run here, None where it can."""
        return slurm_config.missing(folder, nodes, disjoint)

    def __enter__(self) -> Cluster:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start all of it; return when every node is idle."""
        reason = self.missing(self.folder, len(self.names), self._options["disjoint"])
        if reason:
            raise RuntimeError(reason)
        try:
            port = self._write()
            self._start_munged()
            self._spawn("slurmctld", "slurmctld", "-D", "-f", str(self._config))
            self._wait(lambda: _listens(port), 60, "slurmctld doesn't listen")
            for name in self.names:
                self.start_node(name)
            self.wait_idle(60)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Cancel all jobs and end all processes, at the latest by SIGKILL."""
        try:
            if self._active():
                self._cancel()
        finally:
            for name in [*self.names, "slurmctld", "munged"]:
                self._end(name)
            self._sweep()

    def run(self, *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command with the cluster's environment; it has to succeed, in a minute."""
        usual = {"capture_output": True, "text": True, "check": True, "timeout": 60}
        return subprocess.run(command, **{"env": self.environment, **usual, **options})

    def jobs(self) -> list[Job]:
        """All jobs that the controller knows, finished ones too."""
        lines = self.run("squeue", "-h", "-t", "all", "-S", "i", "-o", "%i|%T|%N|%j").stdout
        rows = [line.split("|", 3) for line in lines.splitlines()]
        return [Job(number, name, state, node) for number, state, node, name in rows]

    def nodes(self) -> dict[str, str]:
        """Each node's state, as the controller believes: it takes a while to miss one."""
        lines = self.run("sinfo", "-h", "-N", "-o", "%N %T").stdout.splitlines()
        return dict(map(str.split, lines))

    def kill_node(self, name: str) -> None:
        """SIGKILL to the node's slurmd; jobs on it go on."""
        daemon = self._daemons.pop(name)
        daemon.kill()
        daemon.wait()

    def start_node(self, name: str, under: Sequence[str] = ()) -> None:
        """Start the node's slurmd; return when the controller has heard of it.

        `under` is a command that starts it, such as one that shows it another /proc.
        """
        since = int(time.time())  # the controller's times are whole seconds
        options = ["-D", "-f", str(self._config), "-N", name]
        self._spawn(name, "slurmd", *options, under=under)
        self._wait(lambda: self._registered(name) >= since, 60, f"{name} doesn't register")

    def wait_idle(self, seconds: float) -> None:
        """Wait until no job is left that waits, runs or ends, and every node is idle."""

        def idle() -> bool:
            states = self.nodes()
            return not self._active() and all(states[name] == "idle" for name in self.names)

        self._wait(idle, seconds, "the cluster isn't idle")

    def processes(self) -> list[int]:
        """The pids of all that belongs to it: daemons, steps, jobs, and clients that still run.

        Slurm gives SLURM_CONF to whatever it starts, even to a job with --export=NONE.
        """
        mark = os.fsencode(f"SLURM_CONF={self._config}")
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):  # ended meanwhile, or another user's
                if mark in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
        return found

    def _write(self) -> int:
        """Write all files; the controller's port."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # nobody else can talk to this cluster
        for name in ("bin", "state", *self.names):
            (self.folder / name).mkdir(exist_ok=True)
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        ports = slurm_config.free_ports(len(self.names) + 2)
        text = slurm_config.configuration(self.folder, self.names, ports, **self._options)
        self._config.write_text(text)
        for client in CLIENTS:
            self._wrap(client)
        return ports[0]

    def _wrap(self, client: str) -> None:
        """Snakemake drops SLURM_CONF from the environment of its inner srun: give it again."""
        program = slurm_config.which(client)
        if program:
            wrapper = self.folder / "bin" / client
            config = shlex.quote(str(self._config))
            wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={config} exec {shlex.quote(program)} "$@"\n')
            wrapper.chmod(0o755)

    def _start_munged(self) -> None:
        names = {"key": "munge.key", "pid": "munged.pid", "seed": "munged.seed"}
        options = [f"--{kind}-file={self.folder / name}" for kind, name in names.items()]
        options.append(f"--socket={self.folder / 'munge.socket'}")
        # --force: it wants its socket open to all users, and does without
        self._spawn("munged", "munged", "--foreground", "--force", *options)
        self._wait((self.folder / "munge.socket").is_socket, 10, "munged has no socket")

    def _spawn(self, name: str, program: str, *options: str, under: Sequence[str] = ()) -> None:
        """Start a daemon as a child: its pid is surely its own, and it ends with the tests."""
        with (self.folder / f"{name}.out").open("ab") as out:
            self._daemons[name] = subprocess.Popen(
                [
                    "setpriv",
                    "--pdeathsig",
                    "TERM",
                    *under,
                    slurm_config.which(program) or program,
                    *options,
                ],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C is for the tests, which stop all of it in order
            )

    def _running(self, name: str) -> bool:
        return name in self._daemons and self._daemons[name].poll() is None

    def _registered(self, name: str) -> float:
        """When that node's slurmd started, as the controller knows; 0 without one."""
        shown = self.run("scontrol", "show", "node", name).stdout
        started = re.search(r"SlurmdStartTime=(\d\S+)", shown)
        return datetime.fromisoformat(started[1]).timestamp() if started else 0

    def _active(self) -> bool:
        """Whether a job waits, runs or ends, as far as there is one to ask."""
        if not (self._running("munged") and self._running("slurmctld")):
            return False
        return bool(self.run("squeue", "-h").stdout.strip())

    def _cancel(self) -> None:
        for name in self.names:  # without its slurmd nobody ends a node's jobs
            if not self._running(name):
                self.start_node(name)
        self.run("scancel", f"--user={os.getuid()}")
        self._wait(lambda: not self._active(), 30, "jobs don't end")

    def _end(self, name: str) -> None:
        daemon = self._daemons.pop(name, None)
        if daemon is None:
            return
        daemon.terminate()
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def _sweep(self) -> None:
        """End what outlived the daemons, such as a step whose slurmd was killed."""
        deadline = time.monotonic() + 60
        while left := self.processes():
            if time.monotonic() > deadline:
                raise TimeoutError(f"still there: {left}")
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    def _wait(self, fulfilled: Callable[[], bool], seconds: float, otherwise: str) -> None:
        deadline = time.monotonic() + seconds
        while not fulfilled():
            ended = [name for name in self._daemons if not self._running(name)]
            if ended or time.monotonic() > deadline:
                raise TimeoutError(f"{otherwise}; ended: {ended or 'none'}\n{self._said()}")
            time.sleep(0.02)

    def _said(self) -> str:
        """The last lines of every log: the folder may be gone when this is read."""
        logs = sorted([*self.folder.glob("*.log"), *self.folder.glob("*.out")])
        tails = [
            [f"{log.name}:", *log.read_text(errors="replace").splitlines()[-8:]] for log in logs
        ]
        return "\n".join("\n  ".join(tail) for tail in tails)


@contextlib.contextmanager
def cluster_or_skip(nodes: int = 2, disjoint: bool = True, **options: Any) -> Iterator[Cluster]:
    """A running cluster, or a skip that says why; POOLWISE_SLURM=required allows none."""
    missing = Cluster.missing(None, nodes, disjoint)
    if missing and os.environ.get("POOLWISE_SLURM") == "required":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    with (
        tempfile.TemporaryDirectory(prefix="slurm-") as folder,
        Cluster(Path(folder), nodes, disjoint, **options) as cluster,
    ):
        yield cluster


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((slurm_config.LOOPBACK, port)) == 0


if __name__ == "__main__":
    lacking = Cluster.missing()
    print(f"Slurm: {lacking or 'found'}")
    sys.exit(1 if lacking else 0)
