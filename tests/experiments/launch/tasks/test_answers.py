"""One list of items, one list of answers: whoever runs them, wherever, however often."""

from __future__ import annotations

import json
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments.launch.base import Context
from experiments.launch.tasks import load
from tests.pythons import SUPPORTED, python_or_skip

from .driving import make, native, processes, sequential, threads

ROOT = Path(__file__).resolve().parents[4]
COUNT, SCALE = 6, 3

CASES: list[tuple[str, dict[str, Any]]] = [
    ("math_python", {}),
    ("math_numpy", {}),
    ("data_processing", {}),
    ("machine_learning", {}),
    ("file_read", {"file_kib": 300}),
    ("http_request", {"latency_ms": 0.5}),
    ("sqlite_query", {}),
    ("mixed", {"cpu_share": 0}),
    ("mixed", {"cpu_share": 0.5}),
    ("mixed", {"cpu_share": 1}),
    ("ipc", {"payload_kib": 64}),
    ("ipc", {"payload_kib": 64, "via": "shared_memory"}),
    ("locked_counter", {"guard": "lock"}),
    ("locked_counter", {"guard": "semaphore"}),
    ("locked_counter", {"guard": "none"}),
    ("subprocess_jobs", {"steps": 5}),
    ("overhead", {"payload_kib": 0}),
    ("overhead", {"payload_kib": 64}),
]
NATIVE = [case for case in CASES if load(case[0]).native_async]
#: need neither a server nor a package
STANDARD = [
    case for case in CASES if not load(case[0]).services and "numpy" not in load(case[0]).requires
]


def _named(cases: list[tuple[str, dict[str, Any]]]) -> pytest.MarkDecorator:
    ids = [" ".join([name, *map(str, params.values())]) for name, params in cases]
    return pytest.mark.parametrize(("name", "params"), cases, ids=ids)


def _agree(
    run: Callable[..., list[Any]], name: str, params: dict[str, Any], where: Context
) -> None:
    expected = sequential(make(name, where, **params), COUNT, SCALE)
    task = make(name, where, **params)
    got = run(task, COUNT, SCALE)
    assert len(expected) == len(got)
    assert len(expected) >= COUNT
    for one, other in zip(expected, got, strict=True):
        assert task.same(one, other)


@_named(CASES)
def test_threads_give_the_sequential_answers(
    name: str, params: dict[str, Any], served: Context
) -> None:
    _agree(threads, name, params, served)


@_named(CASES)
def test_spawned_processes_give_the_sequential_answers(
    name: str, params: dict[str, Any], served: Context
) -> None:
    _agree(processes, name, params, served)


@_named(NATIVE)
def test_coroutines_give_the_sequential_answers(
    name: str, params: dict[str, Any], served: Context
) -> None:
    _agree(native, name, params, served)


@_named(CASES)
def test_two_instances_make_the_same_items(
    name: str, params: dict[str, Any], served: Context
) -> None:
    one, other = make(name, served, **params), make(name, served, **params)

    assert pickle.dumps(one.make_items(COUNT, SCALE)) == pickle.dumps(
        other.make_items(COUNT, SCALE)
    )


@_named([case for case in CASES if case[0] not in ("mixed", "locked_counter", "machine_learning")])
def test_answers_differ_from_item_to_item(
    name: str, params: dict[str, Any], served: Context
) -> None:
    answers = sequential(make(name, served, **params), COUNT, SCALE)

    assert len({json.dumps(answer) for answer in answers}) == COUNT


@_named([case for case in CASES if case[0] not in ("machine_learning",)])
def test_another_seed_gives_other_answers(
    name: str, params: dict[str, Any], served: Context
) -> None:
    other = Context(served.scratch, served.services, seed=8)

    assert sequential(make(name, served, **params), COUNT, SCALE) != sequential(
        make(name, other, **params), COUNT, SCALE
    )


OTHER = """
import json, sys
from experiments.launch.base import Context, SharedKit
from experiments.launch.tasks import TASKS, load
from types import SimpleNamespace
import threading
kit = SharedKit(threading.Lock, threading.Semaphore, lambda: SimpleNamespace(value=0))
for name in TASKS:
    load(name)
answers = []
for name, params in json.loads(sys.argv[2]):
    cls = load(name)
    task = cls(dict(cls.defaults, **params), Context(sys.argv[1], seed=7))
    task.prepare(6, 3)
    items = task.make_items(6, 3)
    task.start_worker(task.share(kit))
    task.before_batch()
    answers.append(task.answer([task.run(item) for item in items]))
    task.close()
print(json.dumps(answers))
"""


@pytest.mark.parametrize("version", SUPPORTED)
def test_other_python_versions_load_all_tasks_and_give_the_same_answers(
    version: str, context: Context
) -> None:
    python = python_or_skip(version)
    expected = [sequential(make(name, context, **params), 6, 3) for name, params in STANDARD]

    done = subprocess.run(
        [python, "-W", "error", "-c", OTHER, context.scratch, json.dumps(STANDARD)],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert done.stderr == ""
    assert json.loads(done.stdout) == expected
