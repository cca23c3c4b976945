"""What runs in worker processes: an importable module, so that every start method finds it.

A worker imports the task and makes its own instance; then all workers meet at a barrier, which
shows that each of them has really started.
"""

from __future__ import annotations

import threading
from multiprocessing import util
from typing import Any, Optional

from experiments.launch import tasks
from experiments.launch.base import Task, TaskRef
from experiments.launch.latency import recorded

_task: Task
_barrier: Any = None
_error: Optional[Exception] = None


def begin(ref: TaskRef, shared: Any, barrier: Any) -> None:
    """The pool's initializer. An error is kept for `meet`: raised here, its text would be lost."""
    global _task, _barrier, _error
    _barrier = barrier
    try:
        own = tasks.load(ref.name)(ref.params, ref.context)
        _task = recorded(own) if ref.latencies else own
        _task.start_worker(shared)
        util.Finalize(None, _task.close, exitpriority=0)
    except Exception as error:
        _error = error


def meet(_: int) -> bool:
    """Wait until every worker is here; each takes one call, as none returns before the last.

    Returns False where another worker failed to start; the one that failed raises its error.
    """
    if _error is not None:
        _barrier.abort()
        raise _error
    try:
        _barrier.wait()
    except threading.BrokenBarrierError:
        return False
    return True


def run_item(item: Any) -> Any:
    """Do one item."""
    return _task.run(item)
