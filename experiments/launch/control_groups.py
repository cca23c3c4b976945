"""What control groups tell of this process: its own group and all above it.

Source: Linux Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, List, Optional, TypeVar

PROC = Path("/proc/self/cgroup")
ROOT = Path("/sys/fs/cgroup")

Told = TypeVar("Told")
#: what a group's folder says; None: nothing
Reader = Callable[[Path], Optional[Told]]


def upwards(
    controller: str, v2: Reader[Told], v1: Reader[Told], proc: Path = PROC, root: Path = ROOT
) -> List[Told]:
    """What all groups say of a controller, read by `v2` or, in its own hierarchy, by `v1`."""
    try:
        lines = proc.read_text().splitlines()
    except OSError:
        return []
    found: List[Told] = []
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers == "":
            found += _upwards(root, path, v2)
        elif controller in controllers.split(","):
            found += _upwards(root / controller, path, v1)
    return found


def _upwards(root: Path, path: str, reader: Reader[Told]) -> List[Told]:
    parts = [part for part in path.split("/") if part not in ("", "..")]
    folders = [root.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)]
    return [told for folder in folders if (told := reader(folder)) is not None]
