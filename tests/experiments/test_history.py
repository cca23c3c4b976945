from __future__ import annotations

from pathlib import Path

import pytest

from experiments.history import CHECKS, set_aside, set_aside_unfinished

TIMES = "launch_id,started_at\n1,2026-11-25T22:40:13.5+00:00\n2,2026-11-25T22:39:59+00:00\n"
NAME = "20261125T223959Z"


def run(results: Path, last: str = "bundle.zip", times: str = TIMES) -> None:
    """What a complete run leaves."""
    (results / "blocks").mkdir(parents=True)
    (results / "blocks" / "journal.jsonl").write_text("measured")
    (results / "launches.csv").write_text(times)
    (results / last).write_text(last)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def nothing() -> None:
    """No lock is needed here."""


@pytest.mark.parametrize("last", ["bundle.zip", "check.json"])
def test_a_complete_run_is_moved_whole_and_called_by_its_first_launch(
    tmp_path: Path, last: str
) -> None:
    run(tmp_path, last)
    kept = set_aside(tmp_path, nothing)

    assert kept == tmp_path / "history" / NAME
    assert names(tmp_path) == ["history"]
    assert names(kept) == sorted(["blocks", last, "launches.csv"])


def test_a_run_that_is_not_complete_stays(tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / "bundle.zip").unlink()

    assert set_aside(tmp_path, nothing) is None
    assert names(tmp_path) == ["blocks", "launches.csv"]


def test_one_that_is_in_the_way_is_moved_and_leaves_what_is_known_of_functions(
    tmp_path: Path,
) -> None:
    for _ in range(2):
        run(tmp_path, "plan.json")
        (tmp_path / CHECKS).mkdir(exist_ok=True)
        set_aside_unfinished(tmp_path, nothing)

    assert names(tmp_path) == [CHECKS, "history"]
    assert names(tmp_path / "history") == [f"{NAME}-unfinished", f"{NAME}-unfinished-2"]
    assert names(tmp_path / "history" / f"{NAME}-unfinished") == [
        "blocks", "launches.csv", "plan.json"]  # fmt: skip


def test_nothing_is_ever_written_over(tmp_path: Path) -> None:
    for _ in range(3):
        run(tmp_path)
        set_aside(tmp_path, nothing)

    assert names(tmp_path / "history") == [NAME, f"{NAME}-2", f"{NAME}-3"]


@pytest.mark.parametrize("moved", [["blocks"], ["blocks", "launches.csv", "bundle.zip"]])
def test_a_move_that_was_cut_off_is_ended_by_the_next(tmp_path: Path, moved: list[str]) -> None:
    run(tmp_path)
    part = tmp_path / "history" / f"{NAME}.part"
    part.mkdir(parents=True)
    for name in moved:
        (tmp_path / name).rename(part / name)
    kept = set_aside(tmp_path, nothing)

    assert kept == tmp_path / "history" / NAME
    assert names(kept) == ["blocks", "bundle.zip", "launches.csv"]
    assert names(tmp_path) == ["history"]


def test_it_waits_for_the_lock_before_it_moves_anything(tmp_path: Path) -> None:
    run(tmp_path)

    def busy() -> None:
        raise RuntimeError("another run")

    with pytest.raises(RuntimeError):
        set_aside(tmp_path, busy)
    assert names(tmp_path) == ["blocks", "bundle.zip", "launches.csv"]


def test_damaged_launches_only_cost_the_name(tmp_path: Path) -> None:
    run(tmp_path, times="no header at all")
    assert set_aside(tmp_path, nothing) == tmp_path / "history" / "unknown"


def test_the_first_run_of_a_machine_has_nothing_to_keep(tmp_path: Path) -> None:
    assert set_aside(tmp_path / "none", nothing) is None
