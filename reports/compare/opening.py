"""From paths to runs: bundles and results folders are opened, and each is read once.

All that knows of `reports.bundle` is here. What can't be read is no reason to lose the others: it
comes back as a refusal.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from experiments import schema
from reports.compare.reading import read
from reports.compare.seen import Run
from reports.decision_check import data_hash
from reports.load import Results, ResultsError, load

#: reading takes about a second a run: fewer are done before other processes have started
ALONE = 3
_BUNDLES = "reports.bundle.opening"


@dataclass(frozen=True)
class Refused:
    """A path that gave no run, and why."""

    source: str
    reason: str


def runs(paths: Sequence[Path]) -> list[Run | Refused]:
    """What each path holds, in the given order; several processes read where there are many."""
    found = [one for path in paths for one in expanded(path)]
    if len(found) <= ALONE:
        return [_opened(path) for path in found]
    with ProcessPoolExecutor(min(len(found), os.cpu_count() or 1)) as pool:
        return list(pool.map(_opened, found))


def expanded(path: Path) -> list[Path]:
    """The bundles and results folders that a path stands for."""
    bundles = _bundles()
    if bundles is not None:
        return list(bundles.found(path)) or [path]
    return [path]


def _opened(path: Path) -> Run | Refused:
    try:
        if path.is_dir():
            return _run(load(path), path, None)
        bundles = _bundles()
        if bundles is None:
            raise ResultsError(f"{path}: no results folder")
        with tempfile.TemporaryDirectory(prefix="poolwise-") as into:
            bundle = bundles.opened(path, Path(into))
            return _run(load(bundle.folder), path, str(bundle.run_id))
    except (ResultsError, ValueError, OSError) as error:
        return Refused(path.name, " ".join(str(error).split()))


def _run(results: Results, path: Path, run_id: str | None) -> Run:
    version = results.plan.get("schema_version", schema.SCHEMA_VERSION)
    if version != schema.SCHEMA_VERSION:
        raise ResultsError(
            f"its tables have schema version {version}, this Poolwise reads {schema.SCHEMA_VERSION}"
        )
    return read(results, path.name, run_id or data_hash(results.folder)[:8])


def _bundles() -> Any:
    """The module that opens bundles; None where this Poolwise has none."""
    parent = find_spec(_BUNDLES.rpartition(".")[0])
    return import_module(_BUNDLES) if parent and find_spec(_BUNDLES) else None
