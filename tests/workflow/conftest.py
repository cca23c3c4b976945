from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.driving import Folder

MakeFolder = Callable[..., Folder]


@pytest.fixture
def make_folder(tmp_path: Path) -> Iterator[MakeFolder]:
    made: list[Folder] = []

    def make(name: str = "work", **config: Any) -> Folder:
        made.append(Folder.make(tmp_path / name, **config))
        return made[-1]

    yield make
    for folder in made:
        folder.end()


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A small run that was measured to its end; tests leave its results as they are."""
    folder = Folder.make(tmp_path_factory.mktemp("finished"))
    ended = folder.decide()
    assert ended.status == 0, ended.said
    return folder
