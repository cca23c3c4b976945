"""What a comparison says of machines whose truth is known."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from reports.compare import opening, refusals, words
from reports.compare.advice import carried
from reports.compare.machines import letters
from reports.compare.questions import Question
from reports.compare.seen import Way
from reports.load import ResultsError
from tests.reports.compare.conftest import Measured, compared, scene, seen
from tests.reports.synthetic import PYTHON, Scene

import numpy as np  # isort: skip

ON_THREADS = scene(threads_2=0.1, processes_2=0.15)
ON_PROCESSES = scene(threads_2=0.15, processes_2=0.1)


def test_many_runs_are_read_by_as_many_processes_as_there_are_cores_for() -> None:
    """Of 50 processes each would take 75 MiB: more than a comparison of 50 bundles may."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    assert opening.processes(50) <= min(opening.MOST_PROCESSES, cores)
    assert opening.processes(1) == 1


def states(found: list[Path], mode: str = "steady") -> dict[tuple[str, str], str]:
    outcomes = compared(*found).matrix.outcomes
    return {(o.giver, o.taker): o.state for o in outcomes if o.question.mode == mode}


# --- advice and regret ------------------------------------------------------------------------


def test_advice_that_is_proven_worse_elsewhere_is_a_flip_with_its_regret(machine: Measured) -> None:
    found = compared(machine("a", ON_THREADS), machine("b", ON_PROCESSES))

    flips = [o for o in found.matrix.outcomes if o.state == "flip" and o.question.mode == "steady"]
    assert [(o.giver, o.taker, o.label) for o in flips] == [
        ("A", "B", "threads x2"),
        ("B", "A", "processes x2"),
    ]
    for one in flips:
        assert one.regret is not None
        assert one.regret.low < 0.5 < one.regret.high
        assert one.regret.estimate == pytest.approx(0.5, abs=0.03)


def test_the_same_advice_holds(machine: Measured) -> None:
    assert set(states([machine("a", ON_THREADS), machine("b", ON_THREADS, seed=2)]).values()) == {
        "holds"
    }


def test_ties_are_no_flips(machine: Measured) -> None:
    slightly = scene(threads_2=0.102, processes_2=0.1)
    found = states([machine("a", ON_THREADS), machine("b", slightly)])
    assert found["A", "B"] == "holds"


def test_what_noise_hides_is_open(machine: Measured) -> None:
    noisy = replace(ON_PROCESSES, noise=0.6, rounds=4)
    assert states([machine("a", ON_THREADS), machine("b", noisy)])["A", "B"] == "open"


def test_an_undecided_machine_gives_no_advice_and_takes_it(machine: Measured) -> None:
    close = replace(scene(threads_2=0.1, processes_2=0.09, loky_2=0.095), noise=0.1, rounds=5)
    bad = replace(close, truths=(*close.truths, *scene(asyncio_2=1.0).truths[1:]))
    good = scene(threads_2=0.2, processes_2=0.2, loky_2=0.2, asyncio_2=0.1)

    found = states([machine("a", good), machine("b", bad)])
    assert found == {("A", "B"): "worse", ("B", "A"): "none"}


def test_advice_that_fails_elsewhere_says_so(machine: Measured) -> None:
    broken = [replace(t, status="crashed", reason="SIGSEGV") if t.label == "threads x2" else t
              for t in ON_THREADS.truths]  # fmt: skip
    there = replace(ON_THREADS, truths=tuple(broken))

    outcomes = compared(machine("a", ON_THREADS), machine("b", there)).matrix.outcomes
    assert {(o.state, o.reason) for o in outcomes if o.giver == "A"} == {
        ("fails", "crashed: SIGSEGV")
    }


def test_what_was_not_measured_elsewhere_has_no_regret(machine: Measured) -> None:
    there = scene(processes_2=0.1)
    outcomes = compared(machine("a", ON_THREADS), machine("b", there)).matrix.outcomes
    reasons = {o.reason for o in outcomes if o.giver == "A"}
    assert reasons == {"threads x2 on CPython 3.11 was not measured on B"}


def test_another_minor_version_is_another_approach(machine: Measured) -> None:
    python = {"interpreter": PYTHON, "version": "3.12.1", "implementation": "CPython"}
    there = machine("b", ON_THREADS, interpreters=[python])
    found = compared(machine("a", ON_THREADS), there)
    assert {one.state for one in found.matrix.outcomes} == {"none"}


def test_cpu_work_keeps_its_workers_a_core_and_waiting_work_its_workers(machine: Measured) -> None:
    large = scene(4, processes_1=0.21, processes_4=0.05, processes_8=0.06)
    small = scene(2, processes_1=0.21, processes_2=0.1, processes_4=0.14)
    found = compared(machine("a", large), machine("b", small)).matrix.outcomes
    steady = {(o.giver, o.label): o for o in found if o.question.mode == "steady"}
    assert steady["A", "processes x2"].how == "1.00 workers a core"
    assert steady["B", "processes x4"].state == "holds"


def heavy(executor: str) -> Scene:
    """Approaches of which one takes half as much memory again as the other."""
    return replace(ON_THREADS, truths=tuple(
        replace(t, memory=60.0 if t.executor == executor else 40.0 + (t.workers == 1) * 30)
        for t in ON_THREADS.truths))  # fmt: skip


def test_regret_is_of_what_verdicts_are_decided_on(machine: Measured) -> None:
    here, there = (machine(name, heavy(executor), objective="memory")
                   for name, executor in (("a", "processes"), ("b", "threads")))  # fmt: skip
    found = compared(here, there)

    flips = [o for o in found.matrix.outcomes if o.state == "flip"]
    assert {o.label for o in flips} == {"threads x2", "processes x2"}
    assert all(o.regret and o.regret.estimate == pytest.approx(0.5) for o in flips)
    assert flips[0].question.title == "work, decided on peak memory on all cores"


@pytest.mark.parametrize(
    ("workers", "cores", "there", "kind", "expected"),
    [(8, 8, 2, "cpu", 2), (16, 8, 2, "cpu", 4), (3, 8, 2, "cpu", None), (1, 8, 2, "cpu", 1),
     (64, 8, 2, "waiting", 64), (2, 2, 3, "cpu", 3), (2, 4, 1, "cpu", None)],
)  # fmt: skip
def test_workers_are_carried_over(
    workers: int, cores: int, there: int, kind: str, expected: int | None
) -> None:
    given = seen(np.zeros((1, 5)), cores=cores, kind=kind)
    way, how = carried(Way("processes", "{}", workers, "p"), given, replace(given, cores=there))
    assert (way.workers if way else None) == expected
    assert how


# --- what can be compared ---------------------------------------------------------------------


def question(found: list[Question], cores: int = 0, mode: str = "steady") -> Question:
    return next(one for one in found if one.cores == cores and one.mode == mode)


def test_other_code_is_not_compared_and_says_why(machine: Measured) -> None:
    folder = machine("b", ON_PROCESSES)
    for name in ("launches.csv",):
        path = folder / name
        path.write_text(path.read_text().replace(",c0de,", ",0ther,"))

    found = compared(machine("a", ON_THREADS), folder)
    assert not found.matrix.outcomes
    (reason,) = {reason for one in found.questions for reason in one.refused.values()}
    assert reason.startswith("not known to be the same code (0ther here, c0de there)")


def coded(folder: Path, code: str, **tasks: str) -> Path:
    """The same results as of other measured code, whose plan names the code of each task."""
    launches = folder / "launches.csv"
    launches.write_text(launches.read_text().replace(",c0de,", f",{code},"))
    plan = json.loads((folder / "plan.json").read_text())
    named = {"task_digests": tasks} if tasks else {}
    (folder / "plan.json").write_text(json.dumps({**plan, "code_digest": code, **named}))
    return folder


def refused(*folders: Path) -> set[str]:
    return {why for one in compared(*folders).questions for why in one.refused.values()}


def test_the_same_task_is_compared_whatever_else_of_the_measured_code_is_new(
    machine: Measured,
) -> None:
    here = coded(machine("a", ON_THREADS), "old", work="w1")
    there = coded(machine("b", ON_PROCESSES), "new", work="w1")
    assert not refused(here, there)
    assert compared(here, there).matrix.outcomes

    (why,) = refused(here, coded(machine("c", ON_PROCESSES), "new", work="w2"))
    assert why == "the code of the task differs (w2 here, w1 there)"


def test_a_plan_that_names_no_code_of_its_tasks_is_told_by_one_of_the_same_measured_code(
    machine: Measured,
) -> None:
    before, now = machine("a", ON_THREADS), coded(machine("b", ON_PROCESSES), "c0de", work="w1")
    newer = coded(machine("c", ON_PROCESSES), "new", work="w1")

    assert not refused(before, now)
    assert not refused(before, now, newer)
    (why,) = refused(before, newer)  # nothing here tells that it is the same
    assert why.startswith("not known to be the same code (w1, of the task alone, here, c0de there)")
    edited = coded(machine("d", ON_PROCESSES), "c0de", work="other")
    assert refused(before, now, edited, newer), "one of the plans was edited: neither is believed"


def test_other_parameters_are_not_compared_and_say_so(machine: Measured) -> None:
    other = replace(ON_THREADS, params={"size": 2}, label="size=2")
    found = compared(machine("a", ON_THREADS), machine("b", other))

    assert not found.matrix.outcomes
    reasons = [why for _, why in refusals.refusals(found)]
    assert any("other parameters" in why for why in reasons)


def test_verdicts_that_their_launches_do_not_give_are_refused(machine: Measured) -> None:
    folder = machine("b", ON_PROCESSES)
    table = folder / "verdicts.csv"
    table.write_text(table.read_text().replace("best,processes x2", "best,threads x2"))

    found = compared(machine("a", ON_THREADS), folder)
    reasons = {reason for one in found.questions for reason in one.refused.values()}
    assert any("its launches say best processes x2" in reason for reason in reasons)


def test_implausible_verdicts_are_refused(machine: Measured) -> None:
    wild = scene(threads_2=0.02, processes_2=0.1)
    found = compared(machine("a", ON_THREADS), machine("b", wild))
    assert "implausible" in question(list(found.questions)).refused["B"]


def test_all_cores_and_equal_core_counts_are_lines_of_their_own(machine: Measured) -> None:
    one = scene(1, processes_1=0.21)
    both = [one, scene(2, processes_1=0.21, processes_2=0.1)]
    found = list(compared(machine("a", *both), machine("b", one)).questions)

    assert {cell.cores for cell in question(found).cells.values()} == {1, 2}
    assert {cell.cores for cell in question(found, cores=1).cells.values()} == {1}
    assert not any(asked.cores == 2 for asked in found)


def test_an_unreadable_run_is_left_out_and_the_others_are_compared(
    machine: Measured, tmp_path: Path
) -> None:
    broken = machine("c", ON_THREADS)
    (broken / "samples.csv").unlink()
    found = compared(machine("a", ON_THREADS), machine("b", ON_THREADS), broken, tmp_path / "none")

    assert [one.source for one in found.refused] == ["c", "none"]
    assert "samples.csv" in found.refused[0].reason
    assert len(found.machines) == 2


def test_another_schema_version_is_refused(machine: Measured) -> None:
    folder = machine("b", ON_THREADS)
    plan = json.loads((folder / "plan.json").read_text())
    (folder / "plan.json").write_text(json.dumps({**plan, "schema_version": 99}))
    with pytest.raises(ResultsError, match=r"two runs or more .*schema version 99"):
        compared(machine("a", ON_THREADS), folder)


# --- one configuration for the fleet ----------------------------------------------------------


def test_a_configuration_that_is_near_the_best_everywhere_holds(machine: Measured) -> None:
    here = scene(threads_2=0.1, processes_2=0.13, asyncio_2=0.101)
    there = scene(threads_2=0.13, processes_2=0.1, asyncio_2=0.101)
    choice = compared(machine("a", here), machine("b", there)).choices[0]

    assert (choice.state, choice.labels) == ("holds", {"A": "asyncio x2", "B": "asyncio x2"})
    assert 0.01 < choice.worst <= 0.05


def test_of_those_that_hold_the_simplest_is_chosen(machine: Measured) -> None:
    even = scene(threads_2=0.1, processes_2=0.099)
    choice = compared(machine("a", even), machine("b", even, seed=2)).choices[0]
    assert choice.labels["A"] == "threads x2"


def test_else_the_best_compromise_is_named_with_its_worst_regret(machine: Measured) -> None:
    there = scene(threads_2=0.115, processes_2=0.1)
    found = compared(machine("a", ON_THREADS), machine("b", there))
    choice = found.choices[0]

    assert (choice.state, choice.labels["B"], choice.where) == ("compromise", "threads x2", "B")
    assert 0.15 < choice.worst < 0.25
    assert any("compromise costs up to" in text for _, text in words.answer(found))


def test_machines_of_other_sizes_share_workers_a_core(machine: Measured) -> None:
    large = scene(4, processes_2=0.11, processes_4=0.05)
    small = scene(2, processes_2=0.1, processes_4=0.14)
    choice = compared(machine("a", large), machine("b", small)).choices[0]
    assert (choice.state, choice.labels) == ("holds", {"A": "processes x4", "B": "processes x2"})


# --- speed ------------------------------------------------------------------------------------


def slower(one: Scene, times: float) -> Scene:
    return replace(one, truths=tuple(replace(t, seconds=t.seconds * times) for t in one.truths))


def test_speeds_are_ratios_to_the_first_machine(machine: Measured) -> None:
    found = compared(machine("a", ON_THREADS), machine("b", slower(ON_THREADS, 3), seed=2)).speeds

    assert [one.letter for one in found] == ["A", "B"]
    ratio = found[1].ratio
    assert ratio is not None
    assert ratio.low < 3 < ratio.high
    assert ratio.high / ratio.low < 1.1
    assert found[1].same


def test_other_amounts_of_work_are_compared_by_the_work(machine: Measured) -> None:
    twice = replace(slower(ON_THREADS, 2), items=128)
    one = compared(machine("a", ON_THREADS), machine("b", twice, seed=2)).speeds[1]

    assert one.ratio is not None
    assert one.ratio.low < 1 < one.ratio.high
    assert one.seconds is not None
    assert one.seconds.estimate == pytest.approx(0.1, abs=0.01)
    assert not one.same


def test_rounds_of_workers_that_are_not_full_widen_the_ratio(machine: Measured) -> None:
    waiting = scene(kind="waiting", threads_32=0.1)
    odd = replace(waiting, items=65)  # three rounds of 32 instead of two
    one = compared(machine("a", waiting), machine("b", odd, seed=2)).speeds[1]
    assert one.ratio is not None
    assert one.ratio.low < 64 / 96 * 1.01
    assert one.ratio.high > 0.95


def test_without_the_scale_there_is_no_ratio(machine: Measured) -> None:
    folder = machine("b", ON_THREADS)
    runs = json.loads((folder / "runs.json").read_text())
    (folder / "runs.json").write_text(json.dumps([{**run, "scale": None} for run in runs]))
    one = compared(machine("a", ON_THREADS), folder).speeds[1]
    assert (one.ratio, "isn't known" in one.reason) == (None, True)


# --- names ------------------------------------------------------------------------------------


def test_machines_have_letters_that_do_not_run_out() -> None:
    assert [letters(n) for n in (0, 25, 26, 51, 52)] == ["A", "Z", "AA", "AZ", "BA"]


def test_cores_and_quota_tell_machines_apart(machine: Measured) -> None:
    same = {"fingerprint": "f"}
    found = compared(
        machine("a", ON_THREADS, **same),
        machine("b", ON_THREADS, **same, quota_cores=1.5),
        machine("c", ON_THREADS, **same, usable_cpus=[0, 2]),
    )
    assert len(found.machines) == 3
    assert "quota 1.50" in found.machines[1].title
