"""What the executors of third-party libraries have in common."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple, Type

from experiments.launch.base import Executor, SharedKit, Task, Unsupported
from experiments.launch.executors.on_disk import Barrier, Counter, own_folder
from experiments.launch.executors.processes import WorkerDied, check_option
from experiments.launch.heartbeat import Beats, drained

#: how loky tells the exit codes of its workers
_EXIT = re.compile(r"\b(SIG[A-Z]+|EXIT)\((-?\d+)\)")


class LibraryPool(Executor):
    """A pool whose `run` may be called from any thread; subclasses fill in the rest.

    `stop` calls `close_pool` where `start` got so far as to set `_pool`, and removes the files.
    """

    _pool: Any = None
    _folder: Optional[Path] = None
    _import_seconds: Sequence[Optional[float]] = ()

    @classmethod
    def in_processes(cls, options: Dict[str, Any]) -> bool:
        """Unless a subclass says otherwise."""
        return True

    @classmethod
    def unsupported(cls, task: Task, options: Dict[str, Any]) -> Optional[str]:
        """Nothing but a missing library; raises ValueError for an option that has no such level."""
        for option, levels in cls.levels.items():
            check_option(option, options[option], levels)
        return None

    @property
    def folder(self) -> Path:
        """The library's own files: removed by `stop`, or by the next launch after a kill."""
        if self._folder is None:
            self._folder = own_folder(self.ref.context.scratch)
        return self._folder

    def worker_arguments(self, context: Any) -> Tuple[Any, Any, Any]:
        """For `worker.begin`. Locks come from a context like `multiprocessing`'s."""
        return self.ref, self.task.share(self._kit(context)), Barrier(self.folder, self.workers)

    def apart_arguments(self, barrier: Any) -> Tuple[Any, Any, Any]:
        """The same for workers that share nothing with this process."""
        return self.ref, self.task.share(no_kit(self.name)), barrier

    def _kit(self, context: Any) -> SharedKit:
        return SharedKit(
            Lock=context.Lock,
            Semaphore=context.Semaphore,
            counter=lambda: Counter(str(self.folder / "counter")),
        )

    def met(self, told: Iterable[Optional[float]]) -> None:
        """What `worker.meet` gave in every worker."""
        self._import_seconds = list(told)

    def import_seconds(self) -> List[float]:
        """What each worker said when all met."""
        return [seconds for seconds in self._import_seconds if seconds is not None]

    def run_beating(self, items: List[Any], beats: Beats) -> List[Any]:
        """Run all items from a helper thread while the main thread beats."""
        return drained(self.run, items, beats)

    def close_pool(self) -> None:
        """Shut `_pool` down and wait until every worker has ended."""
        self._pool.shutdown(wait=True)

    def stop(self) -> None:
        """Shut the pool down and remove its files."""
        try:
            if self._pool is not None:
                self.close_pool()
        finally:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)


def no_kit(name: str) -> SharedKit:
    """For workers that share nothing: asking for it is unsupported."""

    def refuse(*_: Any) -> Any:
        raise Unsupported(f"{name}'s workers share no lock and no counter with the main program")

    return SharedKit(Lock=refuse, Semaphore=refuse, counter=refuse)


def guarded(call: Callable[[], List[Any]], *broken: Type[BaseException]) -> List[Any]:
    """Call; where the library says with one of these errors that a worker died, WorkerDied."""
    try:
        return call()
    except broken as error:
        raise WorkerDied(_how(str(error))) from error


def _how(text: str) -> str:
    told = _EXIT.search(text)
    if told is None:
        return " ".join(text.split())
    name, code = told.groups()
    how = f"ended with exit status {code}" if name == "EXIT" else f"was killed by {name}"
    return f"a worker process {how}"
