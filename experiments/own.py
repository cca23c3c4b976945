"""Functions of the user's in config key `tasks`: their definitions, and what a launch is told.

A mapping of `tasks` becomes the list that all else works on; an entry with "own" is a function.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments.launch import tasks as task_registry
from experiments.launch.base import Executor

#: what a launch loads for each of them
LAUNCHED = "experiments.launch.tasks.own:OwnFunction"
NAMES = ("call", "items", "acall", "setup", "teardown", "same")
#: what else a definition says of the functions
OTHERS = ("check", "async_libraries")
_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_FILE = re.compile(r"(?P<path>.+?)\.(?P<kind>py|ipynb)(:(?P<name>.*))?")


def listed(tasks: Mapping[str, Any], folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The entries of a mapping of `tasks`, and one line for each mistake in them.

    `folder` is what a relative `path` is seen from.
    """
    entries, problems = [], []
    for name, given in tasks.items():
        asked = dict(given or {})
        if ":" in name and "items" in asked:
            asked.setdefault("call", name)
        found = [f"config key 'tasks.{name}{line}" for line in _problems(name, asked, folder)]
        problems += found
        if not found:
            entries.append(_entry(name, asked, folder))
    return entries, problems


def misnamed(names: Iterable[Any]) -> Iterator[str]:
    """What to do about names of tasks that are a file's, or one in a script or notebook."""
    for name in map(str, names):
        if _FILE.fullmatch(name) or name.startswith("__main__"):
            yield name_problem(name)


def _entry(name: str, asked: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    key, params = f"tasks.{name}", asked.get("params") or {}
    if "call" not in asked:
        return {"task": name, "params": params, "key": key}
    own = {role: asked[role] for role in (*NAMES, *OTHERS) if role in asked}
    if "path" in asked:
        own["path"] = str((folder / asked["path"]).resolve())
    return {"task": name, "params": params, "key": key, "own": own}


def _problems(name: str, asked: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """What is wrong with an entry, each from the rest of its key on."""
    if "call" not in asked:
        for key in asked.keys() - {"params"}:
            yield f".{key}': belongs to a function of yours; its call: package.module:function"
        return
    if name in task_registry.TASKS:
        yield f"': {name} is a task of Poolwise; give your function another name"
    if "items" not in asked:
        yield "': needs items: package.module:function that makes the list of items"
    for role in (role for role in NAMES if role in asked):
        problem = name_problem(asked[role])
        if problem:
            yield f".{role}': {problem}"
    if "path" in asked and not (folder / asked["path"]).is_dir():
        yield f".path': there is no folder {folder / asked['path']}"
    if "async_libraries" in asked and "acall" not in asked:
        yield ".async_libraries': says whose loops acall runs on, and there is no acall; name one"
    if "same" in asked and asked.get("check") == "none":
        yield ".same': check: none compares nothing; leave out one of the two"


def name_problem(name: str) -> str:
    """What is wrong with a "package.module:function", and what to write instead; else empty."""
    file = _FILE.fullmatch(name)
    if name.startswith("__main__"):
        return (
            f"{name} is in a script or notebook, which worker processes can't import: move the "
            "function into a module of its own, such as jobs.py, and name it jobs:function, with "
            "the module's folder as path"
        )
    if file and file["kind"] == "ipynb":
        return (
            f"{name} is a notebook, which can't be imported: save the function in a module, such "
            "as jobs.py, and name it jobs:function, with the module's folder as path"
        )
    if file:
        path = Path(file["path"])
        return (
            f"{name} is a file: name it as Python imports it, {path.name}:"
            f"{file['name'] or 'function'}, with path: {path.parent}"
        )
    if not _NAME.fullmatch(name):
        return f"must be package.module:function, got {name!r}"
    return ""


def planned(
    definition: Mapping[str, Any] | None, checked: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What a planned block says of a function: its definition, and notes of the look at it."""
    if not definition:
        return {}
    notes = list((checked or {}).get("notes", ()))
    return {"own": dict(definition), **({"notes": notes} if notes else {})}


def launched(block: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The task and parameters of a launch of a planned block at these parameters."""
    if "own" not in block:
        return block.get("launched", block["task"]), dict(params)
    return LAUNCHED, {"own": block["own"], "params": dict(params)}


def identity(block: Mapping[str, Any]) -> dict[str, Any]:
    """What of a definition makes another measurement: not where its folder lies."""
    if "own" not in block:
        return {}
    return {"own": {key: value for key, value in block["own"].items() if key != "path"}}


def summary(own: Mapping[str, Any]) -> str:
    """What an item is, for the report."""
    words = f"your function {own['call']}, called for each item of {own['items']}"
    return words + (f"; as a coroutine {own['acall']}" if "acall" in own else "")


def refusal(
    checked: Mapping[str, Any] | None, executor: type[Executor], entry: Mapping[str, Any],
    interpreter: str,
) -> str:  # fmt: skip
    """Why a function of the user's can't run as an approach (`entry`) would; empty where it can."""
    if not checked:
        return ""
    if interpreter in checked["refused"]:
        return str(checked["refused"][interpreter])
    pickled = executor.pickles(executor.all_options(entry["options"]))
    return str(checked["unpicklable"]) if pickled else ""
