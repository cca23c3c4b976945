from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments.launch.probe import MARK
from experiments.pythons import ask
from experiments.pythons.ask import interpreters
from experiments.settings import ConfigError
from tests.pythons import SUPPORTED, python_or_skip

Script = Callable[[str], str]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Makes a program from shell lines; its path."""

    def make(lines: str, name: str = "program") -> str:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(0o755)
        return str(path)

    return make


def complaint(*names: str, **more: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        interpreters(names, **more)
    return str(caught.value)


def test_the_projects_own_is_asked_in_a_child_of_its_own() -> None:
    (one,) = interpreters(["current"])

    version = ".".join(map(str, sys.version_info[:3]))
    assert (one["executable"], one["version"]) == (sys.executable, version)
    assert one["interpreter"] == f"cpython-{version}"
    assert (one["gil"], one["gil_after_imports"], one["gil_switched_on_by"]) == (True, True, None)
    assert "spawn" in one["start_methods"]


def test_modules_it_lacks_are_named_without_importing_any() -> None:
    (one,) = interpreters(["current"], ["numpy", "no_such_module", "antigravity"])

    assert one["lacks"] == ["no_such_module"]


@pytest.mark.parametrize("version", SUPPORTED)
def test_every_supported_version_answers(version: str) -> None:
    (one,) = interpreters([python_or_skip(version)])

    assert one["version"].startswith(version.removesuffix("t"))
    assert one["tag"] == version
    assert one["gil"] is not version.endswith("t")
    assert one["interpreter_pools"] is (version == "3.14")


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.8"])
def test_one_that_is_too_old_is_named_with_its_version(version: str) -> None:
    path = python_or_skip(version)

    said = complaint("current", path)

    assert said.startswith(f"config key 'pythons.1': '{path}' is Python {version}.")
    assert said.endswith("; measuring needs Python 3.9 or newer")


def test_all_are_asked_at_the_same_time(script: Script) -> None:
    """So that all take as long as the slowest: six real ones 0.5 s on two cores."""
    names = [
        script(f'sleep 1\nexec {shlex.quote(sys.executable)} "$@"', f"python{number}")
        for number in range(8)
    ]
    began = time.perf_counter()
    found = interpreters(names)

    assert len(found) == 8
    assert time.perf_counter() - began < 8, "one after the other"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no-such-python", "'no-such-python' is neither on PATH nor a folder here"),
        ("./no/python", "'./no/python' is not there"),
        ("/proc", "the folder '/proc' has no bin/python"),
        (__file__, f"{__file__!r} is no program that may be run"),
    ],
)
def test_what_leads_to_no_program_is_one_line_that_names_the_entry(name: str, said: str) -> None:
    assert complaint("current", name) == (
        f"config key 'pythons.1': {said}; name a Python 3.9 or newer, a virtual environment's "
        "folder, or current"
    )


def test_every_bad_entry_gets_its_own_line() -> None:
    lines = complaint("no-such", "current", "nor-this").splitlines()

    assert [line.split("'")[1] for line in lines] == ["pythons.0", "pythons.2"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("echo I am a shell", "asked what it is, it printed 'I am a shell'"),
        ("echo; echo pyenv: python3.9: command not found; echo; echo 'Note: see pyenv help'",
         "asked what it is, it printed 'pyenv: python3.9: command not found'"),
        ("echo 'Traceback (most recent call last):'; echo '  File \"a.py\"'; echo E: no codec",
         "asked what it is, it printed 'E: no codec'"),
        ("exit 3", "asked what it is, it printed 'nothing'"),
        (f"echo '{MARK}not JSON'", "asked what it is, it printed"),
        ("while :; do echo yes; done", "asked what it is, it printed 'yes'"),
    ],
)  # fmt: skip
def test_a_program_that_is_no_python_is_told_with_what_it_printed(
    lines: str, said: str, script: Script
) -> None:
    path = script(lines)

    assert f"'pythons.0': {path!r} is no Python 3.9 or newer: {said}" in complaint(path)


def test_one_that_cannot_be_executed_at_all_says_so(tmp_path: Path) -> None:
    path = tmp_path / "python"
    path.write_bytes(b"\x7fELF, but not really")
    path.chmod(0o755)

    assert "can't be started: Exec format error" in complaint(str(path))


def test_one_that_hangs_is_ended_with_all_it_started(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "LIMIT_SECONDS", 0.5)
    path = script(f"sleep 60 & echo $! > {shlex.quote(str(tmp_path))}/pid; sleep 60")

    said = complaint(path)

    assert said.endswith("gave no answer in 0.5 s, so it was ended")
    until = time.monotonic() + 5
    pid = int((tmp_path / "pid").read_text())
    while _runs(pid) and time.monotonic() < until:
        time.sleep(0.01)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_an_interpreter_that_prints_lines_of_its_own_is_understood(script: Script) -> None:
    path = script(f'echo hello; echo; exec {shlex.quote(sys.executable)} "$@"')

    assert interpreters([path])[0]["executable"] == path


def test_the_same_interpreter_twice_is_refused() -> None:
    assert complaint("current", sys.executable) == (
        f"config key 'pythons.1': {sys.executable!r} is the same interpreter as pythons.0; "
        "name it once"
    )


def test_a_virtual_environment_is_named_by_its_folder_and_told_apart(tmp_path: Path) -> None:
    folder = tmp_path / ".venv[fast]"
    (folder / "bin").mkdir(parents=True)
    real = Path(sys.executable).resolve()
    (folder / "bin/python").symlink_to(real)
    (folder / "pyvenv.cfg").write_text(
        f"home = {real.parent}\ninclude-system-site-packages = false\n"
    )

    own, other = interpreters(["current", str(folder)], ["numpy"])

    assert other["executable"] == str(folder / "bin/python")
    assert other["interpreter"] == f"{own['interpreter']} (.venv(fast))"
    assert own["tag"] == own["version"]
    assert other["tag"] == f"{own['version']} (.venv(fast))"
    assert (own["lacks"], other["lacks"]) == ([], ["numpy"])


def test_a_name_is_looked_up_on_the_path(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    path = script(f'exec {shlex.quote(sys.executable)} "$@"', "python-of-mine")
    monkeypatch.setenv("PATH", f"{Path(path).parent}:{os.environ['PATH']}")

    assert interpreters(["python-of-mine"])[0]["executable"] == path
