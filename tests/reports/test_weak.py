"""The report of a run whose work grows with the workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments import schema
from reports import render, sentences
from reports.drawing import data
from reports.load import Results, load, records
from tests.reports import synthetic
from tests.reports.conftest import finish
from tests.reports.synthetic import Scene, pool, sequential
from tests.reports.test_render import Page, squeezed

BASE = 0.2
#: a process pool does as many times the work in hardly more time, up to the cores
SCENE = Scene(
    "math_python",
    "cpu",
    2,
    (
        sequential(BASE, cpu=BASE),
        pool("threads", 2, 2 * BASE, cpu=2 * BASE),
        pool("processes", 2, 1.05 * BASE, startup=0.06, cpu=2.1 * BASE),
        pool("processes", 4, 2.2 * BASE, startup=0.12, cpu=4.4 * BASE),
    ),
    scaling="weak",
)


def made(folder: Path, *scenes: Scene) -> Results:
    return finish(synthetic.write(folder / "b", list(scenes)))


@pytest.fixture(scope="module")
def weak(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return made(tmp_path_factory.mktemp("weak"), SCENE)


def steady(results: Results) -> dict[str, dict[str, Any]]:
    rows = records(results.table(schema.SUMMARY))
    return {row["approach"]: row for row in rows if row["mode"] == "steady"}


def verdict(results: Results) -> dict[str, Any]:
    return next(r for r in records(results.table(schema.VERDICT_TABLE)) if r["mode"] == "steady")


def test_plans_that_name_no_scaling_are_strong(tmp_path: Path) -> None:
    found = load(synthetic.write(tmp_path / "b", [SCENE, synthetic.cpu_scene("other")]))

    assert [block.scaling for block in found.blocks] == ["weak", "strong"]


def test_items_seconds_and_cpu_are_for_the_sequential_programs_work(weak: Results) -> None:
    rows = steady(weak)

    assert {row["items"] for row in rows.values()} == {64}
    assert rows["processes x2"]["seconds"] == pytest.approx(1.05 * BASE / 2, rel=0.03)
    assert rows["processes x2"]["cpu_seconds"] == pytest.approx(1.05 * BASE)
    assert rows["processes x2"]["cpu_share"] == pytest.approx(2)
    assert rows["processes x2"]["items_per_second"] == pytest.approx(128 / 0.21, rel=0.03)
    assert rows["processes x2"]["startup_seconds"] == 0.06


def test_the_speedup_is_the_scaled_one_and_efficiency_is_of_it(weak: Results) -> None:
    rows = steady(weak)

    assert rows["threads x2"]["speedup"] == pytest.approx(1, rel=0.03)
    assert rows["processes x2"]["speedup"] == pytest.approx(2 / 1.05, rel=0.03)
    assert rows["processes x4"]["speedup"] == pytest.approx(4 / 2.2, rel=0.03)
    assert rows["processes x4"]["efficiency"] == rows["processes x4"]["speedup"] / 2


def test_karp_and_flatts_fraction_is_for_work_that_stays_the_same(
    weak: Results, results: Results
) -> None:
    column = "karp_flatt_serial_fraction"

    assert weak.table(schema.SUMMARY)[column].isna().all()
    assert results.table(schema.SUMMARY)[column].notna().any()


def test_a_start_is_paid_back_in_batches_of_the_sequential_programs_size(weak: Results) -> None:
    row = verdict(weak)

    # 0.066 s to start and stop, 0.2 - 0.105 s saved on each
    assert (row["verdict"], row["approach"]) == ("best", "processes x2")
    assert row["payback_batches"] == 1
    assert row["baseline_seconds"] == pytest.approx(BASE, rel=0.03)


def test_a_scaled_speedup_of_cpu_work_is_held_against_the_ceiling(
    weak: Results, tmp_path: Path
) -> None:
    too_good = (*SCENE.truths[:2], pool("processes", 2, 0.8 * BASE), SCENE.truths[3])
    scene = Scene("math_python", "cpu", 2, too_good, scaling="weak")

    assert "implausible" not in verdict(weak)["flags"]
    assert "implausible: above the ceiling" in verdict(made(tmp_path, scene))["flags"]


def test_the_report_says_so_on_page_one_and_in_the_blocks_section(weak: Results) -> None:
    text = Page(render.html(weak)).text
    said = squeezed(sentences.WEAK)

    assert text.count(said) == 2
    assert text.index(said) < text.index("Recommended")
    for told in (
        f"{sentences.WEAK}, and a batch is the sequential program's work.",
        "64 items for each worker",
        "Scaled speedup against workers, math_python on 2 cores",
    ):
        assert squeezed(told) in text


def test_a_report_of_strong_scaling_does_not_speak_of_it(page: str) -> None:
    assert "caled" not in Page(page).text


def test_the_ideal_is_not_bounded_by_the_items(weak: Results, results: Results) -> None:
    (panel,) = data.panels(weak)

    assert np.isinf(panel.items)
    assert all(np.isfinite(panel.items) for panel in data.panels(results))
