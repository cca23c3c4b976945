"""Loops of other libraries than asyncio: what trio's and anyio's have in common.

Their loop lives in a thread of its own, which is the only way to keep one over several batches;
a batch is handed to it as a whole, and while the profile batch runs the loop keeps the heartbeat.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

from experiments.launch.base import SharedKit
from experiments.launch.executors.draining import Draining
from experiments.launch.executors.local import THREADING_KIT, Counter
from experiments.launch.heartbeat import Beats


class Loop(Draining):
    """`workers` tasks of a nursery that take items from one iterator. Subclasses open the loop."""

    #: runs an async function with arguments on the open loop and waits for its end
    _call: Optional[Callable[..., Any]] = None
    _open_group: Callable[[], Any]
    _sleep: Callable[[float], Any]

    @classmethod
    def primitives(cls, task: Any, options: Dict[str, Any]) -> str:
        """The library's own for coroutines."""
        return cls.name if cls.runs_arun(task) else "threading"

    def opened(self, call: Callable[..., Any], open_group: Callable[[], Any], made_of: Any) -> None:
        """The loop runs: how to call on it, to open a nursery, and the module of its locks."""
        self._call, self._open_group, self._sleep = call, open_group, made_of.sleep
        self._on_loop(
            self._begin, SharedKit(made_of.Lock, made_of.Semaphore, Counter, made_of.sleep)
        )

    async def _begin(self, kit: SharedKit) -> None:
        """On the loop, as the task may open there what it needs."""
        self.task.start_worker(self.task.share(kit if self.native else THREADING_KIT))

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items on the loop."""
        return list(self._on_loop(self._batch, items))

    def run_beating(self, items: List[Any], beats: Beats) -> List[Any]:
        """Run all items while one more task of the loop beats."""
        return list(self._on_loop(self._beating_batch, items, beats))

    def _on_loop(self, call: Callable[..., Any], *arguments: Any) -> Any:
        assert self._call is not None
        try:
            return self._call(call, *arguments)
        except BaseException as error:
            raise first_of(error) from None

    async def _batch(self, items: List[Any]) -> List[Any]:
        results: List[Any] = [None] * len(items)
        pending = iter(enumerate(items))
        async with self._open_group() as group:
            for _ in range(min(self.workers, len(items))):
                group.start_soon(self.drain, pending, results)
        return results

    async def _beating_batch(self, items: List[Any], beats: Beats) -> List[Any]:
        beats.begin()
        async with self._open_group() as group:
            group.start_soon(self._keep_beating, beats)
            await self._sleep(0)
            results = await self._batch(items)
            group.cancel_scope.cancel()
        beats.finish()
        beats.beat()
        return results

    async def _keep_beating(self, beats: Beats) -> None:
        while True:
            beats.beat()
            await self._sleep(beats.wait_seconds)

    async def end(self) -> None:
        """On the loop: close what the task opened there."""
        if self.native:
            await self.task.aclose()


def first_of(error: BaseException) -> BaseException:
    """The first error of a group; an error that is no group as it is."""
    while getattr(error, "exceptions", None):
        error = error.exceptions[0]  # type: ignore[attr-defined]
    return error
