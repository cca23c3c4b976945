from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments import host as host_facts
from experiments import schema
from experiments.cluster import granted, kinds, node
from experiments.cluster.node import Here, NodeError
from experiments.collect import collect_others
from experiments.schema.elsewhere import MARK, folders, measured_elsewhere
from tests.experiments import facts


@pytest.fixture
def probed() -> dict[str, Any]:
    """What a run's machine.json says: this very machine."""
    return host_facts.probe("main")


def on(probed: dict[str, Any], **changes: Any) -> Here:
    return Here("n2", {**probed, **changes})


def planned(cpus: list[int] | None, cores: int = 2) -> dict[str, Any]:
    return {"blocks": [{"block": "a"}, {"block": "b", "cpus": cpus, "cores": cores}]}


def test_this_node_is_of_the_kind_that_was_probed(probed: dict[str, Any]) -> None:
    here = node.look(probed)

    assert here.fingerprint == probed["fingerprint"]
    assert node.differences(here, probed) == []
    assert here.name == granted.node()


def test_what_makes_a_node_another_kind_is_named(probed: dict[str, Any]) -> None:
    here = on(probed, cpu_model="Other", logical_cpus=probed["logical_cpus"] + 2)

    assert here.fingerprint != probed["fingerprint"]
    assert node.differences(here, probed) == [
        f"cpu_model Other, not {probed['cpu_model']}",
        f"logical_cpus {probed['logical_cpus'] + 2}, not {probed['logical_cpus']}",
    ]


@pytest.mark.parametrize(("share", "alike"), [(1.009, True), (0.991, True), (1.5, False)])
def test_a_few_mib_of_memory_make_no_other_kind(
    probed: dict[str, Any], monkeypatch: pytest.MonkeyPatch, share: float, alike: bool
) -> None:
    """Whichever GiB its memory rounds to."""
    hardware = {**host_facts.hardware(), "memory_mib": round(7.5 * 1024 * share)}
    monkeypatch.setattr(host_facts, "hardware", lambda: hardware)
    kind = {**probed, "memory_mib": round(7.5 * 1024)}
    here = node.look(kind)

    assert (here.fingerprint == host_facts.fingerprint(kind)) == alike
    assert (node.differences(here, kind) == []) == alike


def test_cpus_that_the_job_has_are_kept(probed: dict[str, Any]) -> None:
    plan = planned([3, 5])

    assert node.placed(plan, on(probed, core_order=[5, 4, 3], usable_cores=3), "b") == plan
    assert node.placed(planned(None), on(probed, core_order=[1]), "b") == planned(None)


def test_an_equal_node_may_number_its_cpus_differently(probed: dict[str, Any]) -> None:
    found = node.placed(planned([0, 1]), on(probed, core_order=[9, 8, 7], usable_cores=3), "b")

    assert found["blocks"][1]["cpus"] == [9, 8]


def test_too_few_cpus_are_refused_with_what_limits_them(probed: dict[str, Any]) -> None:
    here = on(probed, core_order=[4], usable_cores=1, limits=["CPU affinity allows 1 of 8"])

    with pytest.raises(NodeError, match=r"n2: block b needs 2 cores.*CPU affinity allows 1 of 8"):
        node.placed(planned([0, 1]), here, "b")


def test_a_quota_below_the_cpus_that_are_shown_is_refused(probed: dict[str, Any]) -> None:
    here = on(probed, core_order=[0, 1], usable_cores=1, limits=["the CPU quota grants 1 cores"])

    with pytest.raises(NodeError, match=r"block b needs 2 cores.*the CPU quota grants 1 cores"):
        node.placed(planned([0, 1]), here, "b")


def test_what_run_json_keeps_of_a_node(probed: dict[str, Any]) -> None:
    job = {"manager": "slurm", "job": "7", "partition": "p", "exclusive": True, "gres": "gpu:1",
           "devices": {"CUDA_VISIBLE_DEVICES": "0"}}  # fmt: skip
    found = on(probed, job=job, memory_limit_mib=4000).described([3])

    assert found == {
        "node": "n2", "fingerprint": probed["fingerprint"], "manager": "slurm", "job": "7",
        "partition": "p", "cpus": [3], "memory_limit_mib": 4000, "exclusive": True,
        "gres": "gpu:1", "devices": {"CUDA_VISIBLE_DEVICES": "0"},
    }  # fmt: skip


def test_files_lie_on_the_nodes_own_disk_and_go_with_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, disk = tmp_path / "results", tmp_path / "disk"
    disk.mkdir()
    with node.scratch(results, str(disk)):
        root = node.scratch_root(results)
        assert root.parent == disk
        assert node.scratch_root(tmp_path / "others") != root
        with monkeypatch.context() as patch:  # /scratch may be one that all nodes share
            patch.setenv("SLURMD_NODENAME", "another")
            assert node.scratch_root(results) != root
        root.mkdir()
        (root / "file").touch()
    assert list(disk.iterdir()) == []
    assert node.scratch_root(results) == results / "scratch"


def test_a_disk_that_is_not_there(tmp_path: Path) -> None:
    with (
        pytest.raises(NodeError, match=r"nowhere: no such folder on .*tmpdir must name a folder"),
        node.scratch(tmp_path, str(tmp_path / "nowhere")),
    ):
        pass


@pytest.fixture
def other(
    tmp_path: Path, probed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, Any], Here]:
    """A plan, and a node of another kind whose own ceiling isn't really measured here."""
    monkeypatch.setattr(
        kinds, "measure_ceiling", lambda host, seed, path: schema.write(schema.CEILING, [], path)
    )
    return facts.plan(probed, workers=[2]), on(probed, cpu_model="Other")


def test_another_kind_gets_a_results_folder_of_its_own(
    tmp_path: Path, probed: dict[str, Any], other: tuple[dict[str, Any], Here]
) -> None:
    plan, here = other
    folder, theirs, machine = kinds.prepared(tmp_path, plan, here, probed)
    (block,) = [block["block"] for block in plan["blocks"]]
    kinds.check_planned(theirs, block, plan, here, probed)
    with pytest.raises(
        NodeError,
        match=r"n2 is another kind of node than was probed \(cpu_model Other, .*: block x is no "
        r"part of its plan, as it has \d+ usable cores \(.*constraint=FEATURE, with --config mach",
    ):
        kinds.check_planned(theirs, "x", plan, here, probed)

    assert folder == tmp_path / "other-nodes" / here.fingerprint
    assert machine["machine"] == f"{plan['machine']}-{here.fingerprint[:8]}"
    assert folders(tmp_path) == [folder]
    # the second block of that kind finds it made
    before = (folder / "planned.json").stat().st_mtime_ns
    kinds.prepared(tmp_path, plan, here, probed)
    assert (folder / "planned.json").stat().st_mtime_ns == before


def test_another_kind_that_can_not_measure_the_plan_says_why(
    tmp_path: Path, probed: dict[str, Any], other: tuple[dict[str, Any], Here],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """As with fewer cores than config key `cores` names."""
    plan, here = other
    fewer = facts.host(1)
    monkeypatch.setattr(host_facts, "probe", lambda *_, **__: fewer)
    plan = {**plan, "settings": {**plan["settings"], "cores": [2]}}

    with pytest.raises(
        NodeError,
        match=r"can't do this: config key 'cores': 2 asked for, but only 1 usable here .*"
        "what was measured is kept, a rerun goes on from there",
    ):
        kinds.prepared(tmp_path, plan, here, probed)
    assert folders(tmp_path) == []


def test_the_runs_own_folder_says_where_a_block_went(
    tmp_path: Path, probed: dict[str, Any], other: tuple[dict[str, Any], Here]
) -> None:
    plan, here = other
    name = plan["blocks"][0]["block"]
    folder, log = tmp_path / "blocks" / name, tmp_path / "log"
    kinds.leave_word(folder, name, here, probed, "other-nodes/x", log)
    run = content(folder / "run.json")

    assert schema.read(schema.LAUNCHES, folder / "launches.csv").empty
    assert dict(measured_elsewhere([run, {"block": "b"}, {"block": "c", MARK: "odd"}])) == {
        name: {
            "node": "n2", "fingerprint": here.fingerprint, "folder": "other-nodes/x",
            "differences": [f"cpu_model Other, not {probed['cpu_model']}"],
        }
    }  # fmt: skip
    assert log.read_text() == (
        f"{name}: measured on n2, a node of another kind (cpu_model Other, not "
        f"{probed['cpu_model']}): kept in other-nodes/x\n"
    )


def test_only_what_was_measured_there_is_collected_there(
    tmp_path: Path, probed: dict[str, Any], other: tuple[dict[str, Any], Here]
) -> None:
    _, here = other
    plan = facts.plan(probed, workers=[2], tasks=["math_python", "ipc"])
    folder, theirs, _ = kinds.prepared(tmp_path, plan, here, probed)
    name = theirs["blocks"][1]["block"]
    kinds.leave_word(folder / "blocks" / name, name, here, probed, "x", tmp_path / "log")
    collect_others(tmp_path)

    assert [one["block"] for one in content(folder / "plan.json")["blocks"]] == [name]
    assert len(content(folder / "planned.json")["blocks"]) == 2
    assert [one["block"] for one in content(folder / "runs.json")] == [name]


def content(path: Path) -> Any:
    return json.loads(path.read_text())
