"""From the config's tasks to task points: a task with one value for each of its parameters."""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments import installed
from experiments.launch.base import Task
from experiments.settings import ConfigError


@dataclass(frozen=True)
class TaskPoint:
    """A task with one value for each of its parameters."""

    name: str
    params: dict[str, Any]
    label: str
    task: type[Task]

    @property
    def kind(self) -> str:
        """cpu or waiting: which worker counts `auto` gives."""
        kind_of = getattr(self.task, "kind_of", None)
        return str(kind_of(self.params)) if kind_of else self.task.kind

    @property
    def launched(self) -> str:
        """How a launch is told the task: it doesn't look for installed packages."""
        return installed.launched("poolwise.tasks", self.name)


class _Unloaded(Task):
    """Stands for a task of the user's that can't be loaded: what is wrong shows when it runs."""

    summary = "could not be loaded when the plan was made"


def task_points(entries: Sequence[Any]) -> Iterable[TaskPoint]:
    """Every task with every combination of the parameter values asked for."""
    for position, entry in enumerate(entries):
        name = entry if isinstance(entry, str) else entry["task"]
        asked = {} if isinstance(entry, str) else dict(entry.get("params") or {})
        task = _load_task(name, position)
        unknown = sorted(set(asked) - set(task.defaults))
        if unknown and task is not _Unloaded:
            raise ConfigError(
                f"config key 'tasks.{position}.params.{unknown[0]}': {name} has no such parameter; "
                f"it has {', '.join(task.defaults) or 'none'}"
            )
        axes = [value if isinstance(value, list) else [value] for value in asked.values()]
        if any(not axis for axis in axes):
            raise ConfigError(f"config key 'tasks.{position}.params': the grid is empty: no value")
        for values in itertools.product(*axes):
            yield _task_point(task, name, dict(zip(asked, values, strict=True)), position)


def _load_task(name: str, position: int) -> type[Task]:
    try:
        task = installed.load_task(name)
    except (Exception, SystemExit) as error:  # a user's module may raise anything
        if ":" in installed.launched("poolwise.tasks", name):
            return _Unloaded
        known = ", ".join(sorted(installed.names("poolwise.tasks")))
        raise ConfigError(
            f"config key 'tasks.{position}': unknown task {name!r}; known: {known}; your own: "
            "package.module:ClassName"
        ) from error
    return task


def _task_point(task: type[Task], name: str, given: dict[str, Any], position: int) -> TaskPoint:
    params = {**task.defaults, **given}
    problem = task.check_params(params)
    if problem:
        raise ConfigError(f"config key 'tasks.{position}.params': {problem}")
    shown = {key: task.label_value(key, value) for key, value in sorted(given.items())}
    label = " ".join(f"{key}={value}" for key, value in shown.items())
    return TaskPoint(name, params, label, task)


def source_digest(point: TaskPoint) -> str | None:
    """A short name for the module of a task from elsewhere, which `code_digest` doesn't cover."""
    module, colon, _ = point.launched.rpartition("=")[2].partition(":")
    if not colon:
        return None
    try:
        spec = importlib.util.find_spec(module)
        path = Path((spec and spec.origin) or "")
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except (Exception, SystemExit):  # the parent package is a user's as well
        return None
