"""What is behind jobs that failed on a cluster, told where `snakemake` was typed.

What a job says on its standard error stays in a file of the cluster's. So each rule's own log is
looked at: a user's mistake is a line there that begins with `Poolwise: `.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

SAID = "Poolwise: "
#: so many are told, of as many blocks as may have failed
MOST_LINES = 8
#: the file system's clock may be so far behind this host's
CLOCKS_SECONDS = 120.0
_FIRST_RULES = ("probe", "plan", "ceiling")


def troubles(run: Any, root: str) -> Iterator[str]:
    """Lines for what the logs tell; none on this host alone.

    `run` is what preflight found (`nodes`, `results`), `root` the folder of Poolwise's code.
    """
    if run.nodes is None:
        return
    results = Path(run.results)
    first = [results / "logs" / f"{name}.log" for name in _FIRST_RULES]
    said = [line for log in [*first, *_of_unfinished(results)] for line in _said(log)]
    yield from list(dict.fromkeys(said))[:MOST_LINES]
    if not (results / "machine.json").exists() and not any(map(_text, first)):
        yield (
            f"the first job left no trace: the nodes may not see {Path.cwd()} or {root} (both must "
            "lie on a file system that all nodes share, at the same path), have no memory for it "
            "(mem_mb), or can't start Python from there. To see: srun --ntasks=1 ls "
            f"{Path.cwd()} {root}"
        )


def _of_unfinished(results: Path) -> Iterator[Path]:
    """This run's logs of blocks that have no result; one that failed early left no folder."""
    began = psutil.Process().create_time() - CLOCKS_SECONDS
    for block in _planned(results):
        log = results / "logs" / f"{block}.log"
        if not (results / "blocks" / block / "launches.csv").exists() and _written(log) >= began:
            yield log


def _planned(results: Path) -> Iterator[str]:
    """Names of the blocks of the plan and of the searches' steps."""
    for path in (results / "plan.json", *sorted((results / "breakeven").glob("*.json"))):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            yield from [block["block"] for block in json.loads(path.read_text())["blocks"]]


def _written(log: Path) -> float:
    """When it was written last; long ago where it isn't there."""
    try:
        return log.stat().st_mtime
    except OSError:
        return 0.0


def _said(log: Path) -> list[str]:
    """What a log says last, if it is a line for the user; of a block an earlier end is history."""
    lines = _text(log).splitlines()
    found = [line.removeprefix(SAID) for line in lines if line.startswith(SAID)]
    ended = bool(lines) and lines[-1].startswith(SAID)
    return found if log.stem in _FIRST_RULES else found[-1:] if ended else []


def _text(log: Path) -> str:
    """Empty where nothing was written; Snakemake itself makes the logs of a job that failed."""
    try:
        return log.read_text(errors="replace")
    except OSError:
        return ""
