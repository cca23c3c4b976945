"""Tables that were cut off, edited or mixed up: one line that names the place, never a verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports import command, decide, summarise
from reports.load import ResultsError, load
from reports.races import raced
from tests.reports import synthetic
from tests.reports.synthetic import Scene, pool, sequential

Lines = list[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    truths = (sequential(0.2), pool("threads", 2, 0.21))
    return synthetic.write(tmp_path / "bench", [Scene("math_python", "cpu", 2, truths, rounds=4)])


def edit(path: Path, change: Callable[[Lines], Lines]) -> None:
    path.write_text("".join(change(path.read_text().splitlines(keepends=True))))


def complaint(folder: Path) -> str:
    with pytest.raises(ResultsError) as caught:
        list(raced(load(folder)))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def column(text: str, name: str) -> int:
    return text.splitlines()[0].split(",").index(name)


def test_whole_tables_are_read(folder: Path) -> None:
    assert len(list(raced(load(folder)))) == 1


@pytest.mark.parametrize("value", ["nan", "inf", "-0.2", "0", "0.0"])
def test_a_time_that_cant_be_is_named_with_its_row(folder: Path, value: str) -> None:
    def broken(lines: Lines) -> Lines:
        cells = lines[5].split(",")
        cells[column(lines[0], "wall_seconds")] = value
        return [*lines[:5], ",".join(cells), *lines[6:]]

    edit(folder / "samples.csv", broken)

    says = f"samples.csv: row 6, column 'wall_seconds': '{value}' is not a valid number > 0"
    assert says in complaint(folder)


@pytest.mark.parametrize("name", ["launches.csv", "samples.csv"])
@pytest.mark.parametrize("cut", [1, 2, 4, 40, 150])
def test_a_file_that_was_cut_off_is_told(folder: Path, name: str, cut: int) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[:-cut])

    assert f"{name}: " in complaint(folder)


def test_samples_cut_between_two_rows_lack_a_batch(folder: Path) -> None:
    edit(folder / "samples.csv", lambda lines: lines[:-4])

    assert "'math_python-2c-r3-1' is ok in launches.csv but has no cold batch" in complaint(folder)


def test_launches_cut_between_two_rows_are_counted(folder: Path) -> None:
    edit(folder / "launches.csv", lambda lines: lines[:-1])

    says = "launches.csv: block math_python-2c: 7 launches, runs.json says 8"
    assert says in complaint(folder)


def test_samples_of_an_unknown_launch_are_of_another_run(folder: Path) -> None:
    edit(folder / "samples.csv", lambda lines: [*lines, lines[-1].replace("-r3-", "-r9-")])

    says = "samples.csv: launch 'math_python-2c-r9-1' isn't in launches.csv"
    assert says in complaint(folder)


@pytest.mark.parametrize(("what", "there", "made"), [("launches", 8, 9), ("samples", 32, 33)])
def test_rows_that_nothing_else_misses_are_counted(
    folder: Path, what: str, there: int, made: int
) -> None:
    runs = json.loads((folder / "runs.json").read_text())
    (folder / "runs.json").write_text(json.dumps([{**runs[0], what: made}]))

    says = f"{what}.csv: block math_python-2c: {there} {what}, runs.json says {made}"
    assert says in complaint(folder)


def test_a_round_that_is_missing_is_no_failure_of_everything(folder: Path) -> None:
    for name in ("launches.csv", "samples.csv"):
        edit(folder / name, lambda lines: [line for line in lines if "-2c-r1-" not in line])

    says = "launches.csv: block math_python-2c: round 1 of 0 to 3 is missing"
    assert says in complaint(folder)


def put(folder: Path, table: str, name: str, value: str) -> None:
    """Write a value into the table's fourth line: launch r1-0, or a steady batch of r0-0."""

    def changed(lines: Lines) -> Lines:
        cells = lines[3].removesuffix("\n").split(",")
        cells[column(lines[0].strip(), name)] = value
        return [*lines[:3], ",".join(cells) + "\n", *lines[4:]]

    edit(folder / f"{table}.csv", changed)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("round", "", "has no round"),
        ("workers", "", "has no workers"),
        ("status", "", "has the status '', none of ok, wrong, crashed, timeout, unsupported"),
        ("status", "nan", "has the status 'nan', none of ok"),
        ("startup_seconds", "", "is ok in launches.csv but has no startup_seconds"),
        ("teardown_seconds", "", "is ok in launches.csv but has no teardown_seconds"),
    ],
)
def test_a_launch_that_lacks_what_every_launch_knows_is_named(
    folder: Path, name: str, value: str, says: str
) -> None:
    put(folder, "launches", name, value)

    assert f"launches.csv: launch 'math_python-2c-r1-0' {says}" in complaint(folder)


@pytest.mark.parametrize("name", ["startup_seconds", "teardown_seconds", "launch_seconds"])
@pytest.mark.parametrize("value", ["nan", "-0.1", "inf"])
def test_a_time_of_a_launch_that_cant_be_is_named_with_its_row(
    folder: Path, name: str, value: str
) -> None:
    put(folder, "launches", name, value)

    says = f"launches.csv: row 4, column '{name}': '{value}' is not a valid number >= 0"
    assert says in complaint(folder)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("wall_seconds", "", "has a batch without wall_seconds"),
        ("phase", "warm", "has the phase 'warm', none of cold, steady"),
    ],
)
def test_a_batch_without_its_time_or_phase_is_named(
    folder: Path, name: str, value: str, says: str
) -> None:
    put(folder, "samples", name, value)

    assert f"samples.csv: launch 'math_python-2c-r0-0' {says}" in complaint(folder)


def test_a_launch_that_failed_may_lack_its_times(tmp_path: Path) -> None:
    truths = (sequential(0.2), pool("threads", 2, 0.21, status="crashed"))
    folder = synthetic.write(tmp_path / "b", [Scene("math_python", "cpu", 2, truths, rounds=4)])

    assert len(list(raced(load(folder)))) == 1


@pytest.mark.parametrize("looks", [[], [1], [1, 3], [5, 3], 3, "3", None])
def test_a_plan_with_looks_that_cant_be_is_refused(folder: Path, looks: Any) -> None:
    plan = json.loads((folder / "plan.json").read_text())
    plan["statistics"]["looks"] = looks
    (folder / "plan.json").write_text(json.dumps(plan))

    assert "plan.json: statistics: " in complaint(folder)


def test_one_look_is_enough(folder: Path) -> None:
    plan = json.loads((folder / "plan.json").read_text())
    plan["statistics"]["looks"] = [4]
    (folder / "plan.json").write_text(json.dumps(plan))
    (found,) = raced(load(folder))

    assert found.judgements["steady"].decided


@pytest.mark.parametrize("step", [summarise, decide])
def test_a_step_of_the_report_ends_with_one_line(
    folder: Path, step: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    summarise.main(load(folder))
    edit(folder / "samples.csv", lambda lines: lines[:-4])
    status = command.attempt(lambda: step.main(load(folder)))

    assert status != 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "samples.csv: launch 'math_python-2c-r3-1'" in line


def test_a_clock_that_jumped_back_changes_nothing(folder: Path) -> None:
    (before,) = raced(load(folder))

    def backwards(lines: Lines) -> Lines:
        at, made = column(lines[0], "started_at"), [lines[0]]
        for number, line in enumerate(lines[1:]):
            cells = line.split(",")
            cells[at] = f"2026-01-01T00:00:{59 - number}Z"
            made.append(",".join(cells))
        return made

    edit(folder / "launches.csv", backwards)
    (after,) = raced(load(folder))

    assert after.judgements == before.judgements
    assert after.rounds == before.rounds
