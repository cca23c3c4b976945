from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from reports import grid, missing, render, summarise
from reports.load import Results, load
from reports.missing import Missing
from tests.reports import synthetic
from tests.reports.conftest import HOSTILE, crashed_scene, finish
from tests.reports.synthetic import Scene, pool, sequential
from tests.reports.test_render import Page, squeezed


def run(folder: Path, *scenes: Scene, **settings: Any) -> Results:
    """A made-up run with such settings in its plan, summarised."""
    synthetic.write(folder, list(scenes))
    plan = json.loads((folder / "plan.json").read_text())
    plan["settings"] |= settings
    (folder / "plan.json").write_text(json.dumps(plan))
    results = load(folder)
    summarise.main(results)
    return results


def absent(results: Results) -> list[Missing]:
    return missing.missing(results, results.table(schema.SUMMARY))


def levels(results: Results) -> Mapping[str, str]:
    return dict(grid.factors(results, results.table(schema.SAMPLES)))


def small(task: str = "math_python", cores: int = 2, **more: Any) -> Scene:
    truths = (
        sequential(0.2),
        pool("threads", 1, 0.2),
        pool("threads", 2, 0.2),
        pool("processes", 1, 0.2),
        pool("processes", 2, 0.1),
    )
    return Scene(task, "cpu", cores, truths, **more)


def test_every_factor_has_all_its_levels(tmp_path: Path) -> None:
    mixed = [small("mixed", params={"cpu_share": n / 20, "kind": "a"}, label=f"n={n}")
             for n in range(20)]  # fmt: skip
    found = levels(run(tmp_path, small(cores=1), small(), *mixed, block_seconds=18))

    assert found["Task math_python"] == "on 1 and 2 cores"
    shares = ", ".join(str(n / 20) for n in range(19))
    assert found["Task mixed"] == f"cpu_share {shares} and 0.95; kind a; on 2 cores"
    assert found["Executor sequential"] == "1 worker"
    assert found["Executor processes"] == "1 and 2 workers"
    assert found["Cores"] == "1 and 2"
    assert found["Items in a batch"] == (
        "64 by block; an item alone takes 3.10 ms; the same for every approach"
    )
    assert found["Repeats"] == (
        "looks planned after 3, 5, 8 and 12 rounds; 5 rounds run by block; "
        "3 steady batches in a launch"
    )
    assert found["BLAS threads"] == "1 in every launch"
    assert found["Held fixed"] == "seed 20260101; a block may take 18 s"


def test_options_and_blas_threads_are_factors(tmp_path: Path) -> None:
    scene = small("math_numpy", params={"blas_threads": 4})
    spawn = replace(scene, truths=(*scene.truths, pool("processes", 2, 0.1, spawn=True)))
    found = levels(run(tmp_path, spawn))

    assert found["Executor processes"] == "1 and 2 workers; start_method spawn"
    assert found["BLAS threads"].startswith("4 where the task has the parameter blas_threads")


def test_weak_scaling_says_whose_items_they_are(tmp_path: Path) -> None:
    found = levels(run(tmp_path, small(scaling="weak")))

    assert found["Scaling"] == "weak"
    assert found["Items in a batch"].endswith("times the workers (weak scaling)")


def test_a_full_grid_misses_nothing(tmp_path: Path) -> None:
    results = run(tmp_path, small(cores=1), small())

    assert absent(results) == []
    assert missing.tally(results, []) == "10 of the 10 cells of the full grid have a result."


def test_a_task_on_fewer_core_counts_says_why(tmp_path: Path) -> None:
    scenes = (small(cores=1), small(), small("ipc"))
    with_key = run(tmp_path / "a", *scenes, core_axis=["math_python"])
    without = run(tmp_path / "b", *scenes)

    why = "config key 'core_axis' doesn't name the task: all cores only"
    assert absent(with_key) == [Missing(("ipc", 1), "every approach", "left out", why)]
    assert [one.reason for one in absent(without)] == [""]
    (line,) = missing.lines(with_key, absent(with_key))
    assert (line.cells, line.where) == ("1 block", "every approach: ipc on 1c")
    assert missing.tally(with_key, absent(with_key)) == (
        "15 of the 15 cells of the full grid have a result; 1 block more were left out whole."
    )


def variants(task: str) -> Scene:
    """Spawn with two workers only."""
    scene = small(task)
    return replace(scene, truths=(*scene.truths, pool("processes", 2, 0.1, spawn=True)))


METHODS = {"start_methods": ["fork", "spawn"], "chunks": ["default"]}


def test_options_that_were_not_crossed_say_why(tmp_path: Path) -> None:
    settings = {**METHODS, "variant_tasks": ["ipc"], "variants": "at_cores"}
    found = absent(run(tmp_path, small(), variants("ipc"), **settings))

    cells = {(one.place[0], one.approach): one.reason.split(":")[0] for one in found}
    unnamed = "config key 'variant_tasks' doesn't name the task"
    assert cells == {
        ("math_python", "processes x1 (spawn)"): unnamed,
        ("math_python", "processes x2 (spawn)"): unnamed,
        ("ipc", "processes x1 (spawn)"): "config key 'variants' is at_cores",
    }


def test_what_no_setting_explains_has_no_reason(tmp_path: Path) -> None:
    found = absent(run(tmp_path, variants("ipc"), **METHODS))

    assert [(one.approach, one.reason) for one in found] == [("processes x1 (spawn)", "")]
    (line,) = missing.lines(load(tmp_path), found)
    assert line.reason == "no reason is known"


def test_failed_cells_come_first_with_their_reasons(tmp_path: Path) -> None:
    results = run(tmp_path, crashed_scene(), small(not_run=(("processes x9", "too many"),)))
    lines = missing.lines(results, absent(results))

    told = [(line.kind, line.reason, line.where) for line in lines]
    assert told[:3] == [
        ("wrong answer", "item 3: expected 4.1, got 4.2", "threads x4: machine_learning on 2c"),
        ("crashed", "SIGSEGV in phase steady", "processes x1: machine_learning on 2c"),
        ("timed out", "no end after 30 s", "threads x2: machine_learning on 2c"),
    ]
    assert ("left out by the plan", "too many", "processes x9: math_python on 2c") in told


def test_what_an_interpreter_cant_run_is_unsupported_and_no_part_of_the_plan(
    tmp_path: Path,
) -> None:
    scene = small(cores=1, not_run=(("processes x9", "too many"),),
                  unsupported=(("loky x1", "it lacks loky"),))  # fmt: skip
    results = run(tmp_path, scene)
    found = absent(results)

    assert [(line.kind, line.reason) for line in missing.lines(results, found)] == [
        ("unsupported by its interpreter", "it lacks loky"),
        ("left out by the plan", "too many"),
    ]
    assert missing.tally(results, found) == "5 of the 7 cells of the full grid have a result."


def test_a_block_that_never_started_is_missing_without_a_reason(tmp_path: Path) -> None:
    found = absent(run(tmp_path, small(rounds=0)))

    assert {(one.kind, one.reason) for one in found} == {("not run", "")}
    assert len(found) == 5


def test_reasons_that_differ_in_numbers_share_a_row_and_nothing_vanishes(tmp_path: Path) -> None:
    scenes = [
        small("mixed", params={"n": n}, label=f"n={n}",
              not_run=tuple((f"processes x{w}", f"{n} is too many") for w in (4, 8)))
        for n in range(3)
    ]  # fmt: skip
    results = run(tmp_path, *scenes)
    (line,) = missing.lines(results, absent(results))

    assert line.cells == "6"
    assert line.reason == "0 is too many (and 2 reasons alike)"
    assert line.where == "processes x4, x8: all 3 blocks"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("grid") / "b"
    hostile = small("ipc", params={"via": HOSTILE}, label=HOSTILE, not_run=((HOSTILE, HOSTILE),))
    return render.html(finish(synthetic.write(folder, [crashed_scene(), hostile])))


def test_the_page_has_factors_missing_cells_and_the_audit(page: str) -> None:
    text = Page(page).text

    for words in ("Every factor of the plan", "Executor threads", "SIGSEGV in phase steady",
                  "All cells without a result, by reason", "of 12 rules are kept",
                  "Self-audit: twelve rules"):  # fmt: skip
        assert squeezed(words) in text
    assert len(re.findall(r'<span class="ruling', page)) >= 12
    assert '<a href="#audit">' in page


def test_hostile_levels_and_reasons_come_out_as_text(page: str) -> None:
    assert "<script>alert" not in page.lower()
    assert "\u202e" not in page


def test_the_stopping_rule_and_the_clock_are_told(page: str) -> None:
    text = Page(page).text

    assert "Stoppingrule.Afterrounds3,5,8and12theraceisjudged" in text
    assert "time.perf_counter_ns" in text
