"""The tasks: kinds of work, one file each, found by name in an explicit registry.

A new task is one file with one `Task` class and one line in `TASKS`. Work grows about linearly
with `scale` in every task that has `item_ms` among its defaults, and `scale=1` is tiny, so that
calibration can hit the wanted cost of an item on any machine. Answers depend on nothing but
(params, count, scale, seed), so every executor and every interpreter must give the same ones.
"""

from __future__ import annotations

import importlib
from typing import Dict, Type

from ..base import Task
from ..naming import entry_value

#: name -> module; the module holds exactly one Task class of that name
TASKS: Dict[str, str] = {
    "math_python": "experiments.launch.tasks.math_python",
    "math_numpy": "experiments.launch.tasks.math_numpy",
    "data_processing": "experiments.launch.tasks.data_processing",
    "machine_learning": "experiments.launch.tasks.machine_learning",
    "file_read": "experiments.launch.tasks.file_read",
    "http_request": "experiments.launch.tasks.http_request",
    "sqlite_query": "experiments.launch.tasks.sqlite_query",
    "postgres_query": "experiments.launch.tasks.postgres_query",
    "mixed": "experiments.launch.tasks.mixed",
    "ipc": "experiments.launch.tasks.ipc",
    "locked_counter": "experiments.launch.tasks.locked_counter",
    "subprocess_jobs": "experiments.launch.tasks.subprocess_jobs",
    "overhead": "experiments.launch.tasks.overhead",  # internal: experiments/overheads.py
}


class UnknownTaskError(LookupError):
    """A task name that is neither registered nor names a Task class elsewhere."""


def load(name: str) -> Type[Task]:
    """Return the class of a task, importing only its module.

    `name` is a registered name, or "package.module:ClassName" for a task kept elsewhere, or
    "name=package.module:ClassName" for an entry point of an installed package. Raises
    UnknownTaskError where the name leads to no Task class, ImportError where a module is missing.
    """
    if ":" in name:
        module_path, _, class_name = entry_value(name).partition(":")
        return _outside(name, module_path, class_name)
    if name not in TASKS:
        raise UnknownTaskError(
            f"task {name!r} is unknown; use one of {', '.join(sorted(TASKS))}, "
            "or 'package.module:ClassName' for a task of your own"
        )
    module = importlib.import_module(TASKS[name])
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Task) and value.name == name:
            return value
    raise UnknownTaskError(f"task {name!r}: {TASKS[name]} holds no Task class with name = {name!r}")


def _outside(name: str, module_path: str, class_name: str) -> Type[Task]:
    found = getattr(importlib.import_module(module_path), class_name, None)
    if isinstance(found, type) and issubclass(found, Task):
        return found
    raise UnknownTaskError(f"task {name!r}: {module_path} has no Task class {class_name!r}")
