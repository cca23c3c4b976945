"""A pool of processes: concurrent.futures.ProcessPoolExecutor, with its start methods."""

from __future__ import annotations

import importlib
import multiprocessing
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
from typing import Any, Callable, Dict, List, Optional, Sequence

from experiments.launch import worker
from experiments.launch.base import Executor, SharedKit, Task
from experiments.launch.heartbeat import Beats, drained

START_METHODS = ("fork", "spawn", "forkserver")
CHUNKS = ("default", "auto")
#: chunks a worker gets in a batch under `auto`: enough to even out unequal items
CHUNKS_PER_WORKER = 4
#: how long the exit status of a worker that died may take to show
EXIT_STATUS_SECONDS = 1.0


class WorkerDied(RuntimeError):
    """A worker process ended in the middle of its work."""


class Processes(Executor):
    """Items through `ProcessPoolExecutor.map`."""

    name = "processes"
    defaults = {"start_method": "fork", "chunk": "default"}
    _pool: Optional[ProcessPoolExecutor] = None
    _processes: Sequence[Any] = ()
    _import_seconds: Sequence[Any] = ()

    @classmethod
    def in_processes(cls, options: Dict[str, Any]) -> bool:
        """Always."""
        return True

    @classmethod
    def unsupported(cls, task: Task, options: Dict[str, Any]) -> Optional[str]:
        """Where the platform lacks the start method or semaphores between processes."""
        method = options["start_method"]
        check_option("start_method", method, START_METHODS)
        check_option("chunk", options.get("chunk", "default"), CHUNKS)
        if method not in multiprocessing.get_all_start_methods():
            return f"this platform can't start processes by {method}"
        try:
            importlib.import_module("multiprocessing.synchronize")
        except ImportError as error:
            return f"no semaphores between processes here ({error})"
        return None

    def start(self) -> None:
        """Start every process and wait until each has imported the task and met the others."""
        context = multiprocessing.get_context(self.options["start_method"])
        shared = self.task.share(shared_kit(context))
        barrier = context.Barrier(self.workers)
        self._pool = ProcessPoolExecutor(
            self.workers, context, worker.begin, (self.ref, shared, barrier)
        )
        self._import_seconds = self._guarded(self._meet)

    def import_seconds(self) -> List[float]:
        """What each worker said when all met."""
        return [seconds for seconds in self._import_seconds if seconds is not None]

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items through the pool, in chunks."""
        pool, chunk = self._pool, chunk_size(self.options["chunk"], len(items), self.workers)
        assert pool is not None
        return self._guarded(lambda: list(pool.map(worker.run_item, items, chunksize=chunk)))

    def run_beating(self, items: List[Any], beats: Beats) -> List[Any]:
        """Run all items from a helper thread while the main thread beats."""
        return drained(self.run, items, beats)

    def stop(self) -> None:
        """Join the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def _meet(self) -> List[Any]:
        """Every worker takes one call, as none returns before the last has come."""
        assert self._pool is not None
        futures = []
        for number in range(self.workers):
            futures.append(self._pool.submit(worker.meet, number))
            # active_children() forgets those that have died already; only for saying how
            self._processes = list((getattr(self._pool, "_processes", None) or {}).values())
        return [future.result() for future in futures]

    def _guarded(self, call: Callable[[], List[Any]]) -> List[Any]:
        """Call, and say how the worker died where the pool knows only that one did."""
        try:
            return call()
        except BrokenProcessPool as error:
            raise WorkerDied(_how_it_broke(error, self._processes)) from error


def chunk_size(chunk: str, items: int, workers: int) -> int:
    """Items sent to a worker at once: 1 (the library's default), or a fourth of its share."""
    if chunk == "default":
        return 1
    return max(1, -(-items // (CHUNKS_PER_WORKER * workers)))


def check_option(option: str, value: Any, allowed: Any) -> None:
    """Raise ValueError where an option has a value it can't have."""
    if value not in allowed:
        raise ValueError(f"option {option} is {value!r}, must be one of {', '.join(allowed)}")


def shared_kit(context: BaseContext) -> SharedKit:
    """Locks and counters that processes of this context can be given as they start."""
    return SharedKit(
        Lock=context.Lock,
        Semaphore=context.Semaphore,
        counter=lambda: context.Value("q", 0, lock=False),
    )


def _how_it_broke(error: BrokenProcessPool, processes: Sequence[Any]) -> str:
    """In words. The pool ends the other workers by SIGTERM, so that says nothing."""
    until = time.monotonic() + EXIT_STATUS_SECONDS
    while time.monotonic() < until:
        codes = [exit_code_read(process) for process in processes]
        telling = [code for code in codes if code not in (None, 0, -signal.SIGTERM)]
        if telling:
            return f"a worker process {_exit_in_words(telling[0])}"
        time.sleep(0.01)
    cause = str(error.__cause__ or "").strip(" \n'\"").splitlines()
    return " ".join([str(error), *cause[-1:]])


def exit_code_read(process: Any) -> Optional[int]:
    """How a worker ended, once the thread of its pool that watches it has read that.

    `Process.exitcode` would read too: of two threads that ask for the exit code of a process of
    a fork server at once, the second finds it gone, and the process has "ended with 255".
    """
    started = getattr(process, "_popen", None)
    return None if started is None else started.returncode


def worker_died(code: int) -> WorkerDied:
    """The error for a worker that ended with this exit code (as `Process.exitcode` tells it)."""
    return WorkerDied(f"a worker process {_exit_in_words(code)}")


def _exit_in_words(code: int) -> str:
    if code >= 0:
        return f"ended with exit status {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
