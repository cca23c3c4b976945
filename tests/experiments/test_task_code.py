"""What changes the digest of a task's code, and what doesn't."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.launch.tasks import TASKS
from experiments.task_code import PACKAGES, ROOT, task_digest, task_digests
from tests.experiments.facts import plan


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of all measured code."""
    shutil.copytree(ROOT / "experiments/launch", tmp_path / "experiments/launch")
    shutil.copytree(ROOT / "experiments/services", tmp_path / "experiments/services")
    return tmp_path


def changed_by(tree: Path, file: str) -> set[str]:
    """The tasks whose digest is another once a file of the measured code was edited."""
    before = {name: task_digest(name, tree) for name in TASKS}
    path = tree / "experiments" / file
    path.write_text(path.read_text() + "# edited\n")
    return {name for name in TASKS if task_digest(name, tree) != before[name]}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("launch/executors/threads.py", set()),
        ("launch/worker.py", set()),
        ("launch/tasks/__init__.py", set()),  # a task more there leaves the others as they were
        ("launch/tasks/ipc.py", {"ipc"}),
        ("launch/tasks/blocks.py", {"ipc"}),
        ("launch/tasks/files.py", {"file_read", "sqlite_query", "postgres_query"}),
        ("services/waits.py", {"http_request"}),  # what the server that answers it imports
        ("services/given_server.py", {"postgres_query"}),
        ("launch/tasks/checks.py", set(TASKS)),
    ],
)
def test_a_task_is_another_by_its_own_modules(tree: Path, file: str, expected: set[str]) -> None:
    assert changed_by(tree, file) == expected


def test_each_task_is_its_own_code() -> None:
    digests = task_digests([*TASKS, "my_own"])
    assert digests.keys() == TASKS.keys()
    assert len({*digests.values()}) == len(TASKS)


def test_what_an_import_loads_of_the_tasks_is_part_of_it(tree: Path) -> None:
    """By another way than reading the source: by what Python itself has loaded."""
    for name, module in TASKS.items():
        loaded = _loaded(module)
        assert module in loaded
        for one in loaded:
            before = task_digest(name, tree)
            path = tree.joinpath(*one.split(".")).with_suffix(".py")
            path.write_text(path.read_text() + "# edited\n")
            assert task_digest(name, tree) != before, f"{name} loads {one}"


def _loaded(module: str) -> list[str]:
    program = f"import sys, {module}; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return [one for one in ran.stdout.split() if one.rpartition(".")[0] in PACKAGES]


def test_the_plan_names_the_code_of_its_tasks() -> None:
    found = plan(tasks=["math_python", "ipc"])
    assert found["task_digests"] == {name: task_digest(name) for name in ("ipc", "math_python")}
