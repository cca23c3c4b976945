from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from experiments.settings import ConfigError
from experiments.task_points import source_digest, task_points


def points(*entries: Any) -> list[tuple[str, str]]:
    return [(point.name, point.label) for point in task_points(entries)]


def complaint(*entries: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        list(task_points(entries))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_parameter_lists_expand_to_every_combination() -> None:
    entry = {"task": "mixed", "params": {"cpu_share": [0, 0.5], "item_ms": [1, 2]}}

    assert points(entry) == [
        ("mixed", "cpu_share=0 item_ms=1"),
        ("mixed", "cpu_share=0 item_ms=2"),
        ("mixed", "cpu_share=0.5 item_ms=1"),
        ("mixed", "cpu_share=0.5 item_ms=2"),
    ]


def test_parameters_that_are_not_asked_for_take_the_tasks_defaults() -> None:
    (point,) = task_points([{"task": "mixed", "params": {"cpu_share": 0.5}}])

    assert point.params == {**point.task.defaults, "cpu_share": 0.5}
    assert points("mixed") == points({"task": "mixed"}) == [("mixed", "")]


def test_the_kind_of_work_may_depend_on_the_parameters() -> None:
    shares = {"task": "mixed", "params": {"cpu_share": [0.25, 0.75]}}

    assert [point.kind for point in task_points([shares])] == ["waiting", "cpu"]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("math_pyton", "'tasks.1': unknown task 'math_pyton'; known: data_processing"),
        ({"task": "mixed", "params": {"share": 1}}, "'tasks.1.params.share': mixed has no such"),
        ({"task": "mixed", "params": {"cpu_share": 2}}, "'tasks.1.params': cpu_share must be a"),
        ({"task": "mixed", "params": {"cpu_share": []}}, "'tasks.1.params': the grid is empty"),
    ],
)
def test_each_mistake_is_one_line_that_says_where(entry: Any, says: str) -> None:
    assert f"config key {says}" in complaint("ipc", entry)


@pytest.mark.parametrize(
    "source", ["import nowhere_to_be_found", "raise SystemExit(3)", "def (", "Own = 3"]
)
def test_a_task_of_ones_own_that_cant_be_loaded_stays_in_the_grid(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "points_broken", raising=False)
    (tmp_path / "points_broken.py").write_text(source)
    entry = {"task": "points_broken:Own", "params": {"size": [1, 2]}}
    found = list(task_points([entry]))

    assert [point.params for point in found] == [{"size": 1}, {"size": 2}]
    assert source_digest(found[0])  # the file is there: to mend it is to measure something else


def test_a_task_whose_module_is_not_there_has_no_source() -> None:
    (point,) = task_points(["nowhere.to_be:Found"])

    assert source_digest(point) is None


def test_tasks_of_the_project_need_no_digest_of_their_own() -> None:
    (point,) = task_points(["ipc"])

    assert source_digest(point) is None
