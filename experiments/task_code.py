"""What code a built-in task is: its own modules, whatever else of what is measured changes.

Two results of a task can be held against each other as long as this is the same. A digest of all
measured code changes with every executor that is added, and would put an end to all comparisons.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from experiments.launch import tasks
from experiments.services.service import SERVICES

ROOT = Path(__file__).resolve().parent.parent
#: where what an item does is written; what starts, times and spreads items lies elsewhere
PACKAGES = ("experiments.launch.tasks", "experiments.services")


def task_digests(names: Iterable[str]) -> dict[str, str]:
    """The digest of each built-in task among some names of tasks."""
    return {name: task_digest(name) for name in sorted({*names} & {*tasks.TASKS})}


def task_digest(name: str, root: Path = ROOT) -> str:
    """A short name for the code of built-in task `name`: of its module, of what that imports of
    the other tasks' modules, and of the services that it is given, found in the files themselves.
    Raises KeyError where there is no such task.
    """  # fmt: skip
    services = [SERVICES[service] for service in tasks.load(name).services]
    wanted, found = [tasks.TASKS[name], *services], dict[str, bytes]()
    while wanted:
        module = wanted.pop()
        if module not in found:
            source = _path(module, root).read_bytes()
            found[module] = source
            wanted += _imported(module, source, root)
    hashed = hashlib.sha256()
    for module in sorted(found):
        hashed.update(module.encode() + b"\0" + found[module] + b"\0")
    return hashed.hexdigest()[:16]


def _imported(module: str, source: bytes, root: Path) -> Iterator[str]:
    """Modules of PACKAGES that a module imports, at its top or anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parent = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*parent, *([node.module] if node.module else [])])
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.rpartition(".")[0] in PACKAGES and _path(name, root).exists():
                yield name


def _path(module: str, root: Path) -> Path:
    return root.joinpath(*module.split(".")).with_suffix(".py")
