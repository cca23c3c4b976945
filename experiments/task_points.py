"""From the config's tasks to task points: a task with one value for each of its parameters."""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments import installed, own
from experiments.launch.base import Task
from experiments.settings import ConfigError


@dataclass(frozen=True)
class TaskPoint:
    """A task with one value for each of its parameters."""

    name: str
    params: dict[str, Any]
    label: str
    task: type[Task]
    #: the config key that asks for it, which messages name
    key: str
    #: a function of the user's: its definition, and what a look at it has found
    own: Mapping[str, Any] | None = None
    checked: Mapping[str, Any] | None = None

    @property
    def kind(self) -> str:
        """cpu or waiting: which worker counts `auto` gives."""
        if self.checked:
            return str(self.checked["kind"])
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
    for position, given in enumerate(entries):
        entry = {"task": given} if isinstance(given, str) else given
        name, key = entry["task"], entry.get("key", f"tasks.{position}")
        task = _own_task(entry) if "own" in entry else _load_task(name, key)
        unknown = sorted(set(entry.get("params") or {}) - set(task.defaults))
        if unknown and task is not _Unloaded:
            raise ConfigError(
                f"config key '{key}.params.{unknown[0]}': {name} has no such parameter; "
                f"it has {', '.join(task.defaults) or 'none'}"
            )
        for params in combinations(entry, key):
            yield _task_point(task, entry, params, key)


def combinations(entry: Mapping[str, Any], key: str = "") -> Iterator[dict[str, Any]]:
    """One value for each parameter of an entry of `tasks`, in every combination."""
    asked = dict(entry.get("params") or {})
    axes = [value if isinstance(value, list) else [value] for value in asked.values()]
    if any(not axis for axis in axes):
        key = key or entry["key"]
        raise ConfigError(f"config key '{key}.params': the grid is empty: no value")
    for values in itertools.product(*axes):
        yield dict(zip(asked, values, strict=True))


def _own_task(entry: Mapping[str, Any]) -> type[Task]:
    """What the plan asks of a task, for a function of the user's."""
    definition = entry["own"]
    facts = (entry.get("checked") or [{}])[0]
    about = {
        "summary": own.summary(definition),
        "native_async": "acall" in definition,
        "defaults": entry.get("defaults") or next(iter(combinations(entry, entry.get("key", "")))),
        "kind": facts.get("kind", "cpu"),
    }
    return type("Own", (Task,), about)


def _load_task(name: str, key: str) -> type[Task]:
    try:
        task = installed.load_task(name)
    except (Exception, SystemExit) as error:  # a user's module may raise anything
        if ":" in installed.launched("poolwise.tasks", name):
            return _Unloaded
        known = ", ".join(sorted(installed.names("poolwise.tasks")))
        raise ConfigError(
            f"config key '{key}': unknown task {name!r}; known: {known}; your own: "
            "package.module:ClassName"
        ) from error
    return task


def _task_point(
    task: type[Task], entry: Mapping[str, Any], given: dict[str, Any], key: str
) -> TaskPoint:
    params = {**task.defaults, **given}
    problem = task.check_params(params)
    if problem:
        raise ConfigError(f"config key '{key}.params': {problem}")
    shown = {name: task.label_value(name, value) for name, value in sorted(given.items())}
    label = " ".join(f"{name}={value}" for name, value in shown.items())
    looked = entry.get("checked", [])  # at all the grid's values, not at those a search adds
    seen = [one for one in looked if one["params"] == given] or looked
    return TaskPoint(
        entry["task"], params, label, task, key, entry.get("own"), seen[0] if seen else None
    )


def source_digest(point: TaskPoint) -> str | None:
    """A short name for the module of a task from elsewhere, which `code_digest` doesn't cover."""
    if point.own is not None:
        return str(point.checked["source_digest"]) if point.checked else None
    module, colon, _ = point.launched.rpartition("=")[2].partition(":")
    if not colon:
        return None
    try:
        spec = importlib.util.find_spec(module)
        path = Path((spec and spec.origin) or "")
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except (Exception, SystemExit):  # the parent package is a user's as well
        return None
