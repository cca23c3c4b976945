"""What runs in worker processes: an importable module, so that every start method finds it.

A worker imports the task and makes its own instance; then all workers meet at a barrier, which
shows that each of them has really started.
"""

from __future__ import annotations

import os
import pickle
import threading
from multiprocessing import util
from time import perf_counter_ns
from typing import Any, Optional

_began_ns = perf_counter_ns()  # before what a worker needs besides: its import is timed

from experiments.launch import tasks  # noqa: E402
from experiments.launch.base import Task, TaskRef  # noqa: E402
from experiments.launch.latency import recorded  # noqa: E402

#: what this import took, and where: a forked worker has it from its parent for nothing
_imported_ns, _imported_in = perf_counter_ns() - _began_ns, os.getpid()

_task: Task
_barrier: Any = None
_close: Any = None
_error: Optional[Exception] = None
_import_seconds = 0.0


def begin(ref: TaskRef, shared: Any, barrier: Any) -> None:
    """The pool's initializer. An error is kept for `meet`: raised here, its text would be lost."""
    global _task, _barrier, _error, _import_seconds, _close
    _barrier, _error = barrier, None  # workers of a given cluster may have begun before
    try:
        began_ns = perf_counter_ns()
        task_class = tasks.load(ref.name)
        own_ns = _imported_ns if _imported_in == os.getpid() else 0
        _import_seconds = (own_ns + perf_counter_ns() - began_ns) / 1e9
        own = task_class(ref.params, ref.context)
        _task = recorded(own) if ref.latencies else own
        _task.start_worker(shared)
        _close = util.Finalize(None, _task.close, exitpriority=0)
    except Exception as error:
        _error = error


def meet(_: int) -> Optional[float]:
    """Wait until every worker is here; each takes one call, as none returns before the last.

    Returns the seconds its imports took, or None where another worker failed to start; the one
    that failed raises its error.
    """
    if _error is not None:
        _barrier.abort()
        raise _error
    try:
        _barrier.wait()
    except threading.BrokenBarrierError:
        return None
    return _import_seconds


def run_item(item: Any) -> Any:
    """Do one item."""
    return _task.run(item)


def run_item_safely(item: Any) -> Any:
    """Do one item for a pool that hangs where an error can't be read at the other end."""
    try:
        return _task.run(item)
    except Exception as error:
        raise _travelling(error) from error


def live_for(item: Any, ref: TaskRef, shared: Any, pipe: Any) -> None:
    """The life of a process that does one item: send (result, error), end once told to."""
    begin(ref, shared, None)
    try:
        if _error is not None:
            raise _error
        pipe.send((_task.run(item), None))
    except Exception as error:
        pipe.send((None, _travelling(error)))
    pipe.recv()


def _travelling(error: Exception) -> Exception:
    """The error, or its words where it can't be pickled and read again."""
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")


def end() -> None:
    """Close the task: for workers that live on, or whose process doesn't end by `sys.exit`."""
    if _close is not None:
        _close()
