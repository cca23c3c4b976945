"""Drives a Task directly in the ways executors do, without the project's executors.

Each function runs one batch of (count, scale) and returns its `answer` after a trip through JSON.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from experiments.launch.base import Context, SharedKit, Task
from experiments.launch.tasks import load

WORKERS = 4


def make(name: str, context: Context, **params: Any) -> Task:
    cls = load(name)
    complete = {**cls.defaults, **params}
    assert cls.check_params(complete) is None
    return cls(complete, context)


def thread_kit() -> SharedKit:
    return SharedKit(threading.Lock, threading.Semaphore, lambda: SimpleNamespace(value=0))


def async_kit() -> SharedKit:
    return SharedKit(asyncio.Lock, asyncio.Semaphore, lambda: SimpleNamespace(value=0))


def process_kit(start_method: str) -> SharedKit:
    context = multiprocessing.get_context(start_method)
    return SharedKit(context.Lock, context.Semaphore, lambda: context.RawValue("q", 0))


def _as_json(answer: list[Any]) -> list[Any]:
    copy: list[Any] = json.loads(json.dumps(answer))
    return copy


def sequential(task: Task, count: int, scale: int) -> list[Any]:
    items = _begin(task, count, scale, thread_kit())
    return _end(task, [task.run(item) for item in items])


def threads(task: Task, count: int, scale: int) -> list[Any]:
    items = _begin(task, count, scale, thread_kit())
    with ThreadPoolExecutor(WORKERS) as pool:
        return _end(task, list(pool.map(task.run, items)))


def native(task: Task, count: int, scale: int) -> list[Any]:
    """All items at once as coroutines (at most 32, as an executor would limit them)."""

    async def main() -> list[Any]:
        limit = asyncio.Semaphore(32)

        async def one(item: Any) -> Any:
            async with limit:
                return await task.arun(item)

        items = _begin(task, count, scale, async_kit())
        try:
            return list(await asyncio.gather(*map(one, items)))
        finally:
            await task.aclose()

    return _end(task, asyncio.run(main()))


def processes(task: Task, count: int, scale: int, start_method: str = "spawn") -> list[Any]:
    kit = process_kit(start_method)
    items, shared = _begin_shared(task, count, scale, kit)
    with ProcessPoolExecutor(
        2,
        multiprocessing.get_context(start_method),
        initializer=_start,
        initargs=(task.name, task.params, task.context, shared),
    ) as pool:
        results = list(pool.map(_run, items))
    return _end(task, results)


def _begin_shared(task: Task, count: int, scale: int, kit: SharedKit) -> tuple[list[Any], Any]:
    task.prepare(count, scale)
    items = task.make_items(count, scale)
    shared = task.share(kit)
    task.before_batch()
    return items, shared


def _begin(task: Task, count: int, scale: int, kit: SharedKit) -> list[Any]:
    items, shared = _begin_shared(task, count, scale, kit)
    task.start_worker(shared)
    return items


def _end(task: Task, results: list[Any]) -> list[Any]:
    try:
        return _as_json(task.answer(results))
    finally:
        task.close()


_worker: list[Task] = []


def _start(name: str, params: dict[str, Any], context: Context, shared: Any) -> None:
    task = load(name)(params, context)
    task.start_worker(shared)
    _worker.append(task)


def _run(item: Any) -> Any:
    return _worker[0].run(item)
