from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.conductor.progress import block_line, say
from experiments.schema import write_atomically
from experiments.statistics.records import Interval, Judgement
from tests.experiments.facts import plan


@pytest.fixture
def made() -> dict[str, Any]:
    return plan(tasks=["math_python", {"task": "mixed", "params": {"cpu_share": [0, 0.5]}}])


def judgement(verdict: Any, pick: str | None = None, gain: float | None = None) -> Judgement:
    speedup = None if gain is None else Interval(gain, gain, gain)
    return Judgement(
        verdict, pick, pick, None, (), (), {}, 3, 9, None, speedup, (), "", True
    )  # fmt: skip


def finished(results: Path, name: str, seconds: float) -> None:
    run = json.dumps({"wall_seconds": seconds})
    write_atomically(results / "blocks" / name / "run.json", run)


def test_the_line_says_how_far_what_came_out_and_how_long_still(
    made: dict[str, Any], tmp_path: Path
) -> None:
    finished(tmp_path, "math_python-1c", 17.4)
    best = judgement("best", "processes x2 (fork)", 1.921)
    line = block_line(made, "math_python-1c", tmp_path, best, 17.4)

    start = "[1/3] math_python on 1 core: best: processes x2 (fork), 1.92x; 17 s; about "
    assert line.startswith(start)
    assert line.endswith(" left")


def test_the_time_left_follows_the_pace_so_far(made: dict[str, Any], tmp_path: Path) -> None:
    def left(seconds: float) -> str:
        finished(tmp_path, "math_python-1c", seconds)
        line = block_line(made, "math_python-1c", tmp_path, judgement("failed"), seconds)
        return line.rpartition("about ")[2]

    assert left(1.0).split()[1] == "s"
    assert left(1000.0).split()[1] == "min"


def test_the_line_says_what_was_decided_on_where_that_is_not_time(tmp_path: Path) -> None:
    made = plan(objective="memory")
    finished(tmp_path, "math_python-1c", 4.0)
    line = block_line(made, "math_python-1c", tmp_path, judgement("no-gain", "sequential"), 4.0)

    assert line.endswith("no-gain: sequential, decided on peak memory; 4 s")


def test_the_last_line_leaves_nothing_to_do(made: dict[str, Any], tmp_path: Path) -> None:
    for block in made["blocks"]:
        finished(tmp_path, block["block"], 4.0)
    line = block_line(made, "mixed-cpu_share=0.5-1c", tmp_path, judgement("no-gain", "seq", 1), 4.0)

    assert line == "[3/3] mixed cpu_share=0.5 on 1 core: no-gain: seq, 1.00x; 4 s"


def test_a_block_in_which_nothing_ran_has_no_pick(made: dict[str, Any], tmp_path: Path) -> None:
    finished(tmp_path, "math_python-1c", 1.0)

    line = block_line(made, "math_python-1c", tmp_path, judgement("failed"), 1.0)
    assert "on 1 core: failed; 1 s" in line


def test_it_speaks_on_standard_error_unless_told_to_be_quiet(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    say("hello")
    assert capsys.readouterr() == ("", "hello\n")

    monkeypatch.setenv("POOLWISE_QUIET", "1")
    say("hello")
    assert capsys.readouterr() == ("", "")


def test_the_control_counts_as_one_to_measure_and_is_named(tmp_path: Path) -> None:
    made = plan(control=True)
    name = made["blocks"][0]["block"]
    finished(tmp_path, name, 12.0)
    line = block_line(made, name, tmp_path, judgement("tie", "processes x1 (spawn), A"), 12.0)

    start = "[1/2] A/A control, math_python on 1 core: tie: processes x1 (spawn), A; 12 s; about "
    assert line.startswith(start)


def test_overheads_are_measured_and_nothing_more(tmp_path: Path) -> None:
    made = plan(overheads=True)
    name = made["blocks"][-1]["block"]
    finished(tmp_path, name, 9.0)
    line = block_line(made, name, tmp_path, judgement("best", "sequential"), 9.0)

    assert line.startswith("[1/3] overheads, payload_kib=256 on 1 core: measured; 9 s")
