"""An approach as Python code: the pool to make, with the numbers that were measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

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


def _processes(options: Mapping[str, Any], workers: int) -> str:
    method = options.get("start_method", "fork")
    if method not in ("fork", "spawn", "forkserver"):
        return ""
    pool = f'ProcessPoolExecutor(max_workers={workers}, mp_context=get_context("{method}"))'
    if options.get("chunk", "default") != "auto":
        return pool
    chunk = f"-(-len(items) // {CHUNKS_PER_WORKER * workers})"
    return f"{pool}.map(work, items, chunksize={chunk})"


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
    if scheduler == "distributed":
        given = options.get("address")
        where = f"n_workers={workers}, threads_per_worker=1" if given is None else repr(str(given))
        return f"distributed.Client({where}).map(work, items, pure=False)"
    if scheduler not in ("threads", "processes"):
        return ""
    bag = "dask.bag.from_sequence(items, partition_size=1).map(work)"
    return f'{bag}.compute(scheduler="{scheduler}", num_workers={workers})'


def _ray(options: Mapping[str, Any], workers: int) -> str:
    return f"ray.util.ActorPool([Worker.remote() for _ in range({workers})])"


def _mpi4py(options: Mapping[str, Any], workers: int) -> str:
    return f"MPIPoolExecutor(max_workers={workers}).map(work, items)"


_MAKERS = {
    "sequential": _sequential,
    "threads": _threads,
    "processes": _processes,
    "asyncio": _asyncio,
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
