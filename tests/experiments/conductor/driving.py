"""Looks after the processes that the fake launches start."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psutil


def spec(task: str, scratch: Path, **more: Any) -> dict[str, Any]:
    """As much of a launch's spec as the conductor itself looks at."""
    return {"task": task, "params": {}, "cpus": None, "scratch": str(scratch), **more}


def pids(scratch: Path) -> list[int]:
    return [int(line) for line in (scratch / "pids").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def gone(found: list[int], seconds: float = 10.0) -> bool:
    """Whether all of these processes end; a signal needs a moment to arrive."""
    until = time.monotonic() + seconds
    while any(alive(pid) for pid in found) and time.monotonic() < until:
        time.sleep(0.01)
    return not any(alive(pid) for pid in found)
