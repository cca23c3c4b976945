"""Measures again what choices rest on: by the workflow, as any run, in results of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reports import decision_check
from reports.check.claims import Choice
from reports.load import Results, ResultsError

ROOT = Path(__file__).resolve().parents[2]
#: rounds after which a check looks. Not after two: a choice that is put out then is hardly known
LOOKS = (5, 8, 12, 20)
#: a check has this many times the seconds of a block, as its first look is later
PATIENCE = 2


def settings(
    results: Results,
    choices: Sequence[Choice],
    folder: str,
    source: str | None = None,
    margin: float | None = None,
) -> dict[str, Any]:
    """The config that measures the blocks of some choices, and as little else as can be.

    `folder` is that of all machines' results; `source` takes the place of the folders in which the
    functions of the user's own were found, `margin` that of the results' own.
    """
    tasks = list(dict.fromkeys(one.block.task for one in choices))
    found = decision_check.check_settings(results, tasks)
    if "block_seconds" in found:
        found["block_seconds"] *= PATIENCE
    values = _values(choices)
    if margin is not None:
        found["margin"] = margin
    counts = _cores(results, choices)
    if counts:
        found["cores"] = counts
    return {
        **found,
        "results": folder,
        "tasks": _moved(_narrowed(found["tasks"], values), source),
        "looks": list(LOOKS),
        "control": False,
        "again": True,
    }


def _cores(results: Results, choices: Sequence[Choice]) -> list[int]:
    """The core counts that the choices are about; none: as before.

    The largest stays, as a task's variants are measured there alone. Where this host has fewer, a
    list of counts would be refused, and what can't be measured is told of each choice.
    """
    before = {block.cores for block in results.blocks}
    wanted = {one.block.cores for one in choices} | {max(before)}
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return sorted(wanted) if wanted < before and max(wanted) <= there else []


def _values(choices: Sequence[Choice]) -> dict[str, dict[str, list[Any]]]:
    """The values of each task's parameters in the blocks of the choices."""
    found: dict[str, dict[str, list[Any]]] = {}
    for one in choices:
        for name, value in json.loads(one.block.params).items():
            found.setdefault(one.block.task, {}).setdefault(name, []).append(value)
    return found


def _narrowed(entries: Any, values: dict[str, dict[str, list[Any]]]) -> Any:
    """The tasks without values of their parameters that no choice is about."""
    if isinstance(entries, dict):
        return {name: _kept(entry, values.get(name, {})) for name, entry in entries.items()}
    return [_kept(entry, values.get(entry["task"], {})) for entry in map(_full, entries)]


def _full(entry: Any) -> dict[str, Any]:
    return {"task": entry, "params": {}} if isinstance(entry, str) else dict(entry)


def _kept(entry: dict[str, Any], values: dict[str, list[Any]]) -> dict[str, Any]:
    params = {
        name: [one for one in given if one in values.get(name, given)] or given
        if isinstance(given, list)
        else given
        for name, given in entry.get("params", {}).items()
    }
    return {**entry, "params": params}


def _moved(entries: Any, source: str | None) -> Any:
    if source is None or not isinstance(entries, dict):
        return entries
    moved = str(Path(source).absolute())
    return {
        name: {**entry, "path": moved} if "path" in entry else entry
        for name, entry in entries.items()
    }


def run(config: dict[str, Any], cores: str) -> Path:
    """Measure; the folder of the results. Raises ResultsError where the workflow fails.

    What it says goes to standard error; interrupted, the same call goes on.
    """
    folder = Path(str(config["results"]), str(config["machine"]))
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "config.yaml"
        file.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        command = [
            sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "workflow" / "Snakefile"),
            "--cores", cores, "--configfile", str(file),
            "--", (folder / "verdicts.csv").as_posix(), (folder / "report.html").as_posix(),
        ]  # fmt: skip
        status = subprocess.run(command, stdout=sys.stderr, check=False).returncode
    if status:
        raise ResultsError(f"{folder}: nothing was checked, as measuring failed (see above)")
    return folder
