from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from experiments.conductor import __main__ as command
from experiments.conductor import lock
from experiments.conductor.ceiling import CeilingError
from experiments.conductor.journal import JournalError
from experiments.services.service import ServiceError
from experiments.settings import ConfigError
from tests.experiments.facts import host, plan


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "machine.json").write_text(json.dumps(host()))
    (tmp_path / "plan.json").write_text(json.dumps(plan(min_free_mib=1)))
    arguments = ["block", str(tmp_path), "math_python-1c", "--log", str(tmp_path / "log")]
    monkeypatch.setattr(sys, "argv", ["conductor", *arguments])
    monkeypatch.setattr(command, "die_with_parent", lambda: None)
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(signal, "signal", lambda *_: before)
    return tmp_path


def ended_with() -> str:
    with pytest.raises(SystemExit) as caught:
        command.main()
    assert isinstance(caught.value.code, str)  # so the exit status is 1
    assert "\n" not in caught.value.code
    return caught.value.code


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (JournalError("the journal"), "Poolwise: the journal"),
        (ServiceError("the server"), "Poolwise: the server"),
        (CeilingError("the kernel"), "Poolwise: the kernel"),
        (ConfigError("key 'a'\nkey 'b'"), "Poolwise: key 'a'; key 'b'"),
        (OSError(28, "No space left on device", "x.csv"), "Poolwise: x.csv: No space left on dev"),
        (KeyboardInterrupt(), "Poolwise: interrupted; what was measured is kept, a rerun goes on"),
    ],
)
@pytest.mark.usefixtures("results")
def test_what_goes_wrong_outside_a_launch_is_one_line(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, says: str
) -> None:
    def fails(*_: Any) -> None:
        raise error

    monkeypatch.setattr(command, "measure_block", fails)

    assert ended_with().startswith(says)


def test_on_a_node_the_blocks_log_has_the_line_too(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There the standard error is a file that nobody looks for."""

    def look(_: Any) -> Any:
        raise ConfigError("config key 'cores': 2 asked for")

    monkeypatch.setattr(command.node, "look", look)
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--node"])

    assert ended_with() == "Poolwise: config key 'cores': 2 asked for"
    assert (results / "log").read_text() == "Poolwise: config key 'cores': 2 asked for\n"


@pytest.mark.parametrize("looks", [[], [1], [1, 3], [5, 3], [3, 3], "3", None])
def test_a_plan_whose_looks_cant_be_is_refused_before_anything_is_measured(
    results: Path, looks: Any
) -> None:
    made = plan(min_free_mib=1)
    made["statistics"]["looks"] = looks
    (results / "plan.json").write_text(json.dumps(made))

    assert ended_with().startswith(f"Poolwise: {results / 'plan.json'}: statistics: ")
    assert not (results / "blocks").exists()


@pytest.mark.parametrize("name", ["plan.json", "machine.json"])
def test_a_damaged_plan_is_named(results: Path, name: str) -> None:
    (results / name).write_text((results / name).read_text()[:-40])

    assert ended_with().startswith(f"Poolwise: {results / name}: damaged (")


@pytest.mark.usefixtures("results")
def test_a_block_does_not_start_beside_another() -> None:
    with lock.held("measure"):
        assert "another Poolwise run is measuring on this host" in ended_with()


def test_a_disk_that_filled_up_since_the_run_began_is_told(results: Path) -> None:
    (results / "plan.json").write_text(json.dumps(plan(min_free_mib=1_000_000)))

    assert f"{results}: " in ended_with()
    assert "'min_free_mib' wants 1000000; free some space" in ended_with()


def test_enough_space_is_no_problem(tmp_path: Path) -> None:
    command.check_disk(tmp_path, 1)


def test_a_termination_is_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt):
        command._interrupted(signal.SIGTERM, None)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
def test_a_conductor_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    middle = os.fork()
    if middle == 0:
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            command.die_with_parent()
            os.write(writer, b"waiting")
            time.sleep(30)
            os.write(writer, b"still here")
            os._exit(0)
        os.read(reader, 7)
        os._exit(0)
    os.close(writer)
    os.waitpid(middle, 0)

    assert os.read(reader, 100) == b""  # the last writer is gone
    os.close(reader)


def test_a_full_scratch_disk_is_told_before_anything_is_measured_and_in_the_log(
    results: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Standard error of a job is a file that users don't look for."""
    sys.argv += ["--node", "--scratch", str(tmp_path)]
    here = SimpleNamespace(name="n1", fingerprint=plan()["fingerprint"], facts={})
    monkeypatch.setattr(command.node, "look", lambda host: here)
    monkeypatch.setattr(command.room, "check_results", lambda *_: None)
    usage = SimpleNamespace(free=0)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)

    assert "on n1: 0 MiB free, config key 'min_free_mib' wants 1" in ended_with()
    assert "0 MiB free" in (results / "log").read_text()
    assert not (results / "blocks" / "math_python-1c" / "journal.jsonl").exists()
