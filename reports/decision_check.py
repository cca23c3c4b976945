"""How a decision is checked: the digest of its data, and the command that measures again."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from reports.load import Results

#: the tables that verdicts are made from, in the order they are digested in
DATA = ("launches.csv", "samples.csv", "latencies.csv", "ceiling.csv")
#: longest name of a machine (config key machine)
_NAME_LENGTH = 64
_SUFFIX = "-check"
#: settings that the verdicts don't depend on, or that are none of config.yaml
_LEFT_OUT = {"most_processes_per_core", "min_free_mib", "breakeven_seconds"}
#: a folder that the shell, YAML and Snakemake all take for just itself
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._/][A-Za-z0-9._/ -]*[A-Za-z0-9._/]")
_UNUSUAL = re.compile(r"[^\x20-\x7e]")


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
    """The command that measures the blocks of some tasks again, and writes a record of its own.

    All settings of the plan are named, so the folder's config.yaml changes nothing. Break-even
    searches and overheads, which no verdict rests on, are left out.
    """
    settings = check_settings(results, tasks)
    folder = PurePosixPath(str(settings["results"])) / settings["machine"]
    words = [f"{key}={_value(value)}" for key, value in settings.items()]
    return " \\\n    ".join(
        [
            f"snakemake --cores {_cores(results.machine)} --config",
            *map(shlex.quote, words),
            f"-- {shlex.quote(str(folder / 'decision.md'))}",
        ]
    )


def check_name(results: Results) -> str:
    """The name that the machine's results get when it is checked."""
    return results.name[: _NAME_LENGTH - len(_SUFFIX)] + _SUFFIX


def check_settings(results: Results, tasks: Sequence[str]) -> dict[str, Any]:
    """The plan's settings, narrowed down to some tasks."""
    plan = dict(results.plan.get("settings") or {})
    entries = plan.get("tasks") or tasks
    found = {
        "preset": results.plan.get("preset", "standard"),
        "machine": check_name(results),
        "results": plan.get("results", "results"),
        **{key: value for key, value in sorted(plan.items()) if key not in _LEFT_OUT},
        "seed": results.plan.get("seed", 0),
        "tasks": _as_given([entry for entry in entries if _task(entry) in tasks]),
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


def _as_given(entries: list[Any]) -> Any:
    """The plan's entries as config key `tasks` takes them: as a mapping if they came from one."""
    if not any(isinstance(entry, Mapping) and "key" in entry for entry in entries):
        return entries
    return {one["task"]: {**one.get("own", {}), "params": one["params"]} for one in entries}


def _task(entry: Any) -> str:
    return str(entry["task"]) if isinstance(entry, Mapping) else str(entry)


def _cores(host: Mapping[str, Any]) -> str:
    """All, unless the run was limited to fewer than there were."""
    usable, there = host.get("usable_cores"), host.get("core_order") or []
    return str(usable) if usable and usable < len(there) else "all"


def _value(value: Any) -> str:
    """A value as Snakemake's --config reads it back (see experiments.settings.typed)."""
    if isinstance(value, str):
        # a block of YAML's own is left alone by Snakemake, which strips quotes and guesses numbers
        return value if _PLAIN_PATH.fullmatch(value) and not _numeric(value) else f"|-\n  {value}\n"
    text = json.dumps(_guarded(value), ensure_ascii=False)
    return _UNUSUAL.sub(lambda found: f"\\U{ord(found[0]):08x}", text)


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text in ("True", "False")
    return True


def _guarded(value: Any) -> Any:
    """The same with texts that look like numbers, flags or nulls in quotes of their own."""
    if isinstance(value, Mapping):
        return {str(key): _guarded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_guarded(inner) for inner in value]
    return json.dumps(value) if isinstance(value, str) and _is_scalar(value) else value


def _is_scalar(text: str) -> bool:
    try:
        return not isinstance(json.loads(text), dict | list)
    except ValueError:
        return False
