"""What a run says: the plan before it starts, a line a block, nothing when it is to be quiet."""

from __future__ import annotations

import re

import pytest

from tests.workflow.conftest import MakeFolder
from tests.workflow.driving import Folder

pytestmark = pytest.mark.host


def test_a_dry_run_tells_blocks_launches_and_time_and_measures_nothing(
    make_folder: MakeFolder,
) -> None:
    folder = make_folder(tasks=["math_python", "ipc"], workers=[1, 2], looks=[3, 5])
    ended = folder.run("-n")

    assert ended.status == 0, ended.said
    assert "2 blocks, 6 approaches, at least 18 launches in 3 to 5 rounds" in ended.said
    assert re.search(r"measuring takes about \d+ s, at most about \d+ s", ended.said)
    assert "math_python: on 1 core, 1 to 2 workers, sequential, threads" in ended.said
    assert "ipc: on 1 core, 1 to 2 workers" in ended.said
    assert not folder.results.exists()


def test_a_run_says_a_line_a_block_and_what_is_done_already(make_folder: MakeFolder) -> None:
    folder = make_folder(tasks=["math_python", "data_processing"])
    first = folder.decide()
    progress = [line for line in first.said.splitlines() if line.startswith("[")]

    assert first.status == 0, first.said
    assert re.match(
        r"\[1/2\] math_python on 1 core: .+; \d+ s; about \d+ (?:s|min) left$", progress[0]
    )
    assert re.match(r"\[2/2\] data_processing on 1 core: .+; \d+ s$", progress[1])
    assert len(progress) == 2

    again = folder.decide()
    assert again.status == 0, again.said
    assert "2 of 2 blocks are measured already" in again.said


def test_quiet_is_quiet(make_folder: MakeFolder) -> None:
    ended = make_folder().decide("-q", "all")

    assert ended.status == 0, ended.said
    assert ended.lines == []
    assert "[1/1]" not in ended.said


def test_a_plain_q_leaves_out_the_progress(finished: Folder) -> None:
    ended = finished.run("-q", "-n")

    assert ended.status == 0, ended.said
    assert ended.lines == []


def test_a_mistake_is_told_however_quiet(make_folder: MakeFolder) -> None:
    ended = make_folder(seed=-1).run("-q", "all")

    assert ended.status != 0
    assert ended.lines == ["Poolwise: config key 'seed': must be at least 0, got -1"]


def test_a_log_a_block_tells_every_launch(finished: Folder) -> None:
    log = (finished.results / "logs" / "math_python-1c.log").read_text()

    assert len(re.findall(r"^round [01] (?:sequential|threads x2): ok", log, re.MULTILINE)) == 4
