"""Nodes of a cluster: named beside the machine, other kinds never mixed in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from reports import method, nodes, notes, other_nodes
from reports.bundle.error import EntryError
from reports.bundle.identifying import Identity
from reports.bundle.shapes import check
from reports.load import Results, load
from tests.reports import synthetic
from tests.reports.conftest import finish

WORD = {"node": "odd7", "fingerprint": "beef", "folder": "other-nodes/beef",
        "differences": ["cpu_model Z, not Y"]}  # fmt: skip
#: what runs.json says of a block that has no rows here
NOTHING = {"measured_on_other_nodes": WORD, "launches": 0, "samples": 0, "latencies": 0}
JOB = {"manager": "slurm", "job": "7", "node": "fast3", "partition": "gold", "cpus": 2, "nodes": 1,
       "memory_mib": 4096, "exclusive": True, "gres": "gres/gpu:1", "devices": {},
       "constraint": "skylake"}  # fmt: skip


def change(folder: Path, name: str, edit: Any) -> None:
    content = json.loads((folder / name).read_text())
    edit(content)
    (folder / name).write_text(json.dumps(content))


def measured_on(folder: Path, *names: str, exclusive: bool | None = True) -> None:
    """Each block on a node, in the order of runs.json."""

    def edit(runs: list[dict[str, Any]]) -> None:
        for run, name in zip(runs, names, strict=True):
            run["node"] = {"node": name, "partition": "gold", "exclusive": exclusive, "cpus": [0]}

    change(folder, "runs.json", edit)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    scenes = [synthetic.cpu_scene(), synthetic.cpu_scene("data_processing")]
    return synthetic.write(tmp_path / "bench", scenes)


def fact(results: Results, name: str) -> str | None:
    return dict(method.machine_facts(results)).get(name)


def test_on_one_host_nothing_is_said(folder: Path) -> None:
    results = load(folder)

    assert nodes.facts(results) == []
    assert nodes.apart(results) == nodes.shared(results) == ""


def test_the_grant_and_the_nodes_stand_beside_the_machine(folder: Path) -> None:
    measured_on(folder, "fast3", "fast4")
    change(folder, "machine.json", lambda m: m.update(job=JOB, memory_limit_mib=4096))
    results = load(folder)

    assert fact(results, "Nodes") == "fast3 (1 block) and fast4 (1 block)"
    assert fact(results, "Job") == (
        "slurm, partition gold; constraint skylake; its node held alone; memory limit 4.00 GiB; "
        "devices gres/gpu:1"
    )


def test_a_shared_node_is_warned_of(folder: Path) -> None:
    measured_on(folder, "fast3", "fast4", exclusive=False)
    results = load(folder)

    assert "Other jobs may have shared the node" in nodes.shared(results)
    assert results.blocks[0].name in nodes.shared(results)


@pytest.fixture
def apart(folder: Path) -> Results:
    """The second block was measured by a node of another kind."""
    measured_on(folder, "fast3", "odd7")
    change(folder, "runs.json", lambda runs: runs[1].update(NOTHING))
    name = json.loads((folder / "runs.json").read_text())[1]["block"]
    for table, key in ((schema.LAUNCHES, "block"), (schema.SAMPLES, None)):
        path = folder / f"{table.name}.csv"
        frame = schema.read(table, path)
        kept = frame[frame[key] != name] if key else frame[~frame["launch_id"].str.startswith(name)]
        rows = [{str(k): v for k, v in row.items()} for row in kept.to_dict("records")]
        schema.write(table, rows, path)
    return load(folder)


def test_a_block_of_another_kind_of_node_is_not_in_the_results(apart: Results) -> None:
    assert [block.task for block in apart.blocks] == ["math_python"]
    assert [block["task"] for block in apart.plan["blocks"]] == ["math_python"]
    (moved,) = apart.away
    assert nodes.apart(apart) == (
        "Not in this report: 1 block, which nodes of another kind have measured, as machines are "
        f"never mixed: {moved} on odd7 (cpu_model Z, not Y), in other-nodes/beef. Each of these "
        "folders has a report of its own."
    )
    assert fact(apart, "Nodes") == "fast3 (1 block)"


def test_all_steps_work_without_it_and_the_first_page_tells(apart: Results) -> None:
    results = finish(apart.folder)
    told = notes.notes(results, results.table(schema.VERDICT_TABLE))

    assert nodes.apart(results) in told.trouble


def test_an_anonymous_bundle_names_no_node_and_no_partition(apart: Results) -> None:
    change(apart.folder, "machine.json", lambda m: m.update(job=JOB))
    identity = Identity(load(apart.folder))
    text = identity.replaced("blocks on fast3 and odd7 of gold")

    assert text == "blocks on node-1 and node-2 of partition"


@pytest.mark.parametrize(
    "value", [{"node": 7}, {"cpus": ["x"]}, {"exclusive": "yes"}, {"partition": ["p"]}]
)
def test_a_strangers_node_has_to_have_the_shape_of_one(value: dict[str, Any]) -> None:
    check("runs.json", [{"block": "a", "node": {"node": "n", "cpus": [1], "exclusive": None}}])
    with pytest.raises(EntryError, match=r"0\.node"):
        check("runs.json", [{"block": "a", "node": value}])


def test_without_other_kinds_the_list_is_empty(folder: Path) -> None:
    other_nodes.write(folder)

    assert json.loads((folder / other_nodes.OUT).read_text()) == []


@pytest.mark.slow
def test_each_other_kind_gets_its_report(folder: Path) -> None:
    scenes = [synthetic.cpu_scene()]
    other = synthetic.write(folder / "other-nodes" / "beef", scenes)
    (other / "planned.json").write_text("{}")
    assert other_nodes.main([str(folder)]) == 0

    assert json.loads((folder / other_nodes.OUT).read_text()) == ["other-nodes/beef"]
    assert (other / "report.html").exists()
    assert (other / "bundle.zip").exists()


def test_a_step_that_fails_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = folder / "other-nodes" / "beef"
    other.mkdir(parents=True)
    (other / "planned.json").write_text("{}")

    assert other_nodes.main([str(folder)]) == 1
    assert "beef: summarise failed: error:" in capsys.readouterr().err
