from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.launch.base import Context
from experiments.services.service import Service, start


@pytest.fixture(scope="session")
def server() -> Iterator[Service]:
    with start("http") as service:
        yield service


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(scratch=str(tmp_path), seed=7)


@pytest.fixture(scope="session")
def served(server: Service, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A context that has everything any task needs."""
    scratch = str(tmp_path_factory.mktemp("scratch with space"))
    return Context(scratch, {"http": server.address()}, seed=7)
