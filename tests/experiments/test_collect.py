from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.collect import collect, join
from experiments.schema import LATENCIES, LAUNCHES, SAMPLES, read, write


def block(results: Path, name: str, **launch: Any) -> None:
    """A block's files as the conductor leaves them."""
    folder = results / "blocks" / name
    write(LAUNCHES, [{"launch_id": f"{name}/0", "block": name, **launch}], folder / "launches.csv")
    write(SAMPLES, [{"launch_id": f"{name}/0", "wall_seconds": 1 / 3}], folder / "samples.csv")
    bucket = {"launch_id": f"{name}/0", "latency_ms": 1 / 3, "count": 7}
    write(LATENCIES, [bucket], folder / "latencies.csv")
    (folder / "run.json").write_text(json.dumps({"block": name}))


@pytest.fixture
def results(tmp_path: Path) -> Path:
    plan = {"blocks": [{"block": "b"}, {"block": "a"}]}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    block(tmp_path, "a", reason="with, a comma\nand a line")
    block(tmp_path, "b")
    return tmp_path


def test_the_blocks_are_joined_in_the_plans_order(results: Path) -> None:
    collect(results)

    assert list(read(LAUNCHES, results / "launches.csv")["block"]) == ["b", "a"]
    assert [run["block"] for run in json.loads((results / "runs.json").read_text())] == ["b", "a"]


def test_values_are_joined_byte_for_byte(results: Path) -> None:
    collect(results)

    assert read(LAUNCHES, results / "launches.csv")["reason"][1] == "with, a comma\nand a line"
    assert list(read(SAMPLES, results / "samples.csv")["wall_seconds"]) == [1 / 3, 1 / 3]
    assert list(read(LATENCIES, results / "latencies.csv")["latency_ms"]) == [1 / 3, 1 / 3]


def test_blocks_without_latencies_add_nothing(results: Path) -> None:
    write(LATENCIES, [], results / "blocks" / "b" / "latencies.csv")
    collect(results)

    assert list(read(LATENCIES, results / "latencies.csv")["launch_id"]) == ["a/0"]


def test_a_block_that_is_no_part_of_the_plan_stays_out(results: Path) -> None:
    block(results, "of_an_older_plan")
    collect(results)

    assert len(read(LAUNCHES, results / "launches.csv")) == 2


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "samples.csv"
    path.write_text("launch_id,phase\n")

    with pytest.raises(ValueError, match=r"samples\.csv: its columns are not those of the samples"):
        join(SAMPLES, [path])


def a_node(fingerprint: str, **more: Any) -> dict[str, Any]:
    return {"node": {"node": "n7", "fingerprint": fingerprint}, **more}


def said(results: Path, name: str, **more: Any) -> None:
    """What its run.json says besides."""
    path = results / "blocks" / name / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **more}))


def test_two_kinds_of_node_are_never_mixed(results: Path) -> None:
    plan = json.loads((results / "plan.json").read_text())
    (results / "plan.json").write_text(json.dumps({**plan, "fingerprint": "beef"}))
    said(results, "b", **a_node("beef"))
    said(results, "a", **a_node("f00d"))

    with pytest.raises(
        ValueError,
        match=r"1 of its blocks, as a on node n7, are of another kind of node \(fingerprint f00d\) "
        r"than the plan \(beef\): to measure them again on this kind, move away .*/blocks/a$",
    ):
        collect(results)
    assert not (results / "launches.csv").exists()
    said(results, "a", **a_node("f00d", measured_on_other_nodes={}))  # kept elsewhere: no rows
    collect(results)
