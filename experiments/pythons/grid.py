"""What each interpreter is measured with: approaches, and why it is measured without some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from experiments import installed
from experiments.launch.base import Task
from experiments.settings import named_executor

#: the executor whose pool only some interpreters have
INTERPRETER_POOLS = "interpreters"


def modules(task_names: Iterable[str], executor_names: Iterable[str]) -> list[str]:
    """All that some tasks and executors say they require; what can't be loaded says nothing."""
    found: set[str] = set()
    for load, names in (
        (installed.load_task, task_names),
        (installed.load_executor, executor_names),
    ):
        for name in names:
            try:
                found |= set(_required(load(name)))
            except (Exception, SystemExit):  # a user's module may raise anything
                continue
    return sorted(found)


def _required(owner: Any) -> tuple[str, ...]:
    return (*getattr(owner, "requires", ()), *getattr(owner, "requires_async", ()))


def settings_modules(settings: Mapping[str, Any]) -> list[str]:
    """The same of resolved settings, with what the project adds to every grid."""
    names = [entry if isinstance(entry, str) else entry["task"] for entry in settings["tasks"]]
    searched = [search["task"] for search in settings["breakeven"]]
    pools = [named_executor(entry)[0] for entry in settings["executors"]]
    return modules([*names, *searched], pools)


def first_only(host: Mapping[str, Any]) -> dict[str, Any]:
    """The host with its first interpreter alone: for blocks that don't compare any."""
    return {**host, "interpreters": host["interpreters"][:1]}


def are_several(host: Mapping[str, Any]) -> bool:
    """Whether interpreters compete."""
    return len(host["interpreters"]) > 1


def narrowed(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings of an interpreter that isn't the first: main options on one node only, unless all
    are asked for.

    `narrow_pythons` says so of blocks whose variants nobody asked for.
    """
    wide = settings["variants"] == "all" and not settings.get("narrow_pythons")
    return settings if wide else {**settings, "variants": "none", "nodes": [1]}


def fewer_workers(settings: Mapping[str, Any], workers: Sequence[int], cores: int) -> list[int]:
    """Worker counts of an interpreter that isn't the first: as many as cores, the most, and every
    second one below; those that were asked for all."""  # fmt: skip
    if settings["workers"] != "auto":
        return list(workers)
    return sorted({*workers[::-2], *(count for count in workers if count == cores)})


def named(entry: Mapping[str, Any], python: Mapping[str, Any], several: bool) -> dict[str, Any]:
    """An approach on an interpreter; its label names it only where there are several."""
    label = entry["approach"] + (f" [{python['tag']}]" if several else "")
    return {**entry, "approach": label, "interpreter": python["interpreter"]}


def runnable(
    entries: Sequence[dict[str, Any]], pythons: Sequence[Mapping[str, Any]], task: type[Task]
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """The approaches that can run, and the others with why not (as `not_run` of a block has them).

    A launch can say that as well; beforehand it costs none. What no interpreter can run stays in
    for the first one, so that there is a row that says why.
    """
    if len(pythons) < 2:
        return list(entries), []
    by_label = {python["interpreter"]: python for python in pythons}
    why = [why_not(by_label[entry["interpreter"]], task, entry) for entry in entries]
    kept = [entry for entry, reason in zip(entries, why, strict=True) if not reason]
    if not kept:
        kept = [one for one in entries if one["interpreter"] == pythons[0]["interpreter"]]
        return kept, []
    left = [
        unsupported(entry, reason) for entry, reason in zip(entries, why, strict=True) if reason
    ]
    return kept, left


def unsupported(entry: Mapping[str, Any], reason: str) -> dict[str, str]:
    """An approach that can't run, among those of `not_run` that are left out for other reasons."""
    return {"approach": entry["approach"], "reason": reason, "status": "unsupported"}


def why_not(python: Mapping[str, Any], task: type[Task], entry: Mapping[str, Any]) -> str:
    """Why this interpreter can't run an approach; empty where nothing is in its way."""
    return next(_obstacles(python, task, entry), "")


def _obstacles(
    python: Mapping[str, Any], task: type[Task], entry: Mapping[str, Any]
) -> Iterator[str]:
    label, executor = python["interpreter"], entry["executor"]
    loaded = installed.load_executor(executor)
    for owner, names in ((task.name, loaded.modules_of(task)), (executor, loaded.requires)):
        for name in names:
            if name in python["lacks"]:
                yield f"{owner} needs the module {name}, which {label} lacks"
    method = entry["options"].get("start_method")
    if method and method not in python["start_methods"]:
        yield f"{label} can't start processes by {method}"
    if executor == INTERPRETER_POOLS and not python["interpreter_pools"]:
        yield f"{executor} needs InterpreterPoolExecutor (Python 3.14), which {label} lacks"
