"""The examples of CONTRIBUTING.md, taken from its text, do what it says."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import experiments.launch.executors
import experiments.launch.tasks
from experiments.launch.base import Context, Executor, Task, TaskRef

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def example(word: str, package: ModuleType) -> Any:
    """The class called `word`, from the guide's code block, run as a module of the package."""
    block = next(b for b in re.findall(r"```python\n(.*?)```", GUIDE, re.S) if f"class {word}" in b)
    module = ModuleType(f"{package.__name__}.{word.lower()}")
    module.__dict__["__package__"] = package.__name__
    exec(compile(block, "CONTRIBUTING.md", "exec"), module.__dict__)
    return module.__dict__[word]


@pytest.fixture
def task(tmp_path: Path) -> Task:
    cls = example("Compress", experiments.launch.tasks)
    assert cls.check_params(cls.defaults) is None
    made: Task = cls(cls.defaults, Context(str(tmp_path), seed=7))
    return made


def executor(task: Task, workers: int) -> Executor:
    cls = example("BareThreads", experiments.launch.executors)
    made: Executor = cls(TaskRef(task.name, task.params, task.context), task, workers, {})
    made.start()
    return made


def test_the_tasks_items_are_the_same_each_time_and_grow_with_scale(task: Task) -> None:
    assert task.make_items(3, 2) == task.make_items(3, 2)
    assert [len(item) for item in task.make_items(3, 4)] == [1024] * 3


@pytest.mark.parametrize("workers", [1, 3, 20])
def test_the_executor_gives_the_sequential_answers_in_order(task: Task, workers: int) -> None:
    items = task.make_items(8, 5)

    assert executor(task, workers).run(items) == [task.run(item) for item in items]


def test_the_executor_raises_what_an_item_raised(task: Task) -> None:
    with pytest.raises(TypeError):
        executor(task, 2).run([b"fine", "not bytes", b"fine"])


@pytest.mark.parametrize("path", re.findall(r"`((?:experiments|tests|workflow)/[\w/.]+)`", GUIDE))
def test_the_paths_it_names_exist(path: str) -> None:
    shown = ("compress.py", "bare_threads.py")

    assert (ROOT / path).exists() or path.endswith(shown)
