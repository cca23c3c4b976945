from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from reports import decide, pool_life, render
from reports.load import Results, records
from reports.races import raced
from tests.reports import synthetic
from tests.reports.conftest import finish
from tests.reports.synthetic import Scene, pool, sequential
from tests.reports.test_render import Page, squeezed


def verdicts(results: Results) -> dict[tuple[str, str], dict[str, Any]]:
    rows = records(results.table(schema.VERDICT_TABLE))
    return {(row["block"], row["mode"]): row for row in rows}


def test_known_truths_give_known_verdicts(results: Results) -> None:
    rows = verdicts(results)
    found = {block: (row["verdict"], row["approach"]) for (block, _), row in rows.items()
             if row["mode"] == "steady"}  # fmt: skip
    assert found["math_python-1c"] == ("no-gain", "sequential")
    assert found["math_python-2c"] == ("tie", "processes x2")
    assert found["http_request-2c"] == ("best", "asyncio x64")
    assert found["data_processing-2c"][0] == "inconclusive"
    assert found["my_task-2c"] == ("failed", "")


def test_a_tie_names_whom_it_ties_with_and_its_regret(results: Results) -> None:
    row = verdicts(results)["math_python-2c", "steady"]
    assert json.loads(row["ties"]) == ["processes x4"]
    assert 0 <= row["regret_bound"] <= row["margin"] == 0.05
    assert row["speedup_low"] < 1.96 < row["speedup_high"]


def test_an_undecided_block_says_what_is_missing(results: Results) -> None:
    row = verdicts(results)["data_processing-2c", "steady"]
    assert row["rounds_needed"] > row["rounds"]
    assert json.loads(row["undecided"])


def test_both_modes_are_judged_from_the_same_launches(tmp_path: Path) -> None:
    truths = (sequential(0.2), pool("processes", 2, 0.1, startup=0.5))
    results = finish(synthetic.write(tmp_path / "b", [Scene("t", "cpu", 2, truths)]))
    rows = verdicts(results)
    assert rows["t-2c", "steady"]["approach"] == "processes x2"
    assert rows["t-2c", "oneshot"]["approach"] == "sequential"


def test_payback_counts_batches_until_the_start_is_earned_back(tmp_path: Path) -> None:
    truths = (
        sequential(0.2),
        pool("processes", 2, 0.1, startup=0.31),
        pool("threads", 2, 0.2, startup=0.001),
    )
    results = finish(synthetic.write(tmp_path / "b", [Scene("t", "cpu", 2, truths)]))
    row = verdicts(results)["t-2c", "steady"]
    assert row["payback_low"] <= row["payback_batches"] == 4 <= row["payback_high"] <= 5
    (one,) = raced(results)
    assert pool_life.payback(one, "threads x2") is None, "it saves nothing"
    assert pool_life.payback(one, "sequential") is None


@pytest.mark.parametrize(
    ("own", "says"), [({}, "in another process"), ({"call": "a:f"}, "or name a function in same")]
)
def test_a_sequential_program_unlike_itself_is_why_nothing_gave_a_value(
    own: dict[str, str], says: str, tmp_path: Path
) -> None:
    truths = (sequential(0.2), pool("threads", 2, 0.1))
    wrong = tuple(replace(truth, status="wrong", reason="cold: item 0: ...") for truth in truths)
    results = finish(synthetic.write(tmp_path / "b", [Scene("t", "cpu", 2, wrong, own=own)]))
    row = verdicts(results)["t-2c", "steady"]

    assert row["verdict"] == "failed"
    assert row["reason"].startswith(
        "no approach gave a value; the sequential program doesn't repeat its own answers in another"
    )
    assert row["reason"].endswith(says)


def test_a_wrong_answer_of_others_alone_says_nothing_of_the_sequential_program(
    tmp_path: Path,
) -> None:
    wrong = replace(pool("threads", 2, 0.1), status="wrong")
    scene = Scene("t", "cpu", 2, (sequential(0.2), wrong))
    results = finish(synthetic.write(tmp_path / "b", [scene]))

    assert "doesn't repeat" not in verdicts(results)["t-2c", "steady"]["reason"]


def test_a_cpu_speedup_above_the_ceiling_is_flagged_not_celebrated(tmp_path: Path) -> None:
    scene = synthetic.cpu_scene()
    truths = tuple(replace(t, seconds=0.05) if t.label == "threads x2" else t for t in scene.truths)
    results = finish(synthetic.write(tmp_path / "b", [replace(scene, truths=truths)]))
    flags = json.loads(verdicts(results)["math_python-2c", "steady"]["flags"])
    assert any("above the measured ceiling" in flag for flag in flags)


def test_other_locks_than_the_sequential_programs_are_told_and_not_doubted(tmp_path: Path) -> None:
    """multiprocessing's semaphore is C, threading's is Python: so one process is the faster one."""
    ours, theirs = {"primitives": "threading"}, {"primitives": "multiprocessing"}
    truths = (
        sequential(0.2, **ours),
        *(pool("threads", n, 0.21, **ours) for n in (1, 2)),
        *(pool("processes", n, 0.14 / n, **theirs) for n in (1, 2)),
    )
    results = finish(synthetic.write(tmp_path / "b", [Scene("locked_counter", "cpu", 2, truths)]))
    row = verdicts(results)["locked_counter-2c", "steady"]
    assert row["approach"] == "processes x2"
    assert json.loads(row["flags"]) == [
        "processes x2 has its locks and counters from multiprocessing, the sequential program from "
        "threading: its speedup holds what these cost as well as its workers"
    ]
    assert squeezed("has its locks and counters from") in Page(render.html(results)).text


@pytest.mark.parametrize(
    ("share", "gated"), [(1.0, True), (0.95, True), (0.7, False), (None, True)]
)
def test_the_ceiling_limits_only_programs_that_hardly_wait(
    results: Results, share: float | None, gated: bool
) -> None:
    one = next(one for one in raced(results) if one.block.name == "math_python-2c")
    rows = {("math_python-2c", "steady", "sequential"): {"cpu_share": share}}

    assert decide._cpu_bound(one, "steady", rows) is gated


def test_flags_of_the_run_reach_the_verdict(results: Results) -> None:
    flags = json.loads(verdicts(results)["http_request-2c", "steady"]["flags"])
    assert flags[0] == "the server was the bottleneck: 0.97 of its core busy"


def test_the_json_holds_what_the_csv_holds(results: Results) -> None:
    held = json.loads((results.folder / "verdicts.json").read_text(encoding="utf-8"))
    rows = verdicts(results)
    assert [list(one) for one in held] == [schema.VERDICT_TABLE.names] * len(rows)
    for one in held:
        row = rows[one["block"], one["mode"]]
        assert (one["approach"] or "") == row["approach"]
        assert one["ties"] == json.loads(row["ties"])
        assert one["speedup"] == pytest.approx(row["speedup"], nan_ok=True) or (
            one["speedup"] is None
        )


def test_a_block_of_one_approach_has_no_verdict_and_says_why(tmp_path: Path) -> None:
    alone = Scene("math_python", "cpu", 2, (sequential(0.2),))
    results = finish(synthetic.write(tmp_path / "b", [alone, synthetic.cpu_scene("other")]))
    why = "only sequential ran: nothing to compare it with (no other approach entered)"

    for mode in schema.MODES:
        row = verdicts(results)[alone.name, mode]
        assert (row["verdict"], row["reason"]) == ("inconclusive", why)
    assert squeezed(f"Not decided: {why}. A batch takes") in Page(render.html(results)).text


def test_a_first_look_beyond_the_budget_is_a_flag_of_the_verdict(tmp_path: Path) -> None:
    flag = "its first look was late: 3 rounds took 1500 s, the budget was 1 s"
    scene = Scene("t", "cpu", 2, (sequential(0.2), pool("threads", 2, 0.2)), flags=(flag,))
    results = finish(synthetic.write(tmp_path / "b", [scene]))

    for row in verdicts(results).values():
        assert flag in json.loads(row["flags"])
    assert squeezed(flag) in Page(render.html(results)).text
