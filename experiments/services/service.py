"""Starts and stops the real servers that tasks talk to, each in a process of its own.

with start("http", cpus=[1], log=Path("service.log")) as service:
    service.address()        # {"host": "127.0.0.1", "port": 40321}
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

#: name -> module that is started with `python -m`
SERVICES = {
    "http": "experiments.services.http_server",
    "postgres": "experiments.services.postgres",
}
#: what a service says about its processes and not about its address
_OF_PROCESSES = ("pid", "pids", "cores")

ROOT = Path(__file__).resolve().parents[2]
#: a server that has not answered by then never will; a loaded machine takes about 2 s
START_LIMIT_SECONDS = 30.0
#: after SIGTERM, before SIGKILL
STOP_LIMIT_SECONDS = 5.0


class ServiceError(RuntimeError):
    """A service that is unknown or did not start; the message says which and where to look."""


class ServiceRefusedError(ServiceError):
    """A service that says itself why it can't run here; `status` is that of the block's row."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Service:
    """A running server: what it said when it was ready, its process, and how to end it."""

    name: str
    said: Mapping[str, Any]
    process: subprocess.Popen[bytes]

    @property
    def host(self) -> str:
        """Name, address or socket folder of the host."""
        return str(self.said["host"])

    @property
    def port(self) -> int:
        """Where on the host it listens."""
        return int(self.said["port"])

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes that serve, each with its children; none where the server is elsewhere."""
        return tuple(self.said.get("pids", [self.pid]))

    @property
    def cores(self) -> int:
        """Cores that it can use at once; a single thread's by default."""
        return int(self.said.get("cores", 1))

    @property
    def pid(self) -> int:
        """Process id of the server (also its process group)."""
        return self.process.pid

    def address(self) -> dict[str, Any]:
        """What a launch's spec wants to know, such as {"host", "port"}; never a password."""
        return {name: value for name, value in self.said.items() if name not in _OF_PROCESSES}

    def alive(self) -> bool:
        """Whether the server still runs."""
        return self.process.poll() is None

    def cpu_seconds(self) -> float | None:
        """CPU seconds of the server and its children since their start; None if it has ended."""
        return tree_cpu_seconds(self.pid)

    def stop(self) -> None:
        """End the server's process group and wait for it; doing so twice is harmless."""
        stop_group(self.process)

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    name: str,
    cpus: Sequence[int] | None = None,
    log: Path | None = None,
    limit_seconds: float = START_LIMIT_SECONDS,
    wanted: Mapping[str, Any] | None = None,
) -> Service:
    """Start a service and return when it accepts connections.

    `cpus`: logical CPUs it may run on (where the platform can say so); `log`: file its errors are
    appended to; `limit_seconds`: how long to wait for it; `wanted`: what it may want to know, told
    as a JSON line on its standard input. Raises ServiceError where it is unknown, ends or stays
    silent, ServiceRefusedError where it says why it can't run here.
    """
    if name not in SERVICES:
        raise ServiceError(f"service {name!r} is unknown; known: {', '.join(sorted(SERVICES))}")
    process = _spawn(SERVICES[name], cpus, log)
    try:
        _tell(process, wanted or {})
        said = json.loads(_first_line(process, limit_seconds))
        if "refused" in said:
            raise ServiceRefusedError(said["refused"], said["reason"])
        return Service(name, said, process)
    except BaseException as error:
        stop_group(process)
        if not isinstance(error, (ValueError, KeyError, TimeoutError)):
            raise
        where = f"see {log}" if log else "start it with a log to see why"
        raise ServiceError(f"service {name!r} did not start ({error}); {where}") from error


def _spawn(module: str, cpus: Sequence[int] | None, log: Path | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", module]
    if cpus:
        command += ["--cpus", ",".join(str(cpu) for cpu in cpus)]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(log.open("ab")) if log else subprocess.DEVNULL
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,
        )


def _tell(process: subprocess.Popen[bytes], wanted: Mapping[str, Any]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it has ended already: its silence tells
        process.stdin.write(json.dumps(wanted).encode() + b"\n")
        process.stdin.flush()


def _first_line(process: subprocess.Popen[bytes], limit_seconds: float) -> str:
    """The first line the process prints; TimeoutError after the limit, ValueError at its end."""
    assert process.stdout is not None
    text, end = b"", time.monotonic() + limit_seconds
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not text.endswith(b"\n"):
            if not selector.select(max(0.0, end - time.monotonic())):
                raise TimeoutError(f"silent for {limit_seconds:g} s")
            piece = os.read(process.stdout.fileno(), 4096)
            if not piece:
                raise ValueError(f"it ended with exit status {process.wait()}")
            text += piece
    return text.decode()


def stop_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads its own group: SIGTERM, after a while SIGKILL; then reap it."""
    for wanted, seconds in ((signal.SIGTERM, STOP_LIMIT_SECONDS), (signal.SIGKILL, None)):
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, wanted)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def tree_cpu_seconds(pid: int) -> float | None:
    """CPU seconds (user + system) of a process and its living descendants; None if it is gone.

    Linux counts nanoseconds per thread (/proc/<pid>/task/*/schedstat); elsewhere psutil's clock
    ticks of 10 ms have to do. Threads that have ended are not in the Linux figure.
    """
    try:
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        return sum(_cpu_seconds(process) for process in processes)
    except psutil.Error:
        return None


def _cpu_seconds(process: psutil.Process) -> float:
    nanoseconds = 0
    files = list(Path(f"/proc/{process.pid}/task").glob("*/schedstat"))
    for file in files:
        with contextlib.suppress(OSError):  # the thread has ended since it was listed
            nanoseconds += int(file.read_text().split()[0])
    if nanoseconds:
        return nanoseconds / 1e9
    times = process.cpu_times()
    return float(times.user + times.system)
