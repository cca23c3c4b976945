"""A block that was killed goes on; no clock on the wall matters."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest

from experiments.cluster import owner
from experiments.conductor import block as conducting
from experiments.conductor import rows
from experiments.conductor.journal import JournalError
from experiments.conductor.outcome import Outcome
from tests.experiments.conductor.blocks import BUDGETS, CLEAR, WORLDS, MakeBench, outcome_of
from tests.experiments.conductor.fake_world import KilledError, World

# --- going on after a kill -------------------------------------------------------------------


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("killed_after", [0, 1, 2, 7, 14, 15, 16, 23, 24])
def test_a_killed_block_goes_on_to_what_it_would_have_come_to(
    make_bench: MakeBench, name: str, killed_after: int
) -> None:
    config = {"block_seconds": BUDGETS.get(name, 1000)}
    whole = make_bench("whole", **config)
    uninterrupted = outcome_of(whole, whole.measure(replace(WORLDS[name], ran=[])))
    bench = make_bench("killed", **config)
    world = replace(WORLDS[name], ran=[], killed_after=killed_after)
    if len(uninterrupted[0]) > killed_after:
        with pytest.raises(KilledError):
            bench.measure(world)
    assert len(world.ran) <= killed_after
    world.killed_after = None
    resumed = bench.measure(world)

    assert outcome_of(bench, resumed) == uninterrupted


def test_a_launch_whose_line_was_cut_off_runs_again_and_the_block_says_so(
    make_bench: MakeBench,
) -> None:
    bench, world = make_bench(), World(CLEAR, killed_after=4)
    with pytest.raises(KilledError):
        bench.measure(world)
    path = bench.results / "blocks" / bench.names()[0] / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    world.killed_after = None
    bench.measure(world)

    assert "the last line was cut off; its launch is measured again" in bench.run()["flags"][0]
    keys = [tuple(row["launch_id"].split("/")[1:3]) for row in bench.launches()]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("replaced_after", [1, 4, None])
def test_a_conductor_that_was_replaced_writes_nothing_more(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch, replaced_after: int | None
) -> None:
    """Slurm heard nothing of its node and started the job elsewhere; this one lives on."""
    monkeypatch.setattr(owner, "ASIDE_SECONDS", 0.0)
    bench, world = make_bench(), World(CLEAR)
    folder = bench.results / "blocks" / bench.names()[0]
    with owner.owned(folder) as held:
        launch = world.launch

        def replacing(spec: Any, pids: Any = ()) -> Outcome:
            if len(world.ran) == replaced_after:
                (folder / owner.NAME).write_text('{"pid": 1, "node": "n2"}')
            return launch(spec, pids)

        monkeypatch.setattr(world, "launch", replacing)
        if replaced_after is None:  # once all launches are there
            journal = bench.measure(world, owner=held).journal
            (folder / "launches.csv").unlink()
            (folder / owner.NAME).write_text('{"pid": 1, "node": "n2"}')
        with pytest.raises(owner.OwnerError, match="process 1 on n2 measures into this folder now"):
            bench.measure(world, owner=held)

    lines = (folder / "journal.jsonl").read_text().splitlines()
    assert len(lines) - 1 == (len(journal.entries) if replaced_after is None else replaced_after)
    assert not (folder / "launches.csv").exists()


def test_a_finished_block_is_not_measured_again(make_bench: MakeBench) -> None:
    bench, world = make_bench(), World(CLEAR)
    bench.measure(world)
    path = bench.results / "blocks" / bench.names()[0] / "launches.csv"
    before = (path.read_bytes(), world.calibrations, len(world.ran))
    path.unlink()
    bench.measure(world)

    assert (path.read_bytes(), world.calibrations, len(world.ran)) == before


def test_the_wall_time_of_a_resumed_block_covers_its_first_part(make_bench: MakeBench) -> None:
    bench, world = make_bench(), World(CLEAR, killed_after=10)
    with pytest.raises(KilledError):
        bench.measure(world)
    world.killed_after = None
    bench.measure(world)

    assert bench.run()["wall_seconds"] >= 10 * world.launch_seconds


def test_a_journal_of_other_code_is_left_alone(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, world = make_bench(), World(CLEAR, killed_after=4)
    with pytest.raises(KilledError):
        bench.measure(world)
    monkeypatch.setattr(conducting, "code_digest", lambda: "edited")

    with pytest.raises(JournalError, match="another version of the measured code"):
        bench.measure(world)


# --- the clock on the wall -------------------------------------------------------------------


def test_a_wall_clock_that_jumps_back_changes_nothing(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = make_bench("calm")
    uninterrupted = outcome_of(calm, calm.measure(World(CLEAR)))
    hours = itertools.count()

    class Backwards:
        @staticmethod
        def now(zone: tzinfo) -> datetime:
            return datetime(2026, 1, 2, tzinfo=zone) - timedelta(hours=next(hours))

    monkeypatch.setattr(rows, "datetime", Backwards)
    bench = make_bench("jumping")

    assert outcome_of(bench, bench.measure(World(CLEAR))) == uninterrupted
    started = [row["started_at"] for row in bench.launches()]
    assert started == sorted(started, reverse=True)
    assert len(set(started)) > 10
