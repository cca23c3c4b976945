from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.conductor import lock
from experiments.conductor.lock import BusyError, LockError, acquire, held
from experiments.environment import ROOT

HOLD = """
import sys
from pathlib import Path
from experiments.conductor.lock import acquire
acquire("run", Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock `run`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_run_is_refused_and_told_who_runs(
    holder: subprocess.Popen[str], tmp_path: Path
) -> None:
    with pytest.raises(BusyError) as caught:
        acquire("run", tmp_path)

    assert f"another Poolwise run is measuring on this host (process {holder.pid})" in str(
        caught.value
    )
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_lock_ends_with_its_process_however_that_ends(
    holder: subprocess.Popen[str], tmp_path: Path, how: signal.Signals
) -> None:
    holder.send_signal(how)
    holder.wait()

    os.close(acquire("run", tmp_path))


def test_a_run_and_its_own_blocks_have_locks_of_their_own(tmp_path: Path) -> None:
    run = acquire("run", tmp_path)
    with held("measure", tmp_path):
        pass
    os.close(run)


def test_a_block_gives_its_lock_back(tmp_path: Path) -> None:
    with held("measure", tmp_path), pytest.raises(BusyError), held("measure", tmp_path):
        pass
    with held("measure", tmp_path):
        pass


def test_another_users_lock_file_is_locked_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "poolwise-run.lock").touch(0o444)
    descriptor = acquire("run", tmp_path)

    with pytest.raises(BusyError):
        acquire("run", tmp_path)
    os.close(descriptor)


def test_the_lock_file_may_be_used_by_every_user(tmp_path: Path) -> None:
    os.close(acquire("run", tmp_path))

    assert (tmp_path / "poolwise-run.lock").stat().st_mode & 0o777 == 0o666


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    (tmp_path / "poolwise-run.lock").symlink_to(precious)

    with pytest.raises(LockError, match="symbolic links; it is a symbolic link: remove it"):
        acquire("run", tmp_path)
    assert precious.read_text() == "keep me"


@pytest.mark.parametrize("makes_it_no_folder", [False, True])
def test_a_folder_that_is_none_is_told_with_the_variable_that_names_it(
    tmp_path: Path, makes_it_no_folder: bool
) -> None:
    folder = tmp_path / "locks"
    if makes_it_no_folder:
        folder.touch()
    with pytest.raises(LockError) as caught:
        acquire("run", folder)
    line = str(caught.value)

    assert "\n" not in line
    assert line.startswith(f"{folder / 'poolwise-run.lock'}: can't make or open this lock file")
    assert ("Not a directory" if makes_it_no_folder else "No such file or directory") in line
    assert "make that folder, writable for you, or unset the variable POOLWISE_LOCK_FOLDER" in line


def test_without_that_variable_the_usual_folder_is_what_must_be_writable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POOLWISE_LOCK_FOLDER")

    with pytest.raises(LockError, match="every user of this host needs to be able to write there"):
        acquire("run", tmp_path / "none")


def test_tests_do_not_use_the_lock_of_real_runs() -> None:
    assert Path(os.environ["POOLWISE_LOCK_FOLDER"]) == lock.FOLDER != Path("/tmp")
