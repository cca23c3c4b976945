"""The target that compares: it reads bundles and folders, and neither probes nor measures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reports.compare.conftest import measured
from tests.reports.compare.test_compare import ON_PROCESSES, ON_THREADS
from tests.workflow.driving import Ended, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder with the results of two machines, one with an awkward name, and no config."""
    measured(tmp_path / "a 'b' {c}", [ON_THREADS])
    measured(tmp_path / "b", [ON_PROCESSES])
    return Folder(tmp_path)


def compare(folder: Folder, *names: str) -> Ended:
    return folder.run("compare", "--config", f"bundles={json.dumps(names)}", "results=out")


def test_folders_are_compared_and_nothing_is_measured(folder: Folder) -> None:
    ended = compare(folder, "a 'b' {c}", "b")

    assert ended.status == 0, ended.said
    made = sorted(path.name for path in (folder.path / "out").iterdir())
    assert made == ["comparison"]
    text = (folder.path / "out/comparison/comparison.html").read_text()
    assert "2 machines compared" in text


def test_a_bundle_that_is_not_there_is_one_line(folder: Folder) -> None:
    ended = compare(folder, "b", "no.zip")
    assert ended.status != 0
    assert "Poolwise: config key 'bundles': no.zip: no such file or folder" in ended.said


def test_the_target_alone_says_what_to_name(folder: Folder) -> None:
    ended = folder.run("compare")
    assert ended.status != 0
    assert "nothing to compare: name bundles" in ended.said
