from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib.pyplot as plt

from reports import figures, law_figure, plot
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


def test_a_law_is_solid_within_the_data_and_dashed_beyond(results: Results) -> None:
    law = law_figure.fitted_laws(results)["http_request-2c"]
    assert (law.largest, law.workers[-1]) == (64, 128)
    assert (law.low <= law.high).all()
    _, axes = plt.subplots()
    law_figure.draw_law(axes, law, (0.0, 0.0, 0.0))
    solid, dashed = axes.lines
    assert (solid.get_linestyle(), dashed.get_linestyle()) == ("-", "--")
    assert max(solid.get_xdata()) == min(dashed.get_xdata()) == 64
    plt.close()
