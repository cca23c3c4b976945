from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.conductor.reaper import Reaper
from tests.experiments.conductor.blocks import MakeBench
from tests.experiments.conductor.fake_world import Bench

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


@pytest.fixture
def make_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeBench:
    def make(folder: str = "results", **config: Any) -> Bench:
        return Bench.make(tmp_path / folder, monkeypatch, **config)

    return make
