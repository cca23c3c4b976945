"""An approach as Python code: the pool to make, with the numbers that were measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from experiments import schema

#: chunks a worker gets in a batch under the option `chunk: auto` (as the executor makes them)
CHUNKS_PER_WORKER = 4


def code(executor: str, options: str, workers: int) -> str:
    """The line that makes the pool, or runs the items where there is none.

    `options` is the JSON of the tables. An executor that is not known here gives no code: better
    none than a wrong line.
    """
    try:
        given = json.loads(options or "{}")
    except ValueError:
        return ""
    maker = _MAKERS.get(executor)
    return maker(given, int(workers)) if maker and isinstance(given, dict) else ""


def _sequential(options: Mapping[str, Any], workers: int) -> str:
    return "[work(item) for item in items]"


def _threads(options: Mapping[str, Any], workers: int) -> str:
    return f"ThreadPoolExecutor(max_workers={workers})"


def _interpreters(options: Mapping[str, Any], workers: int) -> str:
    return f"InterpreterPoolExecutor(max_workers={workers})"


def _context(options: Mapping[str, Any]) -> str:
    """Code of the start method; empty where it is none."""
    method = options.get("start_method", "fork")
    return f'get_context("{method}")' if method in ("fork", "spawn", "forkserver") else ""


def _processes(options: Mapping[str, Any], workers: int) -> str:
    context = _context(options)
    if not context:
        return ""
    pool = f"ProcessPoolExecutor(max_workers={workers}, mp_context={context})"
    if options.get("chunk", "default") != "auto":
        return pool
    chunk = f"-(-len(items) // {CHUNKS_PER_WORKER * workers})"
    return f"{pool}.map(work, items, chunksize={chunk})"


def _pool(options: Mapping[str, Any], workers: int) -> str:
    context = _context(options)
    return f"{context}.Pool({workers})" if context else ""


def _process_per_item(options: Mapping[str, Any], workers: int) -> str:
    context = _context(options)
    process = f"{context}.Process(target=work, args=(item,))"
    return f"{process}  # {workers} at a time" if context else ""


def _to_thread(options: Mapping[str, Any], workers: int) -> str:
    return f"loop.set_default_executor(ThreadPoolExecutor(max_workers={workers}))"


def _asyncio(options: Mapping[str, Any], workers: int) -> str:
    return f"asyncio.Semaphore({workers})"


def _loky(options: Mapping[str, Any], workers: int) -> str:
    return f"loky.get_reusable_executor(max_workers={workers}).map(work, items)"


def _joblib(options: Mapping[str, Any], workers: int) -> str:
    backend = options.get("backend", "loky")
    if backend not in ("loky", "threading"):
        return ""
    return f'joblib.Parallel({workers}, backend="{backend}")(map(joblib.delayed(work), items))'


def _gevent(options: Mapping[str, Any], workers: int) -> str:
    return f"gevent.pool.Pool({workers}).map(work, items)  # after gevent.monkey.patch_all()"


def _trio(options: Mapping[str, Any], workers: int) -> str:
    return f"trio.CapacityLimiter({workers})"


def _anyio(options: Mapping[str, Any], workers: int) -> str:
    return f"anyio.CapacityLimiter({workers})"


def _dask(options: Mapping[str, Any], workers: int) -> str:
    scheduler = options.get("scheduler", "threads")
    if schema.nodes_of(options) > 1:
        client = "distributed.Client(scheduler_address).map(work, items, pure=False)"
        return f"{client}{_spread(options, workers)}"
    if scheduler == "distributed":
        given = options.get("address")
        where = f"n_workers={workers}, threads_per_worker=1" if given is None else repr(str(given))
        return f"distributed.Client({where}).map(work, items, pure=False)"
    if scheduler not in ("threads", "processes"):
        return ""
    bag = "dask.bag.from_sequence(items, partition_size=1).map(work)"
    return f'{bag}.compute(scheduler="{scheduler}", num_workers={workers})'


def _ray(options: Mapping[str, Any], workers: int) -> str:
    pool = f"ray.util.ActorPool([Worker.remote() for _ in range({workers})])"
    return f"{pool}{_spread(options, workers)}"


def _mpi4py(options: Mapping[str, Any], workers: int) -> str:
    return f"MPIPoolExecutor(max_workers={workers}).map(work, items){_spread(options, workers)}"


def _spread(options: Mapping[str, Any], workers: int) -> str:
    """A remark on where the workers are; nothing on one node."""
    nodes = schema.nodes_of(options)
    return (
        f"  # {workers} workers, {workers // nodes} on each of {nodes} nodes" if nodes > 1 else ""
    )


_MAKERS = {
    "sequential": _sequential,
    "threads": _threads,
    "processes": _processes,
    "asyncio": _asyncio,
    "asyncio_to_thread": _to_thread,
    "multiprocessing_pool": _pool,
    "process_per_item": _process_per_item,
    "interpreters": _interpreters,
    "loky": _loky,
    "joblib": _joblib,
    "gevent": _gevent,
    "trio": _trio,
    "anyio": _anyio,
    "dask": _dask,
    "ray": _ray,
    "mpi4py": _mpi4py,
}
