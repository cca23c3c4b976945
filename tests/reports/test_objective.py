"""The report of a run that was decided on something else than seconds."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from experiments.statistics import paired_interval
from experiments.statistics.objectives import OBJECTIVES
from reports import render
from reports.load import Results, ResultsError, load, records
from reports.races import raced
from reports.sentences import _regret
from tests.reports import synthetic
from tests.reports.conftest import finish
from tests.reports.synthetic import Scene, Truth, pool, sequential
from tests.reports.test_render import Page, squeezed

OTHERS = ("p99", "memory", "cpu_seconds")


def truths(better: str = "threads x2") -> tuple[Truth, ...]:
    """Processes are the fastest; `better` has the lowest p99 latency, memory and CPU time."""
    found = [
        sequential(0.2, memory=40.0, cpu=0.20, p99_ms=5.0),
        pool("threads", 2, 0.15, memory=44.0, cpu=0.22, p99_ms=6.0),
        pool("processes", 2, 0.1, memory=80.0, cpu=0.25, p99_ms=7.0),
    ]
    return tuple(
        replace(one, memory=20.0, cpu=0.1, p99_ms=2.5) if one.label == better else one
        for one in found
    )


def scene(better: str = "threads x2", kind: str = "waiting", task: str = "t") -> Scene:
    return Scene(task, kind, 2, truths(better))


def made(folder: Path, objective: str, *scenes: Scene) -> Results:
    return finish(synthetic.write(folder / "b", list(scenes), objective=objective))


def verdicts(results: Results) -> dict[tuple[str, str], dict[str, Any]]:
    rows = records(results.table(schema.VERDICT_TABLE))
    return {(row["block"], row["mode"]): row for row in rows}


def said(results: Results) -> str:
    return Page(render.html(results)).text


# --- verdicts -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objective", "value"), [("p99", 2.5), ("memory", 20), ("cpu_seconds", 0.1)]
)
def test_the_verdict_is_about_what_was_asked_for(
    tmp_path: Path, objective: str, value: float
) -> None:
    rows = verdicts(made(tmp_path, objective, scene()))
    assert list(rows) == [("t-2c", "steady")]
    row = rows["t-2c", "steady"]
    assert (row["verdict"], row["approach"], row["objective"]) == ("best", "threads x2", objective)
    assert row["reason"] == f"threads x2 {OBJECTIVES[objective].proven} every other approach"
    assert row["objective_value"] == pytest.approx(value)
    assert row["objective_low"] == pytest.approx(value)
    assert row["baseline_objective_value"] == pytest.approx(2 * value)


@pytest.mark.parametrize("objective", OTHERS)
def test_a_speedup_is_one_of_time_without_the_races_moderation(
    tmp_path: Path, objective: str
) -> None:
    results = made(tmp_path, objective, scene())
    row = verdicts(results)["t-2c", "steady"]
    (one,) = raced(results)
    logs = [given["steady"] for given in one.rounds]
    wanted = paired_interval([given["sequential"] - given["threads x2"] for given in logs])

    assert row["speedup"] == math.exp(wanted.estimate) == pytest.approx(0.2 / 0.15, rel=0.02)
    assert (row["speedup_low"], row["speedup_high"]) == (
        math.exp(wanted.low),
        math.exp(wanted.high),
    )
    summary = {(r["approach"], r["mode"]): r for r in records(results.table(schema.SUMMARY))}
    assert summary["threads x2", "steady"]["speedup"] == row["speedup"]
    assert summary["processes x2", "steady"]["speedup"] == pytest.approx(2, rel=0.02)
    assert summary["sequential", "steady"]["speedup"] == 1
    assert summary["threads x2", "oneshot"]["seconds"] == pytest.approx(0.1575, rel=0.02)
    assert summary["threads x2", "oneshot"]["race"] == ""


def test_for_seconds_the_objective_is_the_seconds(results: Results) -> None:
    for row in verdicts(results).values():
        assert row["objective"] == "seconds"
        if row["verdict"] != "failed":
            pairs = {
                "objective_value": "seconds",
                "objective_low": "seconds_low",
                "objective_high": "seconds_high",
                "baseline_objective_value": "baseline_seconds",
            }
            assert {name: row[name] for name in pairs} == {n: row[s] for n, s in pairs.items()}


def test_a_task_that_computes_is_decided_on_seconds_and_says_so(tmp_path: Path) -> None:
    results = made(tmp_path, "p99", scene(), scene("sequential", "cpu", "c"))
    rows = verdicts(results)
    assert list(rows) == [("t-2c", "steady"), ("c-2c", "steady"), ("c-2c", "oneshot")]
    row = rows["c-2c", "steady"]
    assert (row["objective"], row["approach"]) == ("seconds", "processes x2")
    note = "decided on seconds: items of this task are not timed one by one"
    assert row["reason"].endswith(f"; {note}")
    assert squeezed(note.capitalize()) in said(results)


def test_memory_that_can_not_be_read_is_a_failed_verdict_with_its_reason(tmp_path: Path) -> None:
    blind = tuple(replace(one, memory=None) for one in truths())
    results = made(tmp_path, "memory", replace(scene(), truths=blind, rounds=1))
    row = verdicts(results)["t-2c", "steady"]
    why = "none of 3 launches that ran tells its peak memory: this platform doesn't tell the memory"
    assert (row["verdict"], row["approach"]) == ("failed", "")
    assert row["reason"].startswith(why)
    text = said(results)
    assert squeezed(f"No approach gave a right answer with a known peak memory: {why}") in text
    assert "novalue" in text


def test_what_crashed_has_no_speedup(tmp_path: Path) -> None:
    failing = [replace(t, status="crashed") if t.workers == 2 else t for t in truths()]
    results = made(tmp_path, "memory", replace(scene(), truths=tuple(failing)))
    rows = {r["approach"]: r for r in records(results.table(schema.SUMMARY))}
    assert math.isnan(rows["threads x2"]["speedup"])


def test_an_objective_of_another_version_is_refused(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "b", [scene()])
    plan = json.loads((folder / "plan.json").read_text())
    plan["blocks"][0]["objective"] = "joules"
    (folder / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(ResultsError, match=r"blocks\[0\]: objective is 'joules', must be one of"):
        load(folder)


def test_a_plan_of_before_there_was_a_choice_was_decided_on_seconds(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "b", [scene()], objective="memory")
    plan = json.loads((folder / "plan.json").read_text())
    del plan["blocks"][0]["objective"]
    (folder / "plan.json").write_text(json.dumps(plan))
    (block,) = load(folder).blocks
    assert block.objective == OBJECTIVES["seconds"]


# --- words ----------------------------------------------------------------------------------

TAKE = {
    "p99": "Take threads x2: p99 latency 2.50 ms (2.50 to 2.50 ms) instead of 5.00 ms; 1.3",
    "memory": "Take threads x2: peak memory 20.0 MiB (20.0 to 20.0 MiB) instead of 40.0 MiB; 1.3",
    "cpu_seconds": "Take threads x2: CPU time 100 ms (100 to 100 ms) instead of 200 ms; 1.3",
}
RIVALS = {
    "p99": "Each of its 2 rivals is proven to have a higher p99 latency or is out.",
    "memory": "Each of its 2 rivals is proven to use more memory or is out.",
    "cpu_seconds": "Each of its 2 rivals is proven to use more CPU time or is out.",
}


@pytest.mark.parametrize("objective", OTHERS)
def test_page_one_and_the_section_say_what_decided(tmp_path: Path, objective: str) -> None:
    noun = OBJECTIVES[objective].noun
    text = said(made(tmp_path, objective, scene()))

    assert squeezed(f"Decided on {noun}, not on how long a batch takes.") in text
    assert squeezed(f"50% of the sequential {noun}, 1.3") in text
    assert squeezed(f"a pool that lives on (steady); decided on {noun}") in text
    assert squeezed(TAKE[objective]) in text
    assert squeezed(RIVALS[objective]) in text
    assert squeezed(f"Verdicts are decided on {noun} (config key objective).") in text
    assert squeezed(OBJECTIVES[objective].source) in text
    assert "forasinglebatch(" not in text.lower()
    assert not [word for word in ("faster", "slower", "fastest") if f"proven{word}" in text]


@pytest.mark.parametrize("objective", OTHERS)
def test_staying_sequential_is_said_in_the_objectives_words(tmp_path: Path, objective: str) -> None:
    text = said(made(tmp_path, objective, scene("sequential")))
    beats = OBJECTIVES[objective].beats

    assert squeezed(f"nothing {beats} it by more than 5%") in text
    assert (
        squeezed(f"nothing {beats} the sequential program by more than 5% in t on 2 cores") in text
    )


def test_without_an_objective_nothing_of_it_is_said(page: str) -> None:
    text = Page(page).text
    assert squeezed("beside it for one started for a single batch") in text
    assert "Decidedonp99" not in text
    assert "notonhowlongabatchtakes" not in text
    assert "configkeyobjective" not in text


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_regret_bound_is_said_in_the_objectives_words(objective: str) -> None:
    words = {
        "seconds": "It is at most 4% slower than the best",
        "p99": "It has a p99 latency at most 4% above the best",
        "memory": "It uses at most 4% more memory than the best",
        "cpu_seconds": "It uses at most 4% more CPU time than the best",
    }
    row = {"regret_bound": 0.04, "objective": objective}
    assert _regret(row) == f"{words[objective]}, known"
