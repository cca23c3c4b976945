"""How a decision is checked: the digest of its data, and the command that measures again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.foreign import foreign
from reports.load import Results

#: the tables that verdicts are made from, in the order they are digested in
DATA = ("launches.csv", "samples.csv", "latencies.csv", "ceiling.csv")
#: longest name of a machine (config key machine)
_NAME_LENGTH = 64
_SUFFIX = "-check"
#: settings that the verdicts don't depend on, or that are none of config.yaml
_LEFT_OUT = {"most_processes_per_core", "min_free_mib", "breakeven_seconds", "chains", "cluster"}
#: the bundle that a record is checked against: it lies beside it
BUNDLE = "bundle.zip"
#: a task's name that shell and make take for just itself
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")


def data_hash(folder: Path) -> str:
    """SHA-256 of the tables in the order of DATA, as bytes without carriage returns.

    Those are left out because Git may add them on its way to another machine. `hash_line` gives the
    same in a shell.
    """
    found = hashlib.sha256()
    for name in DATA:
        found.update((folder / name).read_bytes().replace(b"\r", b""))
    return found.hexdigest()


def hash_line() -> str:
    """The shell line that gives `data_hash` in the results folder."""
    return f"cat {' '.join(DATA)} | tr -d '\\r' | sha256sum"


def command(results: Results, tasks: Sequence[str]) -> str:
    """The command that measures the blocks of some tasks again, and says whether the record holds.

    A name that a shell or a reader might take for something else is left out, and so are all.
    """
    every = {block.task for block in results.blocks} <= set(tasks)
    plain = all(_PLAIN_NAME.fullmatch(task) for task in tasks)
    trust = " TRUST=1" if foreign(check_settings(results, tasks)) else ""
    named = "" if every or not plain else " ".join(f"--task {task}" for task in tasks)
    return f"make check BASELINE={BUNDLE}{trust}" + (f" ARGS='{named}'" if named else "")


def check_name(results: Results) -> str:
    """The name that the machine's results get when it is checked."""
    return results.name[: _NAME_LENGTH - len(_SUFFIX)] + _SUFFIX


def check_settings(results: Results, tasks: Sequence[str]) -> dict[str, Any]:
    """The plan's settings as a config, narrowed down to some tasks.

    Break-even searches and overheads, which no verdict rests on, are left out.
    """
    plan = dict(results.plan.get("settings") or {})
    entries = plan.get("tasks") or tasks
    found = {
        "preset": results.plan.get("preset", "standard"),
        "machine": check_name(results),
        "results": plan.get("results", "results"),
        **{key: value for key, value in sorted(plan.items()) if key not in _LEFT_OUT},
        "seed": results.plan.get("seed", 0),
        "tasks": as_given([entry for entry in entries if _task(entry) in tasks]),
        "breakeven": [],
        "overheads": False,
        "decision": list(tasks),
    }
    found["machine"] = check_name(results)
    if plan.get("most_processes_per_core"):
        found["most_processes"] = "auto"
    for axis in ("core_axis", "variant_tasks"):
        if isinstance(plan.get(axis), list):
            found[axis] = [task for task in plan[axis] if task in tasks]
    return found


def as_given(entries: list[Any]) -> Any:
    """The plan's entries as config key `tasks` takes them: as a mapping if they came from one."""
    if not any(isinstance(entry, Mapping) and "key" in entry for entry in entries):
        return entries
    return {one["task"]: {**one.get("own", {}), "params": one["params"]} for one in entries}


def _task(entry: Any) -> str:
    return str(entry["task"]) if isinstance(entry, Mapping) else str(entry)


def cores(host: Mapping[str, Any]) -> str:
    """All, unless the run was limited to fewer than there were."""
    usable, there = host.get("usable_cores"), host.get("core_order") or []
    return str(usable) if usable and usable < len(there) else "all"
