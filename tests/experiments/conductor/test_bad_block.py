"""A block with too few approaches, or a journal that was damaged while it lay there."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from experiments.conductor.journal import JournalError
from tests.experiments.conductor.fake_world import Bench, KilledError, World


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr("os.sched_setaffinity", lambda *_: None)
    return Bench.make(tmp_path / "results", monkeypatch)


@pytest.mark.parametrize(
    ("kept", "verdict", "reason"),
    [
        (0, "failed", "nothing ran"),
        (
            1,
            "inconclusive",
            "only sequential ran: nothing to compare it with (no other approach entered)",
        ),
    ],
)
def test_fewer_than_two_approaches_compare_nothing_and_the_report_says_the_same(
    bench: Bench, kept: int, verdict: str, reason: str
) -> None:
    block = bench.plan["blocks"][0]
    block["approaches"] = block["approaches"][:kept]
    schema.write_atomically(bench.results / "plan.json", json.dumps(bench.plan))
    decided = bench.measure(World()).race.judgements()["steady"]
    reported = bench.reported()[bench.names()[0]]["steady"]

    assert (decided.verdict, decided.reason) == (verdict, reason)
    assert (reported.verdict, reported.reason) == (verdict, reason)


def damaged(bench: Bench, change: Callable[[dict[str, Any]], Any]) -> str:
    """What a rerun says of a killed block whose journal's third line was changed meanwhile."""
    world = World(killed_after=7)
    with pytest.raises(KilledError):
        bench.measure(world)
    path = bench.results / "blocks" / bench.names()[0] / "journal.jsonl"
    lines = path.read_text().splitlines()
    entry = json.loads(lines[2])
    change(entry)
    path.write_text("\n".join([*lines[:2], json.dumps(entry), *lines[3:], ""]))
    before, ran = path.read_bytes(), len(world.ran)
    world.killed_after = None
    with pytest.raises(JournalError) as caught:
        bench.measure(world)

    assert (path.read_bytes(), len(world.ran)) == (before, ran)  # kept, and nothing measured
    return str(caught.value)


@pytest.mark.parametrize("seconds", [math.nan, -0.5, 0, None, "0.5"])
def test_a_journal_with_a_time_that_cant_be_is_refused(bench: Bench, seconds: Any) -> None:
    line = damaged(bench, lambda entry: entry["samples"][1].update(wall_seconds=seconds))

    assert "journal.jsonl: line 3 is damaged (sample 1: 'wall_seconds' " in line


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda entry: entry.update(launch=None), "'launch' is no dict"),
        (lambda entry: entry.update(approach="threads x9"), "approach 'threads x9' is not in"),
        (lambda entry: entry["launch"].update(round=99), "it is of round 99, before any of"),
        (lambda entry: entry["launch"].update(startup_seconds=-1), "'startup_seconds' can't be -1"),
    ],
)
def test_a_journal_with_what_is_no_launch_of_the_block_is_refused(
    bench: Bench, change: Callable[[dict[str, Any]], Any], says: str
) -> None:
    assert f"journal.jsonl: line 3 is damaged ({says}" in damaged(bench, change)
