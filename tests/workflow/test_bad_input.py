"""A user's mistake: one clear line, no traceback, exit status not 0, nothing measured is lost."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.conftest import MakeFolder
from tests.workflow.driving import TRACE, Ended, Folder

pytestmark = pytest.mark.host


def refusal(ended: Ended) -> str:
    """The one line of a run that was refused."""
    assert ended.status != 0, ended.said
    assert TRACE not in ended.said + ended.printed
    assert len(ended.lines) == 1, ended.said
    return ended.lines[0]


def contents(folder: Path) -> dict[str, str]:
    """What lies below a folder, by digest."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and ".snakemake" not in path.parts
    }


@pytest.fixture
def measured(finished: Folder, tmp_path: Path) -> Iterator[Folder]:
    """A copy of finished results; after the test they must be as they were."""
    shutil.copytree(finished.path, tmp_path / "measured")
    folder = Folder(tmp_path / "measured")
    before = contents(folder.results)
    yield folder
    assert contents(folder.results) == before
    assert folder.none_left()


# --- the config -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"wrokers": [1]}, "config key 'wrokers': unknown; did you mean 'workers'?"),
        ({"tasks": ["math_pyton"]}, "config key 'tasks.0': unknown task 'math_pyton'; known: "),
        ({"executors": ["thraeds"]}, "config key 'executors.0': unknown executor 'thraeds'; kno"),
        ({"preset": "fast"}, "config key 'preset': must be one of quick, standard, thorough"),
        ({"workers": [0]}, "config key 'workers.0': must be at least 1, got 0"),
        ({"workers": [-2]}, "config key 'workers.0': must be at least 1, got -2"),
        ({"workers": "many"}, "config key 'workers': must be auto or a list of whole numbers"),
        ({"cores": [4096]}, "config key 'cores': 4096 asked for, but only"),
        ({"tasks": []}, "config key 'tasks': the grid is empty"),
        ({"executors": ["sequential"]}, "the grid is empty: nothing to compare with sequential"),
    ],
)
def test_a_config_that_cant_be_measured(
    measured: Folder, change: dict[str, Any], says: str
) -> None:
    measured.configure(**change)

    assert says in refusal(measured.run())


def test_a_mistake_on_the_command_line(measured: Folder) -> None:
    line = refusal(measured.run("--config", "workers=0"))

    assert "config key 'workers': must be auto or a list of whole numbers, each at least 1" in line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"tasks: [math_python\ncores: [1]\n", "config.yaml (line 2, column 6): not valid YAML"),
        (b"tasks: caf\xe9\n", "config.yaml: is not UTF-8 text (byte 10)"),
        (b"only words\n", "config.yaml: holds a single str, not keys with values"),
    ],
)
def test_a_config_that_is_none(measured: Folder, content: bytes, says: str) -> None:
    (measured.path / "config.yaml").write_bytes(content)

    assert says in refusal(measured.run())


def test_a_config_that_cant_be_read(measured: Folder) -> None:
    (measured.path / "config.yaml").unlink()
    (measured.path / "config.yaml").mkdir()

    assert "config.yaml: can't be read: Is a directory" in refusal(measured.run())


# --- what is there already ------------------------------------------------------------------


def test_results_of_another_plan_in_the_way(measured: Folder) -> None:
    measured.configure(seed=1)

    line = refusal(measured.run())
    assert "results/bench: holds results of another plan" in line
    assert "nothing was touched: move results/bench away" in line


def test_results_of_another_machine_in_the_way(finished: Folder, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "copied")
    shutil.copytree(finished.path, folder.path)
    facts = {**json.loads((folder.results / "machine.json").read_text()), "fingerprint": "beef"}
    (folder.results / "machine.json").write_text(json.dumps(facts))
    before = contents(folder.results)

    line = refusal(folder.run())
    assert "holds results of another machine (fingerprint beef" in line
    assert contents(folder.results) == before


def test_the_same_results_written_elsewhere_are_no_problem(measured: Folder) -> None:
    measured.configure(seed=1)
    ended = measured.run("-n", "--config", "machine=other")

    assert ended.status == 0, ended.said
    assert "preset standard on other" in ended.said


def test_a_second_run_on_the_same_host(make_folder: MakeFolder) -> None:
    folder = make_folder()
    path = Path(os.environ["POOLWISE_LOCK_FOLDER"]) / "poolwise-run.lock"
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        line = refusal(folder.run())

    assert "another Poolwise run is measuring on this host (process" in line
    assert folder.none_left()


def test_a_lock_folder_that_is_not_there(make_folder: MakeFolder) -> None:
    folder = make_folder()
    line = refusal(folder.run(POOLWISE_LOCK_FOLDER=str(folder.path / "none")))

    assert "none/poolwise-run.lock: can't make or open this lock file" in line
    assert "make that folder, writable for you, or unset the variable" in line


def test_a_full_disk(make_folder: MakeFolder) -> None:
    folder = make_folder()
    if shutil.disk_usage(folder.path).free > 1_000_000 * 2**20:
        pytest.skip("this disk has more free space than min_free_mib may ask for")
    folder.configure(min_free_mib=1_000_000)

    line = refusal(folder.run())
    assert "MiB free, config key 'min_free_mib' wants 1000000; free some space or set" in line
