"""A run that may begin, or go on where one was cut off."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.schema import write_atomically
from tests.experiments.preflight.driving import (
    RESULTS,
    measured,
    prepare,
    refusal,
)


def test_a_run_says_its_plan_and_takes_the_lock(
    locks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run = prepare()

    assert (run.machine, run.results, run.limit) == ("bench", "results/bench", None)
    assert "1 block, 3 approaches" in capsys.readouterr().err
    assert locks == ["run"]


def test_a_dry_run_says_its_plan_and_leaves_everything_alone(
    locks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(dry=True)

    assert "1 block, 3 approaches" in capsys.readouterr().err
    assert locks == []
    assert not RESULTS.exists()


def test_an_errand_of_snakemakes_needs_nothing(
    locks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    measured(seed=1)
    prepare(errand=True)

    assert capsys.readouterr().err == ""
    assert locks == []


@pytest.mark.usefixtures("locks")
def test_quiet_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POOLWISE_QUIET", "1")
    prepare()

    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("locks")
def test_the_same_plan_goes_on_where_it_was_cut_off() -> None:
    measured()

    assert prepare().results == "results/bench"


def test_a_finished_run_needs_no_lock(locks: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    plan = measured()
    write_atomically(RESULTS / "blocks" / plan["blocks"][0]["block"] / "launches.csv", "")
    prepare()

    assert "1 of 1 blocks are measured already" in capsys.readouterr().err
    assert locks == []


@pytest.mark.usefixtures("locks")
def test_what_was_not_measured_yet_may_change() -> None:
    plan = measured()
    (RESULTS / "blocks" / plan["blocks"][0]["block"] / "journal.jsonl").unlink()

    assert prepare(seed=1).plan_digest != plan["digest"]


def test_again_keeps_a_complete_run_and_makes_room(
    locks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    measured(seed=5)  # another plan: without `again` it would be in the way
    (RESULTS / "bundle.zip").touch()
    prepare(again="true")

    assert "The run before is kept in results/bench/history/unknown" in capsys.readouterr().err
    assert (RESULTS / "history" / "unknown" / "plan.json").exists()
    assert locks == ["run"]


def test_again_keeps_what_was_measured_of_another_plan_though_it_is_not_complete(
    locks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    measured(seed=5)  # as an interrupted check leaves it to the check of another record
    assert "another plan" in refusal()[0]
    prepare(again=True)

    kept = RESULTS / "history" / "unknown-unfinished"
    assert f"another plan is kept in {kept.as_posix()}" in capsys.readouterr().err
    assert (kept / "plan.json").exists()
    assert locks == ["run"]


@pytest.mark.parametrize("more", [{}, {"dry": True}, {"errand": True}])
def test_nothing_is_moved_where_the_run_is_not_complete_or_nothing_will_be_measured(
    more: dict[str, Any], locks: list[str]
) -> None:
    measured()
    if more:
        (RESULTS / "bundle.zip").touch()
    prepare(again=True, **more)

    assert (RESULTS / "plan.json").exists()
    assert not (RESULTS / "history").exists()
