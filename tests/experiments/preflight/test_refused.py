"""A run that is refused before it measures anything, and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments import preflight
from experiments.conductor.lock import BusyError, acquire
from tests.experiments.preflight.driving import (
    RESULTS,
    journal,
    measured,
    refusal,
)


def test_every_problem_of_the_config_is_a_line() -> None:
    assert len(refusal(seed=-1, wrokers=1)) == 2


def test_results_of_another_plan_are_left_alone() -> None:
    measured(seed=1)
    (line,) = refusal()

    assert "results/bench: holds results of another plan (preset standard; 1 of its" in line
    assert "nothing was touched: move results/bench away, or write elsewhere" in line
    assert refusal(dry=True) == [line]


def test_results_of_another_machine_are_left_alone() -> None:
    measured()
    facts = {**json.loads((RESULTS / "machine.json").read_text()), "fingerprint": "beef"}
    (RESULTS / "machine.json").write_text(json.dumps(facts))
    (line,) = refusal()

    assert "holds results of another machine (fingerprint beef, this one is" in line


def test_a_block_begun_with_other_code_is_left_alone() -> None:
    journal(measured()["blocks"][0], "0ther")
    (line,) = refusal()

    assert "journal.jsonl: was begun with another version of the measured code" in line
    assert "move results/bench/blocks/math_python-1c away" in line


@pytest.mark.parametrize("name", ["machine.json", "plan.json"])
def test_a_damaged_file_is_named(name: str) -> None:
    measured()
    (RESULTS / name).write_text('{"blocks": [')
    (line,) = refusal()

    assert f"results/bench/{name}: damaged" in line


def test_a_nearly_full_disk_is_told_with_the_key_that_asks_for_more() -> None:
    (line,) = refusal(min_free_mib=1_000_000)

    assert "MiB free, config key 'min_free_mib' wants 1000000" in line


def test_a_second_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(name: str) -> int:
        raise BusyError(f"another run holds {name}")

    monkeypatch.setattr(preflight.lock, "acquire", busy)

    assert refusal() == ["Poolwise: another run holds run"]


def test_a_lock_folder_that_is_not_there_is_told(
    working_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = working_directory / "no_locks"
    monkeypatch.setattr(preflight.lock, "acquire", lambda name: acquire(name, locks))
    (line,) = refusal()

    assert line.startswith(f"Poolwise: {locks / 'poolwise-run.lock'}: can't make or open")
    assert line.endswith("or unset the variable POOLWISE_LOCK_FOLDER that names it")


def test_a_results_folder_that_cant_be_made_is_named(working_directory: Path) -> None:
    (working_directory / "results").write_text("a file in the way")

    assert "results" in refusal()[0]


def test_the_working_directorys_config_comes_before_the_projects(working_directory: Path) -> None:
    assert preflight.config_file(given=False) == str(preflight.settings.ROOT / "config.yaml")
    (working_directory / "config.yaml").write_text("seed: 1\n")

    assert preflight.config_file(given=False) == "config.yaml"
    assert preflight.config_file(given=True) is None


def test_a_config_that_cant_be_read_does_not_fall_back(working_directory: Path) -> None:
    (working_directory / "config.yaml").symlink_to("nowhere.yaml")
    with pytest.raises(SystemExit, match=r"Poolwise: config\.yaml: can't be read: No such file"):
        preflight.config_file(given=False)
