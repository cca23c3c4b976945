from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments import schema
from reports.load import ResultsError, load
from tests.reports import synthetic


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return synthetic.write(tmp_path / "bench", [synthetic.cpu_scene()])


def test_a_folder_comes_back_as_typed_records(folder: Path) -> None:
    block = load(folder).blocks[0]
    assert (block.subject, block.place, block.kind) == ("math_python", "2 cores", "cpu")
    assert block.approaches[0].label == "sequential"
    assert block.approaches[0].key == (synthetic.PYTHON, "sequential", "{}", 1)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="nowhere: no such results folder"):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["machine.json", "plan.json", "runs.json"])
def test_a_missing_or_broken_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text("{not json")
    with pytest.raises(ResultsError, match=f"{name}: not JSON"):
        load(folder)
    (folder / name).unlink()
    with pytest.raises(ResultsError, match=f"{name}: can't be read"):
        load(folder)


def test_a_missing_key_is_named_with_its_place(folder: Path) -> None:
    plan = json.loads((folder / "plan.json").read_text())
    del plan["blocks"][0]["approaches"][1]["workers"]
    (folder / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(ResultsError, match=r"blocks\[0\]: approaches\[1\]: 'workers' is missing"):
        load(folder)


def test_a_file_of_another_shape_is_refused(folder: Path) -> None:
    (folder / "runs.json").write_text("{}")
    with pytest.raises(ResultsError, match=r"runs.json: must be a list, is dict"):
        load(folder)


def test_a_missing_table_says_how_to_make_it(folder: Path) -> None:
    with pytest.raises(ResultsError, match=r"summary.csv: not there.*reports.summarise"):
        load(folder).table(schema.SUMMARY)


def test_a_missing_column_is_named(folder: Path) -> None:
    text = (folder / "samples.csv").read_text()
    (folder / "samples.csv").write_text(text.replace("wall_seconds", "seconds", 1))
    with pytest.raises(ResultsError, match=r"samples.csv: column 'wall_seconds' is missing"):
        load(folder).table(schema.SAMPLES)
