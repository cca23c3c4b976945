from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from experiments.launch.own_cost import Calls, Cost
from reports.answers import Tables, answers
from tests.reports import synthetic
from tests.reports.conftest import finish


def test_warnings_that_differ_in_a_percentage_share_one_footnote(tmp_path: Path) -> None:
    flags = [
        ("cores were slowed around 12% of the batches: by a neighbour", "its first look was late"),
        ("cores were slowed around 38% of the batches: by a neighbour",),
        ("its first look was late",),
    ]
    tasks = ("math_python", "data_processing", "machine_learning")
    scenes = [
        replace(synthetic.cpu_scene(task), flags=own)
        for task, own in zip(tasks, flags, strict=True)
    ]
    results = finish(synthetic.write(tmp_path / "m", scenes))
    table = answers(results, Tables.of(results))

    assert table.footnotes == (
        "cores were slowed around 12% to 38% of the batches",
        "its first look was late",
    )
    assert [line.warnings for line in table.lines] == [(1, 2), (1,), (2,)]


def test_a_line_without_warnings_has_no_footnote(tmp_path: Path) -> None:
    results = finish(synthetic.write(tmp_path / "m", [synthetic.cpu_scene()]))
    table = answers(results, Tables.of(results))
    assert table.footnotes == ()
    assert table.lines[0].warnings == ()


def test_what_the_look_at_a_function_notes_is_a_warning_of_its_line(tmp_path: Path) -> None:
    notes = tuple(Calls([Cost(1.7, 1.7, 1.7), Cost(0.1, 0.1, 0.1)]).notes())
    scene = replace(synthetic.cpu_scene("my_etl"), flags=notes, own={"call": "jobs:f"})
    results = finish(synthetic.write(tmp_path / "m", [scene]))
    table = answers(results, Tables.of(results))

    assert table.footnotes == ("its first call took 1.7 s, 17 times as long as later ones",)
    assert table.lines[0].warnings == (1,)
