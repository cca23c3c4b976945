from __future__ import annotations

from pathlib import Path

import pytest

from experiments import preflight


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def locks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the locks that were taken."""
    taken: list[str] = []
    monkeypatch.setattr(preflight.lock, "acquire", taken.append)
    return taken
