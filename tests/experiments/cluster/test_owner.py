from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments.cluster import granted, owner, slurm
from experiments.cluster.owner import NAME, OwnerError, owned

ELSEWHERE = {"node": "node7", "boot": "another-boot", "pid": 12, "since": 1.0}


def leave(folder: Path, age: float = 0.0, **holder: object) -> Path:
    path = folder / NAME
    path.write_text(json.dumps({**ELSEWHERE, **holder}))
    now = path.stat().st_mtime
    os.utime(path, (now - age, now - age))
    return path


def test_the_folder_is_held_and_given_back(tmp_path: Path) -> None:
    with owned(tmp_path) as held:
        assert json.loads((tmp_path / NAME).read_text())["pid"] == os.getpid()
        os.utime(tmp_path / NAME, (1, 1))
        held.beat()
        assert (tmp_path / NAME).stat().st_mtime > 1
    assert list(tmp_path.iterdir()) == []


def test_a_second_owner_is_refused_with_the_name_of_the_first(tmp_path: Path) -> None:
    with owned(tmp_path), pytest.raises(OwnerError, match=f"process {os.getpid()} on "):
        owned(tmp_path).__enter__()


def test_an_owner_that_was_killed_on_this_host_has_ended(tmp_path: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from experiments.cluster.owner import owned
with owned(Path({str(tmp_path)!r})):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert (tmp_path / NAME).exists()

    with owned(tmp_path):
        assert json.loads((tmp_path / NAME).read_text())["pid"] == os.getpid()


def test_another_process_that_got_its_number_is_not_the_owner(tmp_path: Path) -> None:
    leave(tmp_path, boot=owner._boot(), pid=os.getpid(), since=1.0)

    with owned(tmp_path):
        pass


@pytest.mark.parametrize(
    ("state", "free"),
    [("RUNNING", False), ("COMPLETING", False), ("PENDING", False), ("TIMEOUT", True),
     ("CANCELLED", True), ("PREEMPTED", True), ("NODE_FAIL", True), ("GONE", True)],
)  # fmt: skip
def test_slurm_knows_whether_a_job_elsewhere_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, free: bool
) -> None:
    monkeypatch.setattr(slurm, "state_of", lambda job: state if job == "17" else None)
    leave(tmp_path, manager="slurm", job="17")

    if free:
        with owned(tmp_path):
            pass
    else:
        with pytest.raises(OwnerError, match="slurm job 17, process 12 on node7"):
            owned(tmp_path).__enter__()


@pytest.mark.parametrize(
    ("left", "told", "asked", "free"),
    [
        ({}, "1", None, True),
        ({"restarts": 1}, "2", None, True),
        ({"restarts": 1}, None, 2, True),  # only Slurm itself knows
        ({"restarts": 1}, "1", None, False),
        ({}, None, 0, False),
        ({}, None, None, False),
        ({"node": granted.node()}, None, None, True),  # it was started anew, or has this boot
    ],
)
def test_a_job_that_was_put_back_into_the_queue_is_the_same_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: dict[str, Any], told: str | None,
    asked: int | None, free: bool
) -> None:  # fmt: skip
    monkeypatch.setattr(granted, "identity", lambda: ("slurm", "17"))
    monkeypatch.setattr(slurm, "restarts", lambda job: asked)
    monkeypatch.delenv("SLURM_RESTART_COUNT", raising=False)
    if told:
        monkeypatch.setenv("SLURM_RESTART_COUNT", told)
    leave(tmp_path, manager="slurm", job="17", **left)

    if free:
        with owned(tmp_path):
            assert json.loads((tmp_path / NAME).read_text())["restarts"] == (told and int(told))
    else:
        with pytest.raises(OwnerError, match="slurm job 17, process 12 on node7"):
            owned(tmp_path).__enter__()


@pytest.mark.parametrize("there", [True, False])
def test_who_was_replaced_sees_it_and_leaves_the_new_owners_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setattr(owner, "ASIDE_SECONDS", 0.0)
    with owned(tmp_path) as held:
        held.confirm()
        path = leave(tmp_path, age=1000, manager="slurm", job="17")
        before = path.stat().st_mtime
        held.beat()
        assert path.stat().st_mtime == before
        if not there:
            path.unlink()
        says = "slurm job 17, process 12 on node7 measures" if there else "it was removed, so this"
        with pytest.raises(OwnerError, match=says):
            held.confirm()


def test_a_file_that_somebody_looks_at_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes an owner for dead moves its file aside, and back if it was another's."""
    path = tmp_path / NAME
    with owned(tmp_path) as held:
        aside = path.rename(tmp_path / "aside")
        monkeypatch.setattr(owner.time, "sleep", lambda seconds: aside.rename(path))
        held.confirm()


def test_where_nobody_can_be_asked_silence_tells(tmp_path: Path) -> None:
    leave(tmp_path, age=100)
    with pytest.raises(OwnerError, match="remove that file"):
        owned(tmp_path, silent_seconds=1000).__enter__()
    with owned(tmp_path, silent_seconds=50):
        pass


def test_half_a_file_may_still_be_written(tmp_path: Path) -> None:
    """Where the file system has no hard links."""
    path = tmp_path / NAME
    path.write_text('{"no')
    with pytest.raises(OwnerError, match="an unknown process"):
        owned(tmp_path).__enter__()
    os.utime(path, (1, 1))
    with owned(tmp_path):
        pass


def test_who_was_taken_for_dead_leaves_the_new_owners_file(tmp_path: Path) -> None:
    with owned(tmp_path):
        leave(tmp_path, manager="slurm", job="18")
    assert json.loads((tmp_path / NAME).read_text())["job"] == "18"


def test_of_many_that_want_it_at_once_one_gets_it(tmp_path: Path) -> None:
    """Processes of this host, which find the file of one that has ended."""
    leave(tmp_path, age=10_000)
    code = f"""
import sys, time
from pathlib import Path
from experiments.cluster.owner import owned, OwnerError
sys.stdin.readline()
try:
    with owned(Path({str(tmp_path)!r}), 50):
        print("held", flush=True)
        sys.stdin.readline()
except OwnerError:
    print("refused", flush=True)
"""
    many = [
        subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True)
        for _ in range(6)
    ]
    try:
        for one in many:
            assert one.stdin
            one.stdin.write("go\n")
            one.stdin.flush()
        said = [one.stdout.readline().strip() for one in many if one.stdout]
    finally:
        for one in many:
            one.communicate("end\n", timeout=60)

    assert sorted(said) == ["held", *["refused"] * 5]
