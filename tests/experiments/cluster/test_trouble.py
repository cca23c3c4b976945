from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from experiments.cluster.trouble import troubles


@pytest.fixture
def run(tmp_path: Path) -> Any:
    (tmp_path / "logs").mkdir()
    return SimpleNamespace(nodes="some", results=str(tmp_path))


def test_a_first_job_without_a_word_did_not_see_the_folder(run: Any, tmp_path: Path) -> None:
    (tmp_path / "logs" / "probe.log").touch()  # Snakemake's own doing
    (line,) = troubles(run, "/somewhere/poolwise")

    assert "the first job left no trace: the nodes may not see" in line
    assert "/somewhere/poolwise" in line


def test_a_job_that_said_something_says_it_itself(run: Any, tmp_path: Path) -> None:
    (tmp_path / "logs" / "probe.log").write_text("Poolwise: config key 'pythons' ...")

    assert list(troubles(run, "/p")) == []


def test_later_failures_have_their_own_logs(run: Any, tmp_path: Path) -> None:
    (tmp_path / "machine.json").touch()

    assert list(troubles(run, "/p")) == []


def test_on_this_host_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert list(troubles(SimpleNamespace(nodes=None, results=str(tmp_path)), "/p")) == []
