"""With and without a GIL, on real interpreters."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from experiments.pythons.ask import interpreters
from tests.experiments.launch.driving import launch, spec
from tests.pythons import python_or_skip

SOURCE = Path(__file__).with_name("careless.c")
#: enough unguarded updates that threads that really run at once lose some of them
UPDATES = {"items": 8, "scale": 4000, "batches": 3, "executor": "threads", "workers": 4}
#: on a busy machine all threads of a launch may have to share one core, one after the other
ATTEMPTS = 6


def counted(version: str, guard: str, **changes: Any) -> dict[str, Any]:
    wanted = spec("locked_counter", params={"guard": guard}, **{**UPDATES, **changes})
    done = launch(wanted, python_or_skip(version))
    assert done.last == {"event": "end"}, (done.events, done.output)
    return done.one("extras")


def test_without_a_gil_unguarded_updates_are_lost() -> None:
    lost = (counted("3.13t", "none")["lost_updates"] for _ in range(ATTEMPTS))

    assert any(count > 0 for count in lost)


@pytest.mark.parametrize("guard", ["lock", "semaphore"])
def test_without_a_gil_a_guard_keeps_every_update(guard: str) -> None:
    assert counted("3.13t", guard, scale=400)["lost_updates"] == 0


@pytest.mark.parametrize(
    ("version", "gil"), [("3.9", True), ("3.13", True), ("3.14", True), ("3.13t", False)]
)
def test_a_launch_says_at_both_ends_whether_it_holds_a_gil(version: str, gil: bool) -> None:
    done = launch(spec(), python_or_skip(version))

    assert (done.one("hello")["gil"], done.one("gil")["enabled"]) == (gil, gil)


def test_a_gil_that_is_switched_on_by_hand_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    python = python_or_skip("3.13t")
    monkeypatch.setenv("PYTHON_GIL", "1")

    assert launch(spec(), python).one("hello")["gil"] is True


@pytest.fixture
def careless(tmp_path: Path) -> tuple[str, Path]:
    """A free-threaded Python, and a folder with a module whose import switches its GIL on."""
    python, compiler = python_or_skip("3.13t"), shutil.which("cc")
    asked = "import sysconfig; print(sysconfig.get_path('include'))"
    include = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True)
    headers = include.stdout.strip()
    if not compiler or not Path(headers, "Python.h").exists():
        pytest.skip("no C compiler, or no headers of Python 3.13t")
    built = tmp_path / "careless.so"
    command = [compiler, "-shared", "-fPIC", f"-I{headers}", str(SOURCE), "-o", str(built)]
    subprocess.run(command, check=True)
    return python, tmp_path


def test_an_import_that_switches_the_gil_on_shows_at_the_end_and_in_the_probe(
    careless: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    python, folder = careless
    monkeypatch.setenv("PYTHONPATH", str(folder))
    (folder / "own_task.py").write_text(
        "import careless\nfrom tests.experiments.launch.sample_tasks import Squares\n"
        "class Own(Squares):\n    name = 'own'\n"
    )

    (one,) = interpreters([python], ["json", "careless"])
    done = launch(spec("own_task:Own"), python, path=(folder,))

    assert (one["gil"], one["gil_after_imports"]) == (False, True)
    assert one["gil_switched_on_by"] == "careless"
    assert (done.one("hello")["gil"], done.one("gil")["enabled"]) == (False, True)
