"""Limits that control groups set on this process: those of its own group and of all above it.

Source: Linux Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

PROC = Path("/proc/self/cgroup")
ROOT = Path("/sys/fs/cgroup")

Limit = TypeVar("Limit")
#: what a group's folder says; None: it sets no limit
Reader = Callable[[Path], Limit | None]


def limits(
    controller: str, v2: Reader[Limit], v1: Reader[Limit], proc: Path = PROC, root: Path = ROOT
) -> list[Limit]:
    """All limits of a controller, read by `v2` or, in its own hierarchy, by `v1`."""
    try:
        lines = proc.read_text().splitlines()
    except OSError:
        return []
    found: list[Limit] = []
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers == "":
            found += _upwards(root, path, v2)
        elif controller in controllers.split(","):
            found += _upwards(root / controller, path, v1)
    return found


def _upwards(root: Path, path: str, reader: Reader[Limit]) -> list[Limit]:
    parts = [part for part in path.split("/") if part not in ("", "..")]
    folders = [root.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)]
    return [limit for folder in folders if (limit := reader(folder)) is not None]
