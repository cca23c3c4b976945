from __future__ import annotations

import json
from pathlib import Path

from reports import catalogue, figures
from tests.reports import synthetic
from tests.reports.conftest import HOSTILE, finish


def test_a_figure_is_listed_by_its_task_and_cores(tmp_path: Path) -> None:
    scene = synthetic.waiting_scene("mixed", label="cpu_share=0.5", params={"cpu_share": 0.5})
    folder = synthetic.write(tmp_path / "b", [scene])

    for kind in ("speedup", "panels"):
        listed = catalogue.figure_labels(str(folder), kind, "mixed-cpu_share=0.5-2c")
        assert listed == {"task": "mixed (cpu_share=0.5)", "cores": "2"}
    heatmap = catalogue.figure_labels(str(folder), "heatmap", "mixed")
    assert heatmap == {"task": "mixed", "cores": "all"}


def test_every_figure_that_is_drawn_is_found(tmp_path: Path) -> None:
    results = finish(synthetic.write(tmp_path / "b", [synthetic.cpu_scene("a b|c")]))
    paths = sorted(results.folder.glob("figures/*.svg"))

    assert len(paths) == 2
    for path in paths:
        kind, _, subject = path.stem.partition("-")
        assert catalogue.figure_labels(str(results.folder), kind, subject)["task"] == "a b|c"


def test_a_hostile_name_cant_end_the_script_it_stands_in(tmp_path: Path) -> None:
    name = "</script>" + HOSTILE
    folder = synthetic.write(tmp_path / "b", [synthetic.cpu_scene(name)])
    listed = catalogue.figure_labels(str(folder), "speedup", figures.safe(f"{name}-2c"))

    assert listed["cores"] == "2"
    assert not set("<>{}\u202e") & set(json.dumps(listed["task"], ensure_ascii=False))


def test_a_figure_of_no_known_kind_or_subject_goes_by_its_name(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "b", [synthetic.cpu_scene()])

    assert catalogue.figure_kind("speedup") == "Speedup against workers"
    assert catalogue.figure_kind("pie") == "Pie"
    assert catalogue.figure_labels(str(folder), "pie", "x") == {"task": "x", "cores": ""}
    assert catalogue.figure_labels(str(tmp_path / "none"), "pie", "x")["task"] == "x"
