from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from reports import decide, summarise
from reports.load import ResultsError, load
from tests.reports import synthetic
from tests.reports.synthetic import Scene, pool, sequential
from tests.workflow import agreement
from tests.workflow.agreement import compare


def run(folder: Path, seed: int = 1, threads: float = 0.2, processes: float = 0.11,
        **more: Any) -> Path:  # fmt: skip
    """A run with known true seconds, decided."""
    truths = (sequential(0.2), pool("threads", 2, threads), pool("processes", 2, processes))
    scene = Scene("math_python", "cpu", 2, truths, **{"rounds": 8, **more})
    control = synthetic.control_scene(rounds=8)
    synthetic.write(folder, [scene, control], seed=seed, machine="bench")
    for step in (summarise, decide):
        step.main(load(folder))
    return folder


def outcome(first: Path, second: Path) -> str:
    """Of the steady verdicts; the other way round it must be the same."""
    (found,) = {one.outcome for one in compare(first, second) if one.mode == "steady"}
    (again,) = {one.outcome for one in compare(second, first) if one.mode == "steady"}
    assert found == again
    return found


def test_two_runs_of_one_truth_agree(tmp_path: Path) -> None:
    assert outcome(run(tmp_path / "a"), run(tmp_path / "b", seed=2)) == "same"


def test_the_control_has_no_answer_to_compare(tmp_path: Path) -> None:
    found = compare(run(tmp_path / "a"), run(tmp_path / "b", seed=2))

    assert {one.block for one in found} == {"math_python-2c"}


def test_each_proving_the_other_slower_is_a_disagreement(tmp_path: Path) -> None:
    assert outcome(run(tmp_path / "a"), run(tmp_path / "b", threads=0.07)) == "disagree"


def test_a_difference_within_the_margin_is_none(tmp_path: Path) -> None:
    first = run(tmp_path / "a", threads=0.112, processes=0.108, noise=0.001)
    second = run(tmp_path / "b", threads=0.115, processes=0.100, noise=0.001)
    found = [one for one in compare(first, second) if one.mode == "steady"]

    assert found[0].choices == ("threads x2", "processes x2")
    assert outcome(first, second) == "within the margin"


def test_a_run_that_has_not_decided_disagrees_with_nobody(tmp_path: Path) -> None:
    first = run(tmp_path / "a", threads=0.1)
    second = run(tmp_path / "b", threads=0.118, noise=0.15, rounds=3)

    assert outcome(first, second) == "open"


def test_without_a_baseline_the_seconds_tell(tmp_path: Path) -> None:
    for name, threads in (("a", 0.2), ("b", 0.07)):
        truths = (pool("threads", 2, threads), pool("processes", 2, 0.11))
        scene = Scene("math_python", "cpu", 2, truths, rounds=8)
        synthetic.write(tmp_path / name, [scene], machine="bench")
        for step in (summarise, decide):
            step.main(load(tmp_path / name))

    assert outcome(tmp_path / "a", tmp_path / "b") == "disagree"


@pytest.mark.parametrize(
    ("file", "key", "says"),
    [("machine", "fingerprint", "another machine"), ("plan", "digest", "another plan")],
)
def test_runs_of_another_machine_or_plan_are_not_compared(
    tmp_path: Path, file: str, key: str, says: str
) -> None:
    first, second = run(tmp_path / "a"), run(tmp_path / "b")
    path = second / f"{file}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: "0ther"}))

    with pytest.raises(ResultsError, match=says):
        compare(first, second)


@pytest.mark.parametrize(("threads", "status"), [(0.2, 0), (0.07, 1)])
def test_the_command_ends_with_1_where_they_disagree(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    threads: float,
    status: int,
) -> None:
    folders = run(tmp_path / "a"), run(tmp_path / "b", threads=threads)
    monkeypatch.setattr(sys, "argv", ["agreement", *map(str, folders)])
    with pytest.raises(SystemExit) as ended:
        agreement.main()
    said = capsys.readouterr().out

    assert ended.value.code == status
    assert ("math_python-2c, steady: processes x2 against threads x2" in said) is bool(status)
