"""A new process for every item, as many at once as there are workers."""

from __future__ import annotations

import contextlib
import multiprocessing
from itertools import islice
from multiprocessing.connection import wait
from typing import Any, Dict, List

from experiments.launch import worker
from experiments.launch.executors.processes import Processes, shared_kit, worker_died
from experiments.launch.heartbeat import Beats, drained


class ProcessPerItem(Processes):
    """A `multiprocessing.Process` an item, which sends its result through a pipe and ends."""

    name = "process_per_item"
    defaults = {"start_method": "fork"}

    def start(self) -> None:
        """No process lives before a batch; the task makes its shared state."""
        self._alive: Dict[Any, Any] = {}  # pipe -> process, until it is let go
        self._context: Any = multiprocessing.get_context(self.options["start_method"])
        self._shared = self.task.share(shared_kit(self._context))

    def run(self, items: List[Any], kept: int = 0) -> List[Any]:
        """Run all items; the processes of the last `kept` ones live on until `stop`."""
        results: List[Any] = [None] * len(items)
        pending, busy = iter(enumerate(items)), dict[Any, int]()
        while True:
            for index, item in islice(pending, self.workers - len(busy)):
                busy[self._begun(item)] = index
            if not busy:
                return results
            for pipe in wait(list(busy)):
                index = busy.pop(pipe)
                results[index] = self._received(pipe)
                if index < len(items) - kept:
                    self._let_go(pipe)

    def run_beating(self, items: List[Any], beats: Beats) -> List[Any]:
        """Run all items from a helper thread; those done last stay, for their memory to be seen."""
        return drained(lambda given: self.run(given, self.workers), items, beats)

    def stop(self) -> None:
        """Let go of those that still live, and wait until they have ended."""
        for pipe in list(self._alive):
            self._let_go(pipe)

    def _begun(self, item: Any) -> Any:
        ours, theirs = self._context.Pipe()
        about = (item, self.ref, self._shared, theirs)
        self._alive[ours] = self._context.Process(target=worker.live_for, args=about)
        self._alive[ours].start()
        theirs.close()  # so that its death shows as an end of file
        return ours

    def _received(self, pipe: Any) -> Any:
        try:
            result, error = pipe.recv()
        except (EOFError, ConnectionError) as gone:
            self._alive[pipe].join()
            raise worker_died(self._alive[pipe].exitcode) from gone
        if error is not None:
            raise error
        return result

    def _let_go(self, pipe: Any) -> None:
        with contextlib.suppress(OSError):  # it has died
            pipe.send(None)
        self._alive.pop(pipe).join()
        pipe.close()
