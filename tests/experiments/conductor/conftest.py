from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from experiments.conductor.reaper import Reaper

FAKE = Path(__file__).with_name("fake_launch.py")


@pytest.fixture(scope="session")
def fake_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An executable that behaves as the spec's task says, whatever module it is asked to run."""
    return script(tmp_path_factory.mktemp("bin"), f"{shlex.quote(str(FAKE))}")


@pytest.fixture(scope="session")
def deaf_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One that never reads its standard input."""
    return script(tmp_path_factory.mktemp("bin"), "-c 'import time; time.sleep(60)'")


def script(folder: Path, arguments: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -S -E {arguments}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def reaper() -> Iterator[Reaper]:
    made = Reaper()
    yield made
    made.close()


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
