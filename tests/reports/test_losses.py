from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments import schema
from experiments.statistics.intervals import share_interval
from experiments.statistics.records import Interval
from reports import render, running_costs
from reports.answers import Tables
from reports.load import Results, records
from reports.shares import Loss, Shares, sentence, shares
from tests.reports import synthetic
from tests.reports.conftest import finish
from tests.reports.synthetic import COSTS, Scene, overhead_scene, pool, sequential

CEILING = 2**0.97  # of the made-up machine, on 2 cores
PARTS = {"dispatch": Interval(0.01, 0.009, 0.011), "serialisation": Interval(0.06, 0.05, 0.07)}
LOST = Interval(0.1, 0.08, 0.12)
_, PROCESSES = COSTS


# --- shares by hand -------------------------------------------------------------------------


def test_a_share_has_fiellers_interval() -> None:
    """(0.006 -+ sqrt((0.06 * 0.02)^2 + 0.01^2 * 0.0096)) / 0.0096, by hand."""
    found = share_interval(PARTS["serialisation"], LOST)

    assert found is not None
    assert found.estimate == pytest.approx(0.6)
    assert (found.low, found.high) == pytest.approx((0.463626, 0.786374), abs=1e-6)


def test_fiellers_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(2000):
        part, whole = rng.normal(0.6, 0.05), rng.normal(1.0, 0.15)
        found = share_interval(
            Interval(part, part - 1.96 * 0.05, part + 1.96 * 0.05),
            Interval(whole, whole - 1.96 * 0.15, whole + 1.96 * 0.15),
        )
        held += found is not None and found.low <= 0.6 <= found.high

    assert 0.93 <= held / 2000 <= 0.97


@pytest.mark.parametrize("low", [-0.02, 0.0])
def test_a_loss_within_noise_has_no_shares(low: float) -> None:
    assert shares(PARTS, Interval(0.1, low, 0.2 - low)) is None
    assert share_interval(PARTS["dispatch"], Interval(0.0, 0.0, 0.0)) is None


def test_parts_and_the_rest_are_the_whole() -> None:
    found = shares(PARTS, LOST)

    assert found is not None
    assert found.parts["dispatch"].estimate == pytest.approx(0.1)
    assert found.parts["serialisation"].estimate == pytest.approx(0.6)
    assert found.unexplained.estimate == pytest.approx(0.3)
    assert 0 < found.unexplained.low < 0.3 < found.unexplained.high < 1


def test_parts_that_come_to_more_than_the_loss_are_never_more_than_all_of_it() -> None:
    found = shares(PARTS, Interval(0.05, 0.045, 0.055))

    assert found is not None
    assert found.alone == pytest.approx(1.4)
    assert sum(part.estimate for part in found.parts.values()) == pytest.approx(1.0)
    assert found.unexplained.estimate == 0
    assert all(part.high <= 1 for part in found.parts.values())


def test_no_part_leaves_all_of_it() -> None:
    assert shares({}, LOST) == Shares({}, Interval(1, 1, 1), 0.0)


# --- in words -------------------------------------------------------------------------------


def said(
    parts: dict[str, Interval], lost: Interval = LOST, mode: str = "steady", **more: bool
) -> str:
    found = shares(parts, lost)
    assert found is not None
    return sentence("processes x2", mode, Loss(0.25, 0.25 - lost.estimate, lost), found, **more)


def test_the_largest_part_comes_first() -> None:
    assert said(PARTS) == (
        "60% (46 to 79%) of what processes x2 loses against the ideal (100 ms of 250 ms a batch) "
        "is pickling, 10% (8 to 13%) handing out items; 30% (9 to 45%) is not explained by its "
        "overhead."
    )


def test_what_is_mostly_not_explained_says_so_first() -> None:
    text = said({"dispatch": PARTS["dispatch"]})

    assert text == (
        "90% (87 to 92%) of what processes x2 loses against the ideal (100 ms of 250 ms a batch) "
        "is not explained by its overhead, which leaves contention for cores, caches or memory, "
        "uneven work or waiting; 10% (8 to 13%) is handing out items."
    )
    assert "which leaves waiting for the GIL, contention" in said({}, has_gil=True)


def test_parts_beyond_the_loss_are_owned_up_to() -> None:
    text = said(PARTS, Interval(0.05, 0.045, 0.055))

    assert text.startswith("86% (")
    assert text.endswith(
        "Without work these would take 1.40x as long as the loss: a part of them runs beside the "
        "work."
    )


def test_where_nothing_is_left_the_sentence_says_how_much_may_be() -> None:
    text = said(PARTS, Interval(0.07, 0.06, 0.08))

    assert text.endswith("handing out items; at most 18% is not explained by its overhead.")


def test_a_single_batch_says_so() -> None:
    text = said({**PARTS, "startup": Interval(0.02, 0.02, 0.02)}, mode="oneshot")

    assert text.startswith("For a single batch, 60% (")
    assert "(100 ms of 250 ms)" in text
    assert "20% (17 to 25%) starting and stopping the pool" in text


# --- of a whole run -------------------------------------------------------------------------


def answer(
    kib: float | None = 256.0, more: float = 0.0, noise: float = 0.004, **scene: Any
) -> Scene:
    """A pool of 2 processes that loses what its overhead costs and `more` seconds; and threads."""
    items = 64
    pickling = items * 2 * (kib or 0.0) * PROCESSES.kib
    seconds = 0.2 / CEILING + items * PROCESSES.item + pickling + more
    truths = (
        sequential(0.2),
        pool("threads", 2, 0.21),
        pool("processes", 2, seconds, startup=PROCESSES.startup[0] + 2 * PROCESSES.startup[1]),
        pool("asyncio", 2, 0.2),
    )
    made = Scene("ipc", "cpu", 2, truths, kib=kib, noise=noise, rounds=8)
    return replace(made, **scene)


def table(folder: Path, *scenes: Scene) -> tuple[Results, dict[tuple[str, str], dict[str, Any]]]:
    """The results of a run with overheads, and losses.csv by approach and mode."""
    results = finish(
        synthetic.write(folder / "bench", [*scenes, overhead_scene(0), overhead_scene(256)])
    )
    rows = records(results.table(schema.LOSSES))
    return results, {(row["approach"], row["mode"]): row for row in rows}


def test_a_pool_that_loses_its_overhead_alone_is_explained(tmp_path: Path) -> None:
    """64 x (80 us + 512 KiB x 1.5 us) = 5.1 + 49.2 ms: 9.4% and 90.6% of 54.3 ms."""
    results, found = table(tmp_path, answer())
    row = found["processes x2", "steady"]

    assert row["ideal_seconds"] == pytest.approx(0.2 / CEILING, rel=0.03)
    assert row["loss_share"] == pytest.approx(0.0543 / 0.1564, rel=0.08)
    assert row["dispatch_share"] == pytest.approx(0.094, rel=0.1)
    assert row["serialisation_share"] == pytest.approx(0.906, rel=0.1)
    assert row["unexplained_share_low"] <= 0.02
    assert row["serialisation_share_low"] <= 0.906 <= row["serialisation_share_high"]
    assert np.isnan(row["startup_share"])
    assert "of what processes x2 loses against the ideal (" in row["sentence"]
    assert row["sentence"].replace("'", "&#39;") in render.html(results)


def test_a_pool_that_loses_more_leaves_a_rest(tmp_path: Path) -> None:
    _, found = table(tmp_path, answer(kib=0.0, more=0.05))
    row = found["processes x2", "steady"]

    assert row["unexplained_share"] == pytest.approx(0.05 / 0.0551, rel=0.05)
    assert "is not explained by its overhead, which leaves contention" in row["sentence"]


def test_threads_under_a_gil_are_not_explained_by_overhead(tmp_path: Path) -> None:
    _, found = table(tmp_path, answer())

    assert found["threads x2", "steady"]["unexplained_share"] > 0.95
    assert "waiting for the GIL" in found["threads x2", "steady"]["sentence"]


def test_a_single_batch_pays_for_the_start(tmp_path: Path) -> None:
    _, found = table(tmp_path, answer(kib=0.0))
    row = found["processes x2", "oneshot"]
    start = 1.1 * (PROCESSES.startup[0] + 2 * PROCESSES.startup[1])

    assert row["startup_share"] * row["loss_share"] * row["seconds"] == pytest.approx(
        start, rel=0.05
    )
    assert row["sentence"].startswith("For a single batch, ")


def test_a_loss_within_noise_has_no_sentence(tmp_path: Path) -> None:
    _, found = table(tmp_path, answer(kib=0.0, noise=0.2))
    row = found["processes x2", "steady"]

    assert (row["sentence"], row["reason"]) == ("", "the loss is within noise")
    assert np.isnan(row["unexplained_share"])


def test_what_was_not_measured_is_not_taken_for_unexplained(tmp_path: Path) -> None:
    _, found = table(tmp_path, answer(kib=None))
    row = found["processes x2", "steady"]

    assert row["sentence"] == ""
    assert "pickled items" in row["reason"]
    assert np.isnan(row["unexplained_share"])
    assert row["dispatch_share"] > 0


def test_other_cores_and_other_options_are_not_explained(tmp_path: Path) -> None:
    spawned = pool("processes", 2, 0.2, spawn=True)
    scene = answer()
    _, found = table(tmp_path / "a", replace(scene, truths=(*scene.truths, spawned)))
    _, alone = table(tmp_path / "b", replace(answer(more=0.3), cores=1))

    assert "was not measured" in found["processes x2 (spawn)", "steady"]["reason"]
    assert "was not measured" in alone["processes x2", "steady"]["reason"]


def test_waiting_work_and_one_thread_have_no_such_ideal(tmp_path: Path) -> None:
    _, found = table(tmp_path, answer(), synthetic.waiting_scene())

    assert {name for name, _ in found} == {"threads x2", "processes x2"}


def test_a_section_explains_the_fastest_pool_of_each_executor(tmp_path: Path) -> None:
    results, found = table(tmp_path, answer())
    lost = Tables.of(finish(results.folder)).lost[results.blocks[0].name]
    told = running_costs.told(lost)

    assert list(told[:2]) == [
        found[name, "steady"]["sentence"] for name in ("processes x2", "threads x2")
    ]
