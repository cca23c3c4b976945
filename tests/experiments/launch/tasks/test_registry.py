from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.launch.base import Task
from experiments.launch.tasks import TASKS, UnknownTaskError, load

ROOT = Path(__file__).resolve().parents[4]


class Elsewhere(Task):
    name = "elsewhere"


@pytest.mark.parametrize("name", TASKS)
def test_every_registered_name_leads_to_a_complete_task(name: str) -> None:
    task = load(name)

    assert task.name == name
    assert task.kind in ("cpu", "waiting")
    assert task.summary
    assert "\n" not in task.summary
    assert task.defaults
    assert task.check_params(dict(task.defaults)) is None


def test_loading_a_task_imports_no_other_task_and_no_requirement() -> None:
    code = (
        "import sys; from experiments.launch.tasks import TASKS, load; load('machine_learning');"
        "print(sorted(set(TASKS.values()) & set(sys.modules)), 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert done.stdout.strip() == "['experiments.launch.tasks.machine_learning'] False"


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownTaskError, match=r"task 'maths' is unknown; use one of .*math_numpy"):
        load("maths")


def test_a_task_kept_elsewhere_is_found_by_module_and_class() -> None:
    assert load(f"{__name__}:Elsewhere") is Elsewhere


@pytest.mark.parametrize("attribute", ["ROOT", "Nothing"])
def test_an_outside_name_that_is_no_task_is_refused(attribute: str) -> None:
    with pytest.raises(UnknownTaskError, match=f"has no Task class '{attribute}'"):
        load(f"{__name__}:{attribute}")


@pytest.mark.parametrize(
    ("name", "bad", "message"),
    [
        ("math_python", {"item_ms": 0}, "item_ms must be a number from 0.01 to 10000, got 0"),
        ("math_python", {"item_ms": True}, "item_ms must be a number .* got True"),
        ("math_numpy", {"blas_threads": 1.5}, "blas_threads must be a whole number .* got 1.5"),
        ("data_processing", {"item_ms": "6"}, "item_ms must be a number .* got '6'"),
        ("machine_learning", {"item_ms": None}, "item_ms must be a number .* got None"),
        ("file_read", {"cache": "hot"}, "cache must be one of warm, cold, got 'hot'"),
        ("file_read", {"file_kib": 0}, "file_kib must be a whole number from 1 to 65536, got 0"),
        ("http_request", {"latency_ms": -1}, "latency_ms must be a number from 0 to 10000, got -1"),
        ("sqlite_query", {"item_ms": float("nan")}, "item_ms must be a number .* got nan"),
        ("mixed", {"cpu_share": 1.1}, "cpu_share must be a number from 0 to 1, got 1.1"),
        ("ipc", {"via": "email"}, "via must be one of pickle, shared_memory, got 'email'"),
        ("ipc", {"payload_kib": "1"}, "payload_kib must be a whole number .* got '1'"),
        ("locked_counter", {"guard": 1}, "guard must be one of lock, semaphore, none, got 1"),
        ("subprocess_jobs", {"steps": -1}, "steps must be a whole number .* got -1"),
    ],
)
def test_a_bad_parameter_is_named_with_what_is_allowed(
    name: str, bad: dict[str, object], message: str
) -> None:
    task = load(name)

    assert re.search(message, task.check_params({**task.defaults, **bad}) or "")
