"""The same where another node measures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from experiments import preflight
from experiments.cluster import probe_request
from experiments.cluster.owner import owned
from experiments.cluster.submitting import Asked, Nodes
from experiments.plan import make_plan
from experiments.schema import write_atomically
from experiments.settings import ConfigError, resolve
from tests.experiments.facts import host as node_facts
from tests.experiments.preflight.driving import (
    CONFIG,
    RESULTS,
    journal,
    prepare,
    refusal,
)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Nodes:
    """Two-core nodes of a partition, as Slurm would describe them."""
    found = Nodes("slurm", "compute", 2, 60)
    monkeypatch.setattr(preflight.submitting, "nodes", lambda *_: found)
    monkeypatch.setattr(preflight.host, "probe", None)  # no host is probed here
    asks(monkeypatch)
    return found


def asks(monkeypatch: pytest.MonkeyPatch, **resources: Any) -> None:
    """What profile key 'default-resources' asks for."""
    monkeypatch.setattr(probe_request, "asked_for", lambda _: Asked("slurm", resources))


def run_and_end(**changes: Any) -> preflight.Run:
    """As in a process of its own."""
    run = prepare(**changes)
    (RESULTS / "measuring.json").unlink(missing_ok=True)
    return run


def probed(**changes: Any) -> dict[str, Any]:
    """What a node leaves: machine.json and the plan made from it."""
    settings = {k: v for k, v in resolve({**CONFIG, **changes}).items() if k in PLANNED}
    facts = {**node_facts(), "machine": "bench", "fingerprint": "f00d", "asked": ASKED}
    plan = make_plan(settings, facts)
    for name, content in (("machine", facts), ("plan", plan)):
        write_atomically(RESULTS / f"{name}.json", json.dumps(content))
    return plan


ASKED = {"pythons": ["current"], "modules": []}
PLANNED = set(resolve(CONFIG)) - {"decision", "anonymise", "again", "bundles", "cluster"}


def test_before_a_node_was_probed_nothing_is_known(
    cluster: Nodes, locks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run = prepare(machine="auto", cluster={"nodes": 3, "blocks_per_job": 2})

    assert (run.machine, run.results, run.nodes) == ("compute", "results/compute", cluster)
    assert run.settings["chains"] == 3
    assert run.blocks_per_job == 2
    assert locks == []  # nothing is measured on this host
    assert (
        "on nodes of compute (slurm, 2 CPUs each): the plan is made once" in capsys.readouterr().err
    )


@pytest.mark.usefixtures("cluster")
def test_the_plan_is_said_once_a_node_has_made_it(capsys: pytest.CaptureFixture[str]) -> None:
    run = prepare()
    capsys.readouterr()
    probed()
    run.tell_once(main=False)
    assert capsys.readouterr().err == ""
    run.tell_once(main=True)
    run.tell_once(main=True)

    assert capsys.readouterr().err.count("1 block, 3 approaches") == 1


@pytest.mark.usefixtures("cluster")
def test_what_a_node_said_before_is_planned_with(capsys: pytest.CaptureFixture[str]) -> None:
    plan = probed()
    prepare()

    assert "1 block, 3 approaches" in capsys.readouterr().err
    assert json.loads((RESULTS / "plan.json").read_text()) == plan


@pytest.mark.usefixtures("cluster")
def test_a_plan_that_would_be_another_one_now_is_made_again() -> None:
    probed()
    prepare(workers=[4], dry=True)
    assert (RESULTS / "plan.json").exists()
    prepare(workers=[4])

    assert not (RESULTS / "plan.json").exists()


@pytest.mark.usefixtures("cluster")
def test_measured_blocks_of_another_plan_are_in_the_way_there_too() -> None:
    plan = probed()
    journal(plan["blocks"][0], plan["code_digest"])

    assert "holds results of another plan" in refusal(workers=[4])[0]
    assert (RESULTS / "plan.json").exists()


@pytest.mark.usefixtures("cluster")
def test_measured_blocks_are_in_the_way_even_where_a_node_has_to_be_probed_again() -> None:
    """Another executor needs another module, which the node was not asked for."""
    plan = probed()
    journal(plan["blocks"][0], plan["code_digest"])
    (line,) = refusal(executors=["threads", "loky"])

    assert "holds results of another plan" in line
    assert "nothing was touched" in line
    assert json.loads((RESULTS / "plan.json").read_text()) == plan
    assert (RESULTS / "machine.json").exists()


@pytest.mark.usefixtures("cluster")
def test_what_is_added_beside_measured_blocks_has_a_node_probed() -> None:
    plan = probed()
    journal(plan["blocks"][0], plan["code_digest"])
    (RESULTS / "ceiling.csv").touch()
    run = prepare(tasks=["math_python", "math_numpy"])

    assert run.plan_comes
    assert (RESULTS / "ceiling.csv").exists()  # no other kind of node may follow
    assert run.probed["modules"] == ["numpy"]


@pytest.mark.usefixtures("cluster")
def test_a_node_that_is_probed_again_has_its_own_ceiling() -> None:
    """Nothing is measured: it may be one of another kind."""
    probed()
    (RESULTS / "ceiling.csv").touch()
    prepare(tasks=["math_python", "math_numpy"], dry=True)
    assert (RESULTS / "ceiling.csv").exists()
    prepare(tasks=["math_python", "math_numpy"])

    assert not (RESULTS / "ceiling.csv").exists()


@pytest.mark.usefixtures("cluster")
def test_after_a_refused_probe_the_tables_have_a_node_probed_again() -> None:
    """Snakemake would take them for all there is to do, though machine.json is gone."""
    plan = probed()
    journal(plan["blocks"][0], plan["code_digest"])
    tables = [RESULTS / "launches.csv", RESULTS / "summary.csv"]
    for table in tables:
        table.touch()
    run_and_end(tasks=["math_python", "math_numpy"])
    assert all(table.exists() for table in tables)
    (RESULTS / "machine.json").unlink()
    run_and_end(tasks=["math_python", "math_numpy"], dry=True)
    assert all(table.exists() for table in tables)
    run_and_end(tasks=["math_python", "math_numpy"])

    assert not any(table.exists() for table in tables)
    assert len(list(RESULTS.glob("blocks/*/journal.jsonl"))) == 1


@pytest.mark.usefixtures("cluster")
def test_other_interpreters_than_were_measured_are_in_the_way() -> None:
    plan = probed()
    facts = json.loads((RESULTS / "machine.json").read_text())
    facts["asked"]["pythons"] = ["3.9"]
    (RESULTS / "machine.json").write_text(json.dumps(facts))
    assert prepare(dry=True).plan_comes
    journal(plan["blocks"][0], plan["code_digest"])

    assert "config key 'pythons' was ['3.9'] when its blocks were measured" in refusal()[0]


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize("change", [{"executors": ["threads", "loky"]}, {"workers": [4]}])
def test_again_keeps_what_was_measured_otherwise(
    change: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    plan = probed()
    journal(plan["blocks"][0], plan["code_digest"])
    run = prepare(again=True, **change)
    (kept,) = (RESULTS / "history").iterdir()

    assert run.plan_comes
    assert f"is kept in {kept.as_posix()}" in capsys.readouterr().err
    assert (kept / "blocks" / plan["blocks"][0]["block"] / "journal.jsonl").exists()
    assert (kept / "machine.json").exists()


@pytest.mark.usefixtures("cluster")
def test_a_node_is_probed_again_where_the_cluster_is_asked_for_something_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asks(monkeypatch, mem_mb=1000)
    run_and_end()
    plan = probed()
    assert not run_and_end().plan_comes
    monkeypatch.setattr(preflight.submitting, "nodes", lambda *_: Nodes("slurm", "compute", 4, 60))
    asks(monkeypatch, mem_mb=2000)
    assert run_and_end(dry=True).plan_comes
    assert json.loads((RESULTS / "plan.json").read_text()) == plan
    capsys.readouterr()
    assert run_and_end().plan_comes

    assert (
        "the cluster is asked for cpus 4, before 2; mem_mb 2000, before 1000: a node is "
        "probed again" in capsys.readouterr().err
    )
    assert not (RESULTS / "machine.json").exists()
    assert not (RESULTS / "plan.json").exists()


@pytest.mark.usefixtures("cluster")
def test_measured_blocks_keep_the_grant_that_they_were_planned_with(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_and_end()
    plan = probed()
    journal(plan["blocks"][0], plan["code_digest"])
    asks(monkeypatch, mem_mb=2000)
    assert not run_and_end().plan_comes

    said = capsys.readouterr().err
    assert "asked for mem_mb 2000, before not given; the plan stays as it was, as 1 of its" in said
    assert json.loads((RESULTS / "plan.json").read_text()) == plan


@pytest.mark.usefixtures("cluster")
def test_a_snakemake_inside_a_job_checks_nothing(
    locks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    how: dict[str, Any] = {"given": {}, "cores": None, "dry": False, "errand": False}
    run = preflight.prepare(CONFIG, remote=True, **how)

    assert run.nodes is not None
    assert capsys.readouterr().err == ""
    assert not RESULTS.exists()


def test_what_slurm_can_not_do_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def nodes(*_: Any) -> None:
        raise ConfigError("no partition 'x'")

    monkeypatch.setattr(preflight.submitting, "nodes", nodes)

    assert refusal() == ["Poolwise: no partition 'x'"]


def test_cluster_keys_mean_nothing_on_this_host(locks: list[str]) -> None:
    run = prepare(cluster={"nodes": 3})

    assert run.nodes is None
    assert "chains" not in run.settings
    assert "cluster" not in run.settings


@pytest.mark.usefixtures("cluster")
def test_two_runs_do_not_submit_jobs_into_one_folder() -> None:
    run = prepare()
    (line,) = refusal()

    assert run.owner is not None
    assert "results/bench/measuring.json: process" in line
    assert "is measuring into this folder" in line
    assert prepare(dry=True).owner is None


@pytest.mark.usefixtures("cluster")
def test_again_moves_nothing_under_another_run_and_leaves_its_own_hold() -> None:
    probed()
    (RESULTS / "bundle.zip").touch()
    with owned(RESULTS):
        (line,) = refusal(again=True)
        assert "is measuring into this folder" in line
        assert (RESULTS / "bundle.zip").exists()
    assert prepare(again=True).owner is not None

    assert (RESULTS / "history" / "unknown" / "bundle.zip").exists()
    assert [path.name for path in RESULTS.glob("**/measuring.json")] == ["measuring.json"]
    assert (RESULTS / "measuring.json").exists()
