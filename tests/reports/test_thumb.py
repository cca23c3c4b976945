"""Rules of thumb: each stands on this run's numbers, and is gone where they don't carry it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from experiments import schema
from reports import thumb, thumb_costs
from reports.answers import Tables
from reports.load import Results, load, records
from tests.reports import synthetic
from tests.reports.conftest import finish
from tests.reports.synthetic import Scene

Ruled = Callable[[list[Scene]], dict[str, str]]


@pytest.fixture
def ruled(tmp_path: Path) -> Ruled:
    """Rules of a run with these scenes: evidence by advice."""

    def rules(scenes: list[Scene]) -> dict[str, str]:
        results = finish(synthetic.write(tmp_path / "m", scenes))
        return {rule.advice: rule.evidence for rule in thumb.rules(results, Tables.of(results))}

    return rules


def test_a_kind_of_work_has_a_rule_with_its_winner_workers_and_lowest_bound(ruled: Ruled) -> None:
    scenes = [synthetic.cpu_scene(), synthetic.cpu_scene("data_processing")]
    found = ruled([*scenes, synthetic.waiting_scene()])

    cpu = found["CPU-bound work on 2 cores: processes, 2 workers"]
    assert cpu.startswith("1.9")
    assert "at least 1.9" in cpu
    assert cpu.endswith("in 2 of 2 tasks (data_processing and math_python)") or cpu.endswith(
        "in 2 of 2 tasks (math_python and data_processing)"
    )
    assert "at least 3" in found["Waiting work on 2 cores: asyncio, 64 workers"]


def test_a_rule_says_nothing_of_fewer_cores_than_the_most(ruled: Ruled) -> None:
    found = ruled([synthetic.cpu_scene(cores=1), synthetic.cpu_scene(cores=2)])
    assert not any("on 1 core:" in advice for advice in found)


def test_without_a_winner_only_the_certain_gain_is_a_rule(ruled: Ruled) -> None:
    found = ruled([synthetic.cpu_scene(noise=0.08, rounds=4, stopped="budget spent")])

    assert not any("processes, " in advice for advice in found)
    (evidence,) = [text for advice, text in found.items() if "not sequentially" in advice]
    assert "in 1 of 1 task without a winner" in evidence


def test_without_a_certain_gain_there_is_no_rule_on_that_work(ruled: Ruled) -> None:
    truths = [synthetic.sequential(0.2), synthetic.pool("threads", 2, 0.199)]
    scene = Scene("math_python", "cpu", 2, tuple(truths), noise=0.3, rounds=3)
    assert not any(advice.startswith("CPU-bound") for advice in ruled([scene]))


def test_where_nothing_gains_the_rule_is_to_stay_sequential(ruled: Ruled) -> None:
    found = ruled([synthetic.cpu_scene(cores=1)])
    assert found["Stay sequential in 1 of 1 block"] == (
        "nothing beats the sequential program by more than 5% in math_python on 1 core"
    )


def test_more_workers_than_cores_is_a_rule_only_if_all_such_pools_are_beaten(ruled: Ruled) -> None:
    advice = "CPU-bound work: no more workers than cores"
    slower = synthetic.pool("processes", 4, 0.13)
    scene = synthetic.cpu_scene()
    others = tuple(truth for truth in scene.truths if "x4" not in truth.label)

    assert advice in ruled([replace(scene, truths=(*others, slower))])
    assert advice not in ruled([scene]), "here 4 processes are as fast as 2"
    pools = (synthetic.pool("processes", 2, 0.13), synthetic.pool("processes", 4, 0.11))
    faster = replace(scene, task="mixed", truths=(synthetic.sequential(0.2), *pools))
    both = [replace(scene, truths=(*others, slower)), faster]
    assert advice not in ruled(both), "4 processes are recommended elsewhere"


def test_a_pool_that_starts_slowly_makes_a_single_batch_another_question(ruled: Ruled) -> None:
    truths = (
        synthetic.sequential(0.2),
        synthetic.pool("processes", 2, 0.106, startup=0.5),
        synthetic.pool("threads", 2, 0.21),
    )
    (evidence,) = [
        text
        for advice, text in ruled([Scene("math_python", "cpu", 2, truths)]).items()
        if advice.startswith("A single batch is another question")
    ]
    assert "changes in 1 of 1 block" in evidence
    assert "sequential rather than processes x2, which takes 500 ms to start" in evidence


def test_a_start_of_next_to_nothing_makes_no_rule_of_another_answer(ruled: Ruled) -> None:
    truths = (
        synthetic.sequential(0.2),
        synthetic.pool("threads", 2, 0.117),
        synthetic.pool("processes", 2, 0.11, startup=0.004),
    )
    found = ruled([Scene("math_python", "cpu", 2, truths)])

    assert any("processes" in advice for advice in found), "threads are slower by more than 5%"
    assert not any(advice.startswith("A single batch") for advice in found), "but not in one batch"


def test_costs_are_rules_only_where_intervals_are_far_apart(ruled: Ruled) -> None:
    dear = [synthetic.overhead_scene(0), synthetic.overhead_scene(256)]
    found = ruled(dear)
    assert "to a thread 1" in found["Give processes larger items than threads, or chunks of them"]
    assert "9.0" in found["Count the memory of processes by the worker"]

    threads, processes = synthetic.COSTS
    alike = (threads, replace(processes, item=threads.item, memory=threads.memory))
    same = [synthetic.overhead_scene(kib, alike) for kib in (0, 256)]
    assert not any("processes" in advice for advice in ruled(same))


def test_there_are_at_most_six_and_the_ones_on_verdicts_come_first(results: Results) -> None:
    found = thumb.rules(results, Tables.of(results))
    assert 3 <= len(found) <= thumb.MOST_RULES
    assert found[0].advice.startswith("CPU-bound work on 2 cores: processes")
    assert all(any(character.isdigit() for character in rule.evidence) for rule in found)


def test_a_changed_number_changes_the_rule(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "m", [synthetic.waiting_scene()])
    finish(folder)
    results = load(folder)
    before = thumb.rules(results, Tables.of(results))
    table = results.table(schema.VERDICT_TABLE)
    table[["verdict", "speedup_low"]] = "inconclusive", 0.9
    results.write(schema.VERDICT_TABLE, records(table))
    after = thumb.rules(load(folder), Tables.of(load(folder)))
    assert before
    assert not any("asyncio" in rule.advice for rule in after)


def test_several_changes_along_a_parameter_are_one_sentence() -> None:
    """One that ends without a verdict and the next, as two rows of a search."""
    rows = [
        (
            "threads",
            "asyncio",
            "Threads up to a CPU share of 0 at least, asyncio from 0.1 on. Open.",
        ),
        ("asyncio", "processes", "Asyncio up to a CPU share of 0.1 to 0.2, processes above."),
    ]
    same = {"kind": "parameter", "mode": "steady", "search": 1, "parameter": "cpu_share",
            "task": "mixed", "cores": 2, "launches": 193}  # fmt: skip
    table = pd.DataFrame([{**same, "below": b, "above": a, "sentence": s} for b, a, s in rows])

    assert list(thumb_costs.changes(table)) == [
        (
            "It depends on the CPU share (mixed on 2 cores)",
            "Threads up to a CPU share of 0 at least, asyncio from 0.1 on; asyncio up to a CPU "
            "share of 0.1 to 0.2, processes above (193 launches)",
        )
    ]
