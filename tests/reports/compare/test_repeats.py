"""Runs of one machine: what is reproduced, what flips, whose seconds moved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reports.bundle.identifying import machine_word
from reports.compare import refusals, repeat_rows, words
from reports.compare.comparison import Comparison
from reports.compare.repeats import Repeat
from reports.compare.view import facts
from reports.load import load
from tests.reports.compare.conftest import Measured, compared, scene
from tests.reports.compare.test_compare import ON_PROCESSES, ON_THREADS, slower
from tests.reports.synthetic import Scene


@pytest.fixture
def repeated(machine: Measured) -> object:
    """Compares runs of one machine, each with one scene."""

    def make(*scenes: Scene) -> Comparison:
        folders: list[Path] = [
            machine(f"run{n}", one, seed=n + 1, fingerprint="same", machine="bench")
            for n, one in enumerate(scenes)
        ]
        return compared(*folders)

    return make


def steady(found: Comparison) -> Repeat:
    return next(one for one in found.repeats["A"] if one.older.mode == "steady")


def test_the_same_again_is_reproduced(repeated) -> None:  # type: ignore[no-untyped-def]
    found = repeated(ON_THREADS, ON_THREADS)

    assert len(found.machines) == 1
    assert (steady(found).change, steady(found).shift) == ("same", "none")
    assert not found.matrix.outcomes
    ((head, text),) = words.answer(found)
    assert head.endswith("has 2 runs")
    assert "the newest confirms 2 of 2 verdicts decided in both" in text


def test_an_older_recommendation_that_is_proven_worse_now_is_a_flip(repeated) -> None:  # type: ignore[no-untyped-def]
    one = steady(repeated(ON_THREADS, ON_PROCESSES))
    assert one.change == "flip"
    assert one.regret is not None
    assert one.regret.low < 0.5 < one.regret.high


def test_a_change_within_the_margin_is_no_flip(repeated) -> None:  # type: ignore[no-untyped-def]
    before = scene(threads_2=0.1, processes_2=0.12, asyncio_2=0.12)
    after = scene(threads_2=0.12, processes_2=0.12, asyncio_2=0.1)
    tied = scene(threads_2=0.102, processes_2=0.12, asyncio_2=0.1)
    assert steady(repeated(before, after)).change == "flip"
    assert steady(repeated(before, tied)).change in ("tied", "same")


@pytest.mark.parametrize(
    ("times", "shift"), [(1.0, "none"), (1.02, "none"), (1.3, "slower"), (0.7, "faster")]
)
def test_seconds_that_moved_beyond_noise_and_margin_are_told(  # type: ignore[no-untyped-def]
    repeated, times: float, shift: str
) -> None:
    one = steady(repeated(ON_THREADS, slower(ON_THREADS, times)))
    assert one.shift == shift
    assert one.ratio is not None
    assert one.ratio.low < times < one.ratio.high


def test_noise_moves_nothing(repeated) -> None:  # type: ignore[no-untyped-def]
    noisy = replace(ON_THREADS, noise=0.2)
    assert steady(repeated(noisy, slower(noisy, 1.2))).shift in ("none", "")


def test_all_runs_are_in_the_trend_and_the_newest_stands_for_the_machine(repeated) -> None:  # type: ignore[no-untyped-def]
    found = repeated(ON_THREADS, ON_THREADS, ON_PROCESSES)

    trend = found.trends["A"][0]
    labels = [verdict.label for _, verdict in trend.points if verdict]
    assert labels == ["threads x2", "threads x2", "processes x2"]
    assert found.machines[0].newest.source == "run2"


def test_the_same_run_given_twice_counts_once(machine: Measured) -> None:
    a, b = machine("a", ON_THREADS), machine("b", ON_PROCESSES)
    found = compared(a, b, a)
    assert [len(one.runs) for one in found.machines] == [1, 1]
    assert any("given twice" in why for _, why in refusals.refusals(found))


def test_an_update_leaves_a_machine_the_same_and_is_told(machine: Measured) -> None:
    folders = [
        machine(f"r{n}", ON_THREADS, seed=n, machine="bench", fingerprint=f"f{n}", kernel=kernel)
        for n, kernel in enumerate(("6.1.0", "6.2.0"))
    ]
    found = compared(*folders)
    (one,) = found.machines
    assert (
        "another now: Operating system Linux 6.1.0 → Linux 6.2.0"
        in repeat_rows.repeat(found, one)[1].caption
    )


def test_hosts_of_the_same_make_are_machines_of_their_own(machine: Measured) -> None:
    nodes = [
        machine(f"r{n}", ON_THREADS, seed=n, machine=f"node{n}", fingerprint="f") for n in (1, 2)
    ]
    assert [one.newest.host for one in compared(*nodes).machines] == ["node1", "node2"]


def test_the_same_run_without_names_is_given_twice(machine: Measured) -> None:
    plain = machine("a", ON_THREADS, machine="bench", fingerprint="f")
    word = machine_word(load(plain))
    nameless = machine("b", ON_THREADS, machine=word, fingerprint="f")
    other = machine("c", ON_PROCESSES)
    found = compared(plain, nameless, other)

    assert [len(one.runs) for one in found.machines] == [1, 1]
    assert found.fleet.twice == ("b",)


def test_facts_of_one_machine_are_held_against_each_other_by_run(machine: Measured) -> None:
    old, new = ({"numpy": "2.3.0"}, {"numpy": "2.4.6"})
    folders = [machine(f"r{n}", ON_THREADS, seed=n, fingerprint="same", packages=one)
               for n, one in enumerate((old, new))]  # fmt: skip
    for folder in folders[1:]:  # a later day
        path = folder / "launches.csv"
        path.write_text(path.read_text().replace("2026-01-01", "2026-02-01"))

    table, same = facts(compared(*folders))
    assert table.heads == ("Fact", "2026-01-01 00:00", "2026-02-01 00:00")
    assert table.rows == (("numpy", "2.3.0", "2.4.6"),)
    assert "Processor Example CPU 3000" in same
