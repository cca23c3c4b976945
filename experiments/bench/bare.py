"""Approaches through the bare standard library, the shortest way there is.

The pyperf runs import this too, so it stays as light as a user's own script.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from experiments.launch import tasks
from experiments.launch.base import Task, TaskRef

Runner = Callable[[list[Any]], list[Any]]


@dataclass(frozen=True)
class Case:
    """An executor with the task and the workers it is tried with."""

    executor: str
    task: str
    params: dict[str, Any]
    workers: int
    options: dict[str, Any]

    @property
    def label(self) -> str:
        """As the report calls it."""
        words = f" ({self.options['start_method']})" if self.options else ""
        count = "" if self.executor == "sequential" else f" x{self.workers}"
        return f"{self.executor}{count}{words}"


_bare_task: Task  # one a process, as a user's module would hold what its function needs


def _bare_start(ref: TaskRef) -> None:
    global _bare_task
    _bare_task = tasks.load(ref.name)(ref.params, ref.context)
    _bare_task.start_worker(None)


def _bare_item(item: Any) -> Any:
    return _bare_task.run(item)


def bare(case: Case, ref: TaskRef) -> tuple[Runner, Callable[[], None]]:
    """How to run a list of items, and how to end the pool."""
    _bare_start(ref)
    run = _bare_task.run
    if case.executor == "threads":
        pool = ThreadPoolExecutor(case.workers)
        return lambda items: list(pool.map(run, items)), pool.shutdown
    if case.executor == "processes":
        context = get_context(case.options["start_method"])
        processes = ProcessPoolExecutor(case.workers, context, _bare_start, (ref,))
        return lambda items: list(processes.map(_bare_item, items)), processes.shutdown
    if case.executor == "asyncio":
        loop = asyncio.new_event_loop()
        arun = _bare_task.arun
        workers = case.workers
        return lambda items: loop.run_until_complete(_gather(arun, items, workers)), loop.close
    return lambda items: [run(item) for item in items], lambda: None


async def _gather(arun: Callable[[Any], Any], items: Sequence[Any], workers: int) -> list[Any]:
    limit = asyncio.Semaphore(workers)

    async def one(item: Any) -> Any:
        async with limit:
            return await arun(item)

    return list(await asyncio.gather(*map(one, items)))
