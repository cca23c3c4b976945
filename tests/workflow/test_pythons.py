"""Interpreters as an axis, from the config to the table, with real ones."""

from __future__ import annotations

import pytest

from experiments.schema import INTERPRETERS, LAUNCHES
from tests.pythons import python_or_skip
from tests.workflow.conftest import MakeFolder
from tests.workflow.driving import TRACE

pytestmark = pytest.mark.host
TABLE = "results/bench/interpreters.csv"


def test_two_interpreters_compete_and_a_rerun_measures_nothing(make_folder: MakeFolder) -> None:
    config = {"pythons": ["current", python_or_skip("3.9")], "launch_timeout_seconds": 30}
    folder = make_folder(**config, tasks=["math_python", "math_numpy"])

    ended = folder.run(TABLE)

    assert ended.status == 0, ended.said
    launches = [row for row in folder.table(LAUNCHES) if row["task"] == "math_python"]
    assert {row["status"] for row in launches} == {"ok"}
    assert len({row["interpreter"] for row in launches}) == 2
    assert {row["gil_at_end"] for row in launches} == {True}
    rows = {row["task"]: row for row in folder.table(INTERPRETERS) if row["mode"] == "steady"}
    assert rows["math_python"]["ruling"] in ("faster", "slower", "same", "undecided")
    numpy = rows["math_numpy"]  # which the other may have or not
    assert numpy["ruling"] or numpy["reason"].startswith("math_numpy needs the module numpy, which")

    before = (folder.results / "launches.csv").read_bytes()
    assert folder.run(TABLE).status == 0
    assert (folder.results / "launches.csv").read_bytes() == before


def test_another_interpreter_does_not_touch_results_and_says_what_to_do(
    make_folder: MakeFolder,
) -> None:
    folder = make_folder()
    assert folder.decide().status == 0
    before = (folder.results / "launches.csv").read_bytes()

    folder.configure(pythons=["current", python_or_skip("3.9")])
    ended = folder.decide()

    assert ended.status == 1
    assert "holds results of another plan" in ended.lines[-1]
    assert (folder.results / "launches.csv").read_bytes() == before


def test_what_cannot_be_used_is_one_line_an_entry(make_folder: MakeFolder) -> None:
    folder = make_folder(pythons=["current", "/bin/ls", "no-such-python"])

    ended = folder.decide()

    assert ended.status == 1
    assert [line.split(":")[1].strip() for line in ended.lines] == [
        "config key 'pythons.1'",
        "config key 'pythons.2'",
    ]
    assert TRACE not in ended.said
