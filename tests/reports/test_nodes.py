"""Several nodes beside one: nothing that is known of one node is said of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from experiments.statistics.breakeven import family_name
from reports import breakeven_words, render
from reports.compare.seen import Way
from reports.drawing import data as drawing
from reports.drawing import heatmap
from reports.load import Results, records
from reports.missing import left_out
from reports.plausibility import Limits, Speed, flags
from tests.reports import synthetic
from tests.reports.conftest import finish
from tests.reports.synthetic import Scene, Truth
from tests.reports.test_golden import words

ON_TWO = "dask x4 (nodes 2, scheduler distributed)"
BATCH = 0.4


def dask(workers: int, seconds: float, nodes: int = 1) -> Truth:
    options: dict[str, Any] = {"scheduler": "distributed"} | ({"nodes": nodes} if nodes > 1 else {})
    words = ", ".join(f"{key} {value}" for key, value in sorted(options.items()))
    label = f"dask x{workers} ({words})"
    return Truth(label, "dask", workers, seconds, options, startup=1.0, cpu=0.5, memory=200.0)


def scene(on_two: float, cores: int = 2, task: str = "math_python") -> Scene:
    """CPU work: a process pool on one node, and dask on one and on two."""
    one = synthetic.cpu_scene(task, cores, BATCH)
    kept = tuple(t for t in one.truths if t.executor in ("sequential", "processes"))
    more = [dask(1, BATCH * 1.02), dask(2, BATCH * (0.6 if cores == 2 else 1.03))]
    more += [dask(2 * cores, on_two, 2)] if cores == 2 else []
    return replace(one, truths=(*kept, *more))


@pytest.fixture(scope="module")
def paying(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Two nodes are the fastest, 3.6 times."""
    folder = tmp_path_factory.mktemp("paying") / "bench"
    return finish(synthetic.write(folder, [scene(BATCH / 3.6), scene(0, cores=1)]))


@pytest.fixture(scope="module")
def beaten(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """One node is faster."""
    folder = tmp_path_factory.mktemp("beaten") / "bench"
    return finish(synthetic.write(folder, [scene(BATCH * 0.9)]))


def row(results: Results, table: schema.Table, **wanted: Any) -> dict[str, Any]:
    found = [
        one for one in records(results.table(table))
        if all(one[key] == value for key, value in wanted.items())
    ]  # fmt: skip
    assert len(found) == 1, found
    return found[0]


def test_the_tables_say_on_how_many_nodes(paying: Results) -> None:
    summary = records(paying.table(schema.SUMMARY))
    assert {one["nodes"] for one in summary if one["approach"] == ON_TWO} == {2}
    assert {one["nodes"] for one in summary if one["approach"] != ON_TWO} == {1}

    verdict = row(paying, schema.VERDICT_TABLE, block="math_python-2c", mode="steady")
    assert (verdict["verdict"], verdict["approach"], verdict["nodes"]) == ("best", ON_TWO, 2)


def test_efficiency_is_of_all_nodes_cores_and_no_serial_fraction_is_told(paying: Results) -> None:
    found = row(paying, schema.SUMMARY, approach=ON_TWO, mode="steady")

    assert found["efficiency"] == pytest.approx(found["speedup"] / 4)
    assert not found["karp_flatt_serial_fraction"] > -1  # unknown
    one = row(
        paying, schema.SUMMARY, block="math_python-2c", approach="processes x2", mode="steady"
    )
    assert one["karp_flatt_serial_fraction"] > 0


def test_a_speedup_beyond_one_nodes_cores_is_no_doubt(paying: Results) -> None:
    verdict = row(paying, schema.VERDICT_TABLE, block="math_python-2c", mode="steady")
    assert verdict["speedup_low"] > 2
    assert "implausible" not in verdict["flags"]


@pytest.mark.parametrize(
    ("speedup", "said"),
    [
        (3.7, []),
        (3.95, ["implausible: above the ceiling: dask x4 is at least 3.95x sequential, above the "
                "measured ceiling of 2 nodes of 2 cores, at most 3.80x"]),
    ],
)  # fmt: skip
def test_the_ceiling_of_several_nodes_is_as_many_times_that_of_one(
    speedup: float, said: list[str]
) -> None:
    pick = Speed("dask x4", 4, synthetic_interval(speedup), nodes=2)
    found = flags(pick, [], Limits(2, True, 0.05, {2: 1.9}))

    assert [flag.partition(": suspect")[0] for flag in found] == said


def test_more_than_all_their_cores_is_a_doubt_without_a_ceiling_too() -> None:
    pick = Speed("dask x4", 4, synthetic_interval(4.5), nodes=2)
    (flag,) = flags(pick, [], Limits(2, True, 0.05, {}))

    assert "efficiency above 1" in flag
    assert flags(replace(pick, nodes=2, workers=8), [], Limits(4, True, 0.05, {})) == []


def synthetic_interval(speedup: float) -> Any:
    from experiments.statistics.records import Interval

    return Interval(speedup, speedup, speedup)


def test_no_law_is_fitted_and_the_reason_is_told(paying: Results) -> None:
    fits = [one for one in records(paying.table(schema.FITS)) if '"nodes"' in
            one["executor_options"]]  # fmt: skip

    assert {one["axis"] for one in fits} == {"workers"}
    assert {one["reason"] for one in fits} == {
        "its workers are spread over 2 nodes, and laws are about one"
    }


def test_losses_and_cells_of_the_full_grid_are_of_one_node(paying: Results) -> None:
    assert ON_TWO not in {one["approach"] for one in records(paying.table(schema.LOSSES))}
    assert [one for one in left_out(paying) if "nodes" in one.approach] == []


def test_the_report_says_that_several_nodes_pay(paying: Results) -> None:
    page = words(render.html(paying))

    assert f"Take {ON_TWO} on 2 nodes: 3.6" in page
    assert "Several nodes pay here: the fastest on one, processes x" in page
    assert "CPU-bound work on 2 cores: dask on 2 nodes, 4 workers" in page
    assert "distributed.Client(scheduler_address)" in page
    assert "# 4 workers, 2 on each of 2 nodes" in page
    assert "Cores and ceiling are those of one node." in page
    assert "1 and 2, each with these cores" in page


def test_the_report_says_that_one_node_beats_several(beaten: Results) -> None:
    page = words(render.html(beaten))

    assert "Take processes x2: 1.9" in page
    assert f"One node beats several: the fastest on 2 nodes, {ON_TWO}, takes 36" in page


def test_figures_have_a_curve_of_their_own_for_it_and_heat_maps_none(paying: Results) -> None:
    panels = drawing.panels(paying)
    large = next(panel for panel in panels if panel.block.cores == 2)
    curve = next(one for one in large.curves if one.nodes == 2)

    assert curve.name == "dask (nodes 2, scheduler distributed)"
    assert curve.workers.tolist() == [4.0]
    assert large.pick == (curve.name, 4)
    assert curve.name not in {cell.curve for cell in heatmap.cells(panels)}
    made = {path.name for path in (paying.folder / "figures").iterdir()}
    assert {"speedup-math_python-2c.svg", "heatmap-math_python.svg"} <= made


def test_files_of_before_read_as_one_node(paying: Results, tmp_path: Path) -> None:
    path = paying.folder / "summary.csv"
    header, *lines = path.read_text().splitlines()
    assert header.endswith(",nodes")
    old = tmp_path / "summary.csv"
    old.write_text("".join(f"{line.rpartition(',')[0]}\n" for line in (header, *lines)))

    assert schema.read(schema.SUMMARY, old)["nodes"].isna().all()


def test_other_machines_know_the_approach_by_its_nodes() -> None:
    options = json.dumps({"nodes": 2, "scheduler": "distributed"})
    assert Way("dask", options, 8, "3.11").nodes == 2
    assert Way("dask", "{}", 8, "3.11").nodes == 1


def test_a_search_names_them_as_readers_would() -> None:
    family = family_name("dask", {"nodes": 4, "scheduler": "distributed"})

    assert family == "dask on 4 nodes"
    assert breakeven_words.name(family) == "dask (on 4 nodes)"
    assert family_name("dask", {"nodes": 1, "task.via": "pickle"}) == "dask via=pickle"
