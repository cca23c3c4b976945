"""Earlier runs of a machine are kept: `results/<machine>/history/<start of the run>/`.

A run that is not complete is set aside only where it is in the way: config key `again` may be given
once more to go on with one that was interrupted, unless it was one of another plan.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable
from pathlib import Path

from experiments.cluster import owner

FOLDER = "history"
#: what is known of the user's functions, by what they are
CHECKS = "checks"
#: the last file that a run writes; it is set aside last, too
LAST = ("bundle.zip", "check.json")
_START = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)")


def set_aside(results: Path, take: Callable[[], object]) -> Path | None:
    """Move a complete run into the history; its new folder, or None where there is none to move.

    `take` is called before anything is moved: no other run may be using the folder. Cut off in the
    middle, the next call goes on.
    """
    history = results / FOLDER
    last = _last(results)
    moving = next(history.glob("*.part"), None) or history / f"{_started(results)}.part"
    if last is None and _last(moving) is None:
        return None
    take()
    moving.mkdir(parents=True, exist_ok=True)
    if last is not None:
        for child in sorted(results.iterdir(), key=lambda path: path == last):
            if child.name not in (FOLDER, owner.NAME):
                child.rename(moving / child.name)
    return moving.rename(_free(history, moving.stem))


def set_aside_unfinished(results: Path, take: Callable[[], object]) -> Path:
    """Move what was measured of a run that is not complete; its new folder in the history.

    What was asked of the user's functions stays. Cut off in the middle, the rest stays as well: the
    blocks go first, so that what is left is no run any more.
    """
    take()
    history = results / FOLDER
    target = _free(history, f"{_started(results)}-unfinished")
    target.mkdir(parents=True)
    for child in sorted(results.iterdir(), key=lambda path: path.name != "blocks"):
        if child.name not in (FOLDER, owner.NAME, CHECKS):
            child.rename(target / child.name)
    return target


def _last(folder: Path) -> Path | None:
    return next((folder / name for name in LAST if (folder / name).exists()), None)


def _started(results: Path) -> str:
    """When the run began, as 20261125T224013Z."""
    try:
        with (results / "launches.csv").open(encoding="utf-8", newline="") as file:
            times = [found for row in csv.DictReader(file) if (found := row.get("started_at"))]
    except (OSError, UnicodeDecodeError, csv.Error):
        times = []
    found = _START.match(min(times, default=""))
    return "{}{}{}T{}{}{}Z".format(*found.groups()) if found else "unknown"


def _free(history: Path, name: str) -> Path:
    number, path = 1, history / name
    while os.path.lexists(path):
        number, path = number + 1, history / f"{name}-{number + 1}"
    return path
