"""A pool of subinterpreters: concurrent.futures.InterpreterPoolExecutor (Python 3.14).

Each of its threads runs an interpreter with modules and a GIL of its own; what goes in and out is
pickled. Python objects aren't shared, the process's memory and descriptors are: the kit is made of
those, as Python has no lock between interpreters.
"""

from __future__ import annotations

import platform
import re
from concurrent.futures import FIRST_EXCEPTION, wait
from typing import Any, Callable, Dict, List, Optional

from experiments.launch import worker
from experiments.launch.base import SharedKit, Task, Unsupported
from experiments.launch.executors.one_process import Barrier, Integer, Tokens
from experiments.launch.executors.threads import Threads
from experiments.launch.interpreter_pool import POOL, interpreter_pool

KIT = SharedKit(Lock=Tokens, Semaphore=Tokens, counter=Integer)
#: what an extension module says that can live in the main interpreter only (PEP 489, PEP 684)
REFUSAL = re.compile(r"module \S+ does not support loading in subinterpreters")


class Interpreters(Threads):
    """Items through `InterpreterPoolExecutor.map`."""

    name = "interpreters"
    _import_seconds: List[float] = []

    @classmethod
    def pickles(cls, options: Dict[str, Any]) -> bool:
        """What can't be shared by interpreters is pickled on its way (PEP 734)."""
        return True

    @classmethod
    def primitives(cls, task: Any, options: Dict[str, Any]) -> str:
        """Python has none between interpreters: tokens in a pipe."""
        return "a pipe"

    @classmethod
    def unsupported(cls, task: Task, options: Dict[str, Any]) -> Optional[str]:
        """Before Python 3.14."""
        if interpreter_pool() is not None:
            return None
        return f"Python {platform.python_version()} has no {POOL}; 3.14 has"

    def start(self) -> None:
        """Start every interpreter and wait until each has imported the task and met the others."""
        barrier = Barrier(self.workers)
        setup = self.ref, self.task.share(KIT), barrier
        self._pool = pool = interpreter_pool()(
            self.workers, initializer=worker.begin, initargs=setup
        )
        meetings = [pool.submit(worker.meet, number) for number in range(self.workers)]
        if any(met.exception() for met in wait(meetings, return_when=FIRST_EXCEPTION).done):
            barrier.abort()
        self._import_seconds = _told(lambda: [met.result() for met in meetings])

    def import_seconds(self) -> List[float]:
        """What each worker said when all met."""
        return self._import_seconds

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items through the pool."""
        pool: Any = self._pool
        return _told(lambda: list(pool.map(worker.run_item_safely, items)))


def _told(call: Callable[[], List[Any]]) -> List[Any]:
    """Call; an extension module that refuses subinterpreters makes the task unsupported here."""
    try:
        return call()
    except ImportError as error:
        refusal = REFUSAL.search(str(error))  # NumPy hides it in a page of advice
        if refusal is None:
            raise
        raise Unsupported(refusal[0]) from error
