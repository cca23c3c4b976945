"""Tasks and executors that other installed packages add, found by their entry points.

A package names them in its metadata (Python Packaging User Guide, "Entry points specification"):

    [project.entry-points."poolwise.executors"]
    green = "package.module:ClassName"

They are looked for where the plan is made. A launch is told `green=package.module:ClassName`, the
line as the package wrote it, and looks for nothing itself.
"""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint, entry_points

from experiments.launch import executors, tasks
from experiments.launch.base import Executor, Task
from experiments.settings import ConfigError

#: group of entry points -> the names that are taken
GROUPS = {"poolwise.executors": executors.EXECUTORS, "poolwise.tasks": tasks.TASKS}
#: a name stands in labels, tables and folders; what it leads to is a class in a module
_NAME = re.compile(r"[A-Za-z]\w*(?:[.-]\w+)*", re.ASCII)
_LEADS_TO = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*")


def check() -> None:
    """Refuse entry points that can't be told from others. Raises ConfigError naming the package."""
    for group, built_in in GROUPS.items():
        known: dict[str, EntryPoint] = {}
        for one in entry_points(group=group):
            _check(one, group, built_in)
            other = known.setdefault(one.name, one)
            if _about(other) != _about(one):
                raise ConfigError(
                    f"packages {_package(other)} and {_package(one)}: both add {one.name!r} to "
                    f"{group}; uninstall one of them"
                )


def load_executor(name: str) -> type[Executor]:
    """The executor's class; raises what its module raises, KeyError where there is none."""
    return executors.load(launched("poolwise.executors", name))


def runs_on_loop(name: str) -> bool:
    """Whether an executor runs coroutines on an event loop; one that can't be had does not."""
    try:
        return load_executor(name).on_loop
    except (Exception, SystemExit):  # a user's module may raise anything
        return False


def load_task(name: str) -> type[Task]:
    """The task's class; raises what its module raises, LookupError where there is none."""
    return tasks.load(launched("poolwise.tasks", name))


def launched(group: str, name: str) -> str:
    """How a launch is told the name: as it is, unless an installed package has added it."""
    if ":" in name or name in GROUPS[group]:
        return name
    return next((f"{name}={one.value}" for one in entry_points(group=group, name=name)), name)


def names(group: str) -> list[str]:
    """All names of a group: the built-in ones, then those added."""
    return [*GROUPS[group], *sorted({one.name for one in entry_points(group=group)})]


def _check(one: EntryPoint, group: str, built_in: dict[str, str]) -> None:
    if one.name in built_in:
        raise ConfigError(
            f"package {_package(one)}: adds {one.name!r} to {group}, which is the name of a "
            "built-in one; the package must give it another name, or be uninstalled"
        )
    if not _NAME.fullmatch(one.name) or not _LEADS_TO.fullmatch(one.value):
        raise ConfigError(
            f"package {_package(one)}: adds {f'{one.name} = {one.value}'!r} to {group}; must be "
            "name = package.module:ClassName"
        )


def _about(one: EntryPoint) -> tuple[str, str]:
    return _package(one), one.value


def _package(one: EntryPoint) -> str:
    return f"{one.dist.name} {one.dist.version}" if one.dist else "(unknown)"
