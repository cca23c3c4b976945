from __future__ import annotations

import json
import os
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
    """The probe went well, but with the job of both Snakemake removes what it wrote."""
    (tmp_path / "logs" / "probe.log").touch()
    (tmp_path / "logs" / "plan.log").write_text(
        "Poolwise: config key 'tasks.a': no such function\n"
    )

    assert list(troubles(run, "/p")) == ["config key 'tasks.a': no such function"]


def block(tmp_path: Path, name: str, *log: str, done: bool = False) -> None:
    (tmp_path / "machine.json").touch()
    planned = [one.stem for one in (tmp_path / "logs").glob("*.log")] + [name]
    (tmp_path / "plan.json").write_text(json.dumps({"blocks": [{"block": n} for n in planned]}))
    (tmp_path / "logs" / f"{name}.log").write_text("".join(f"{line}\n" for line in log))
    if done:
        (tmp_path / "blocks" / name).mkdir(parents=True)
        (tmp_path / "blocks" / name / "launches.csv").touch()


def test_blocks_that_failed_say_why_in_their_logs(run: Any, tmp_path: Path) -> None:
    block(tmp_path, "a", "round 0 x: ok", "Poolwise: n2: block a needs 4 cores")
    block(tmp_path, "b", "Poolwise: interrupted; ...", "round 0 x: ok", done=True)
    block(tmp_path, "c", "Poolwise: interrupted; ...", "round 3 x: ok")  # killed without a word

    assert list(troubles(run, "/p")) == ["n2: block a needs 4 cores"]


def test_blocks_of_a_search_are_looked_at_too(run: Any, tmp_path: Path) -> None:
    block(tmp_path, "a", "Poolwise: this host is busy")
    (tmp_path / "breakeven").mkdir()
    (tmp_path / "plan.json").rename(tmp_path / "breakeven" / "0.json")

    assert list(troubles(run, "/p")) == ["this host is busy"]
    (tmp_path / "breakeven" / "0.json").write_text("{cut o")
    assert list(troubles(run, "/p")) == []


def test_what_an_earlier_run_said_is_history(run: Any, tmp_path: Path) -> None:
    block(tmp_path, "a", "Poolwise: this host is busy")
    os.utime(tmp_path / "logs" / "a.log", (1, 1))

    assert list(troubles(run, "/p")) == []


def test_what_many_say_is_said_once_and_not_for_ever(run: Any, tmp_path: Path) -> None:
    for number in range(30):
        block(tmp_path, f"a{number}", "Poolwise: the disk is full")
        (tmp_path / "machine.json").unlink()
    (tmp_path / "machine.json").touch()
    assert list(troubles(run, "/p")) == ["the disk is full"]
    for number in range(30):
        (tmp_path / "logs" / f"a{number}.log").write_text(f"Poolwise: reason {number}\n")

    assert len(list(troubles(run, "/p"))) == 8


def test_later_failures_have_their_own_logs(run: Any, tmp_path: Path) -> None:
    (tmp_path / "machine.json").touch()

    assert list(troubles(run, "/p")) == []


def test_on_this_host_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert list(troubles(SimpleNamespace(nodes=None, results=str(tmp_path)), "/p")) == []
