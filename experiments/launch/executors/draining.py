"""What the workers of an event loop do, whoever's loop it is: take items from one iterator."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Iterator, List, Tuple

from experiments.launch.base import Executor

Pending = Iterator[Tuple[int, Any]]


class Draining(Executor):
    """An executor on a loop.

    A task without native coroutines runs its blocking `run` on the loop, which then stands still.
    """

    on_loop = True

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
