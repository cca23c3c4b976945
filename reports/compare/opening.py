"""From paths to runs: bundles and results folders are opened, and each is read once.

What can't be read is no reason to lose the others: it comes back as a refusal.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from experiments import schema
from reports.bundle.opening import found, opened
from reports.compare.reading import read
from reports.compare.seen import Run
from reports.load import Results, ResultsError, load

#: reading takes about a second a run: fewer are done before other processes have started
ALONE = 3
#: processes that read
MOST_PROCESSES = 8
#: of more runs no curves are drawn, whose laws take as long to read as all else
DRAWN = 24


@dataclass(frozen=True)
class Refused:
    """A path that gave no run, and why."""

    source: str
    reason: str


def runs(paths: Sequence[Path]) -> list[Run | Refused]:
    """What each path holds, in the given order; several processes read where there are many."""
    places = [one for path in paths for one in expanded(path)]
    read_one = partial(_opened, laws=len(places) <= DRAWN)
    if len(places) <= ALONE:
        return [read_one(one) for one in places]
    with ProcessPoolExecutor(processes(len(places))) as pool:
        return list(pool.map(read_one, places))


def processes(places: int) -> int:
    """How many read at the same time: each takes about 75 MiB, and no more CPUs than are given."""
    given = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(places, MOST_PROCESSES, given or 1)


def expanded(path: Path) -> list[Path | Refused]:
    """The bundles and results folders that a path stands for: its history is among them."""
    try:
        return list(found(path))
    except (ResultsError, OSError) as error:
        return [_refused(path, error)]


def _opened(path: Path | Refused, laws: bool) -> Run | Refused:
    if isinstance(path, Refused):
        return path
    try:
        return _read(path, laws)
    except (ResultsError, ValueError, OSError) as error:
        return _refused(path, error)


def _read(path: Path, laws: bool) -> Run:
    with tempfile.TemporaryDirectory(prefix="poolwise-") as into:
        bundle = opened(path, Path(into))
        return _run(load(bundle.folder), path, bundle.run_id, laws)


def _run(results: Results, path: Path, run_id: str, laws: bool) -> Run:
    version = results.plan.get("schema_version", schema.SCHEMA_VERSION)
    if version != schema.SCHEMA_VERSION:
        raise ResultsError(
            f"its tables have schema version {version}, this Poolwise reads {schema.SCHEMA_VERSION}"
        )
    return read(results, _name(path), run_id, laws)


def _refused(path: Path, error: Exception) -> Refused:
    """The error without the folder that the run was unpacked into, or lies in."""
    text = " ".join(str(error).split()).replace(f"{path}: ", "").replace(f"{path}/", "")
    return Refused(
        _name(path), re.sub(rf"{re.escape(tempfile.gettempdir())}/poolwise-\w+/", "", text)
    )


def _name(path: Path) -> str:
    """A path's last parts: a bundle is mostly called bundle.zip, its folder tells more."""
    return "/".join(path.absolute().parts[-2:]) if path.suffix == ".zip" else path.name
