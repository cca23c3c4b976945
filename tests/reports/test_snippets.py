from __future__ import annotations

import ast
import asyncio
import importlib
import importlib.util
import json
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from experiments.launch.executors.processes import CHUNKS_PER_WORKER, chunk_size
from reports import snippets

NAMES = {
    "ProcessPoolExecutor": ProcessPoolExecutor,
    "ThreadPoolExecutor": ThreadPoolExecutor,
    "get_context": get_context,
    "asyncio": asyncio,
    "items": list(range(50)),
    "work": float,
}


def run(code: str) -> object:
    return eval(code, dict(NAMES))  # our own line, made from a fixed set of words


def test_pools_are_made_with_the_measured_workers() -> None:
    threads = snippets.code("threads", "{}", 32)
    assert threads == "ThreadPoolExecutor(max_workers=32)"
    pool = run(threads)
    assert isinstance(pool, Executor)
    pool.shutdown()
    assert run(snippets.code("sequential", "{}", 1)) == [float(n) for n in range(50)]
    assert isinstance(run(snippets.code("asyncio", "{}", 8)), asyncio.Semaphore)


def test_a_loops_calls_to_threads_get_the_measured_workers() -> None:
    loop = asyncio.new_event_loop()
    eval(snippets.code("asyncio_to_thread", "{}", 5), {**NAMES, "loop": loop})
    assert loop._default_executor._max_workers == 5  # type: ignore[attr-defined]
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_of_multiprocessing_are_started_as_they_were_measured(method: str) -> None:
    options = json.dumps({"start_method": method})
    process = eval(snippets.code("process_per_item", options, 3), {**NAMES, "item": 2.5})
    process.start()
    process.join()
    assert (process._start_method, process.exitcode) == (method, 0)
    assert snippets.code("process_per_item", options, 3).endswith("# 3 at a time")

    with run(snippets.code("multiprocessing_pool", '{"start_method": "fork"}', 2)) as pool:  # type: ignore[attr-defined]
        assert pool.map(float, range(4)) == [0.0, 1.0, 2.0, 3.0]
    assert f'("{method}").Pool(2)' in snippets.code("multiprocessing_pool", options, 2)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_are_started_as_they_were_measured(method: str) -> None:
    code = snippets.code("processes", json.dumps({"start_method": method}), 2)
    pool = run(code)
    assert isinstance(pool, ProcessPoolExecutor)
    assert pool._mp_context.get_start_method() == method  # type: ignore[attr-defined]
    pool.shutdown()


def test_chunks_are_as_large_as_the_executor_makes_them() -> None:
    options = json.dumps({"start_method": "fork", "chunk": "auto"})
    code = snippets.code("processes", options, 3)
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    (chunk,) = [keyword.value for keyword in call.keywords if keyword.arg == "chunksize"]
    for many in (1, 11, 12, 13, 50):
        size = eval(ast.unparse(chunk), {"items": range(many), "len": len})
        assert size == chunk_size("auto", many, 3)
    assert snippets.CHUNKS_PER_WORKER == CHUNKS_PER_WORKER


@pytest.mark.parametrize(
    ("executor", "options"),
    [
        ("fibres", "{}"),
        *(
            (executor, '{"start_method": "\\"); evil(\\""}')
            for executor in ("processes", "multiprocessing_pool", "process_per_item")
        ),
        ("threads", "{broken"),
    ],
)
def test_what_is_not_known_gives_no_code_rather_than_a_wrong_line(
    executor: str, options: str
) -> None:
    assert snippets.code(executor, options, 2) == ""


@pytest.mark.parametrize(
    ("executor", "options", "modules"),
    [
        ("loky", {}, ["loky"]),
        ("joblib", {"backend": "threading"}, ["joblib"]),
        ("joblib", {"backend": "loky"}, ["joblib"]),
        ("gevent", {}, ["gevent", "gevent.pool"]),
        ("dask", {"scheduler": "threads"}, ["dask", "dask.bag"]),
    ],
    ids=str,
)
def test_code_of_other_libraries_does_the_items(
    executor: str, options: dict[str, str], modules: list[str]
) -> None:
    names = {**NAMES}
    for module in modules:
        pytest.importorskip(module)
        names[module.partition(".")[0]] = importlib.import_module(module.partition(".")[0])
    given = eval(snippets.code(executor, json.dumps(options), 2), names)

    assert list(given) == [float(n) for n in range(50)]


@pytest.mark.parametrize("library", ["trio", "anyio"])
def test_loops_of_other_libraries_limit_what_is_in_progress(library: str) -> None:
    module = pytest.importorskip(library)
    trio = pytest.importorskip("trio")

    async def limit() -> float:
        made = eval(snippets.code(library, "{}", 8), {library: module})
        return float(made.total_tokens)

    assert trio.run(limit) == 8


def test_a_cluster_that_was_given_is_named_as_text() -> None:
    code = snippets.code("dask", json.dumps({"scheduler": "distributed", "address": '"); x("'}), 2)
    call = ast.parse(code, mode="eval").body

    assert isinstance(call, ast.Call)
    assert '"); x("' in [one.value for one in ast.walk(call) if isinstance(one, ast.Constant)]


@pytest.mark.parametrize(
    ("executor", "options", "part"),
    [
        ("dask", {"scheduler": "processes"}, 'scheduler="processes", num_workers=2'),
        ("dask", {"scheduler": "distributed"}, "n_workers=2, threads_per_worker=1"),
        ("ray", {}, "range(2)"),
        ("mpi4py", {}, "MPIPoolExecutor(max_workers=2)"),
    ],
)
def test_code_of_clusters_has_the_measured_workers(
    executor: str, options: dict[str, str], part: str
) -> None:
    code = snippets.code(executor, json.dumps(options), 2)

    assert part in code
    ast.parse(code)
