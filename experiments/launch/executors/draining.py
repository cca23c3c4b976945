"""What the workers of an event loop do, whoever's loop it is: take items from one iterator."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Dict, Iterator, List, Optional, Tuple

from experiments.launch.base import Executor, Task

Pending = Iterator[Tuple[int, Any]]


class Draining(Executor):
    """An executor on a loop.

    A task without native coroutines runs its blocking `run` on the loop, which then stands still.
    """

    on_loop = True

    @classmethod
    def library(cls, options: Dict[str, Any]) -> str:
        """Whose coroutines the loop can run."""
        raise NotImplementedError

    @classmethod
    def unsupported(cls, task: Task, options: Dict[str, Any]) -> Optional[str]:
        """Where the task's coroutines await what another library's loop has."""
        library = cls.library(options)
        if not cls.runs_arun(task) or library in task.async_libraries:
            return None
        needs = " or ".join(task.async_libraries)
        said = f"the coroutines of {task.name} need {needs}, which {library} is not"
        return said + task.async_advice.format(library=library)

    @property
    def native(self) -> bool:
        """Whether items are done by the task's coroutine."""
        return self.runs_arun(self.task)

    @property
    def drain(self) -> Callable[[Pending, List[Any]], Awaitable[None]]:
        """What every worker does: fills in the results of the items that it takes."""
        return self._drain_native if self.native else self._drain_blocking

    async def _drain_native(self, pending: Pending, results: List[Any]) -> None:
        arun = self.task.arun
        for index, item in pending:
            results[index] = await arun(item)

    async def _drain_blocking(self, pending: Pending, results: List[Any]) -> None:
        run = self.task.run
        for index, item in pending:
            results[index] = run(item)
