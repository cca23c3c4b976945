"""Which part may import which: the rules of CONTRIBUTING.md, read off the source."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.launch import executors, tasks

ROOT = Path(__file__).resolve().parent.parent
#: modules of Python 3.9 to 3.14 that this interpreter need not have
STANDARD = sys.stdlib_module_names | {"_interpreters", "_xxsubinterpreters"}


def sources(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found
    return found


def imports(path: Path, text: str | None = None) -> Iterator[str]:
    """Full names of all that a file imports, wherever in it; `from . import x` gives x's."""
    package = path.relative_to(ROOT).parts[:-1]
    tree = ast.parse(path.read_text(encoding="utf-8") if text is None else text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            start = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{start}.{name.name}" for name in node.names)


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("import os.path, json", ["os.path", "json"]),
        ("from ..base import Task", ["experiments.launch.base.Task"]),
        ("from . import checks", ["experiments.launch.tasks.checks"]),
        ("def f():\n    from reports import load", ["reports.load"]),
    ],
)
def test_imports_are_found_in_every_form(line: str, names: list[str]) -> None:
    assert list(imports(ROOT / "experiments/launch/tasks/mixed.py", line)) == names


@pytest.mark.parametrize("path", sources("experiments"), ids=lambda path: path.stem)
def test_measuring_knows_nothing_of_reporting(path: Path) -> None:
    assert [name for name in imports(path) if within(name, "reports")] == []


@pytest.mark.parametrize("path", sources("reports"), ids=lambda path: path.stem)
def test_reports_know_the_contract_and_the_statistics_only(path: Path) -> None:
    measuring = [name for name in imports(path) if within(name, "experiments")]
    allowed = ("experiments.schema", "experiments.statistics")

    assert [name for name in measuring if not within(name, *allowed)] == []


@pytest.mark.parametrize("path", sources("experiments/launch"), ids=lambda path: path.stem)
def test_the_measured_half_imports_the_standard_library_and_itself(path: Path) -> None:
    declared = requirements(path)
    others = [
        name
        for name in imports(path)
        if name.split(".")[0] not in STANDARD | declared and not within(name, "experiments.launch")
    ]

    assert others == []


def requirements(path: Path) -> set[str]:
    """Modules that the task or executor in this file, or a part of one, says it needs."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    classes = [
        registry.load(name)
        for registry, names in ((tasks, tasks.TASKS), (executors, executors.EXECUTORS))
        for name, where in names.items()
        if where.split(":")[0] == module
    ]
    part = importlib.import_module(module) if path.stem != "__main__" else None
    return {
        needed
        for found in (*classes, part)
        for attribute in ("requires", "requires_async")
        for needed in getattr(found, attribute, ())
    }
