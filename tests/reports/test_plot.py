from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from experiments import schema
from reports import figures, law_figure, load, method, plot, races, render, wording
from reports.load import Results
from tests.reports import synthetic
from tests.reports.conftest import finish


def drawn(results: Results, name: str) -> str:
    block = next(block for block in results.blocks if block.name == name)
    return figures.speedup_path(results.folder, block).read_text(encoding="utf-8")


def texts(svg: str) -> list[str]:
    return [
        element.text or "" for element in ET.fromstring(svg).iter() if element.tag[-4:] == "text"
    ]


def test_cpu_figures_draw_every_upper_bound(results: Results) -> None:
    found = texts(drawn(results, "math_python-2c"))
    assert {"ideal", "usable cores: 2", "processes", "processes (spawn)", "threads"} <= set(found)
    assert any(text.startswith("measured ceiling: 1.9") for text in found)


def test_waiting_work_is_not_bound_by_cores(results: Results) -> None:
    found = texts(drawn(results, "http_request-2c"))
    assert "ideal" in found
    assert not any("cores" in text or "ceiling" in text for text in found)


def test_workers_stand_on_the_axis_as_numbers(results: Results) -> None:
    assert {"1", "2", "4"} <= set(texts(drawn(results, "math_python-2c")))


def test_a_block_without_a_number_has_no_figure(results: Results) -> None:
    block = next(block for block in results.blocks if block.task == "my_task")
    assert not figures.speedup_path(results.folder, block).exists()


def test_the_same_data_draw_the_same_bytes(tmp_path: Path) -> None:
    made = [
        drawn(finish(synthetic.write(tmp_path / name, [synthetic.cpu_scene()])), "math_python-2c")
        for name in ("first", "second")
    ]
    assert made[0] == made[1]


def test_figures_of_an_earlier_grid_go_away(tmp_path: Path) -> None:
    results = finish(synthetic.write(tmp_path / "b", [synthetic.cpu_scene()]))
    stale = results.folder / "figures" / "speedup-gone-4c.svg"
    stale.write_text("<svg/>")
    plot.main(results)
    assert not stale.exists()


def test_file_names_are_safe_and_differ(results: Results) -> None:
    paths = [figures.speedup_path(results.folder, block) for block in results.blocks]
    assert len(set(paths)) == len(paths)
    assert all(path.parent == results.folder / "figures" for path in paths)
    assert all(len(path.name) < 120 for path in paths)


def test_the_law_of_the_recommended_executor_is_drawn_with_what_it_assumes(
    results: Results,
) -> None:
    found = texts(drawn(results, "http_request-2c"))
    assert "law, 90% range" in found
    assert "law beyond N = 64 assumes no new bottleneck" in found
    assert "128" in found, "the axis reaches twice the largest number of workers"


def test_a_block_without_a_law_is_drawn_without_one(results: Results) -> None:
    found = texts(drawn(results, "math_python-1c"))
    assert not any(text.startswith("law") for text in found)


def test_beside_every_speedup_stand_the_seconds_of_a_batch(results: Results) -> None:
    found = texts(drawn(results, "http_request-2c"))
    summary = results.table(schema.SUMMARY)
    rows = summary[(summary["block"] == "http_request-2c") & (summary["mode"] == "steady")]
    seconds = float(rows[rows["executor"] == "sequential"]["seconds"].iloc[0])
    assert "a batch takes" in found
    for ratio in (1, 4, 16):
        assert f"{ratio}x" in found
        assert wording.seconds(seconds / ratio) in found


def test_costs_are_drawn_where_they_are_known(results: Results) -> None:
    folder = results.folder / "figures"
    waiting = texts((folder / "panels-http_request-2c.svg").read_text(encoding="utf-8"))
    assert {"latency p99 (p50 dotted)", "peak memory", "longest freeze"} <= set(waiting)
    busy = texts((folder / "panels-math_python-2c.svg").read_text(encoding="utf-8"))
    assert {"peak memory", "longest freeze"} <= set(busy)
    assert not any("latency" in text for text in busy), "no empty panel"


def test_a_task_of_two_core_counts_has_a_heat_map(results: Results) -> None:
    drawn_maps = sorted(path.name for path in results.folder.glob("figures/heatmap-*.svg"))
    assert drawn_maps == ["heatmap-math_python.svg"]


def test_a_large_grid_has_one_figure_a_task_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = ("math_python", "data_processing")
    scenes = [synthetic.cpu_scene(task, cores) for task in tasks for cores in (1, 2)]
    monkeypatch.setattr(load, "DETAILED_BLOCKS", 3)
    for module in (figures, method):
        monkeypatch.setattr(module, "DRAWN_TASKS", 1)
    results = finish(synthetic.write(tmp_path / "b", scenes))
    assert {path.name for path in results.folder.glob("figures/*")} == {
        "heatmap-math_python.svg",
        "multiples-math_python.svg",
    }
    page = render.html(results)
    assert page.count("<svg") == 2
    assert "drawn in one figure (of the first 1 of 2 tasks)" in page


def test_raw_points_are_the_races_values(results: Results) -> None:
    """They are found for all blocks at once, without a race."""
    points = races.launch_points(results).set_index(["block", "approach", "round"])["speedup"]
    count = 0
    for one in races.raced(results):
        for number, values in enumerate(one.rounds):
            steady = values["steady"]
            known = [steady[label] for label in one.baselines if label in steady]
            for label, value in steady.items() if known else ():
                expected = np.exp(min(known) - value)
                assert points[one.block.name, label, number] == pytest.approx(expected)
                count += 1
    assert count == len(points)


def test_a_law_reaches_twice_as_far_as_the_data(results: Results) -> None:
    law = law_figure.fitted_laws(results)["http_request-2c"]
    assert (law.largest, law.workers[-1]) == (64, 128)
    assert (law.low <= law.high).all()
