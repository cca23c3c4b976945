"""An executor says whose locks, semaphores and counters it gives to a task."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from experiments.launch import executors
from experiments.launch.executors import one_process
from tests.experiments.launch.driving import launch, spec
from tests.experiments.launch.sample_tasks import OfKit, Squares
from tests.pythons import python_or_skip

GIVING: list[tuple[str, dict[str, Any]]] = [
    ("sequential", {}),
    ("threads", {}),
    ("processes", {"start_method": "fork"}),
    ("multiprocessing_pool", {"start_method": "fork"}),
    ("process_per_item", {"start_method": "fork"}),
    ("asyncio", {}),
    ("asyncio_to_thread", {}),
    ("trio", {}),
    ("anyio", {}),
    ("gevent", {}),
    ("loky", {}),
    ("joblib", {"backend": "loky"}),
    ("joblib", {"backend": "threading"}),
    ("dask", {"scheduler": "threads"}),
    ("dask", {"scheduler": "processes"}),
]


def said(executor: str, options: dict[str, Any], task: type[Squares]) -> str:
    found = executors.load(executor)
    return found.primitives(task, found.all_options(options))


@pytest.mark.parametrize(("executor", "options"), GIVING, ids=str)
def test_they_are_those_of_the_module_that_is_told(executor: str, options: dict[str, Any]) -> None:
    missing = [n for n in executors.load(executor).requires if not importlib.util.find_spec(n)]
    if missing:
        pytest.skip(f"needs {missing[0]}")
    done = launch(spec("OfKit", executor=executor, options=options, expected=["?"] * 8))

    assert done.last["event"] == "wrong", (done.last, done.output)
    module = done.last["reason"].partition(', got "')[2].rstrip('"')
    assert module.split(".")[0] == said(executor, options, OfKit)


def test_between_interpreters_they_are_made_of_pipes() -> None:
    done = launch(
        spec("OfKit", executor="interpreters", expected=["?"] * 8), python_or_skip("3.14")
    )

    assert one_process.__name__ in done.last["reason"]
    assert said("interpreters", {}, OfKit) == "a pipe"


@pytest.mark.parametrize("executor", ["asyncio", "trio", "anyio"])
def test_a_loop_gives_its_own_to_coroutines_alone(executor: str) -> None:
    assert said(executor, {}, OfKit) == executor
    assert said(executor, {}, Squares) == "threading"
