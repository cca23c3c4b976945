from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from experiments.cluster import granted, slurm, submitting
from experiments.cluster.submitting import Nodes, nodes
from experiments.settings import ConfigError

PARTITION = slurm.Partition("main", 90, (slurm.Kind(16, 64000, "amd", "", ("n1", "n2")),))
SLURM = ["--executor", "slurm", "--jobs", "2"]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """A Slurm that says what the dictionary holds, and notes what it was asked."""
    told: dict[str, Any] = {"partition": PARTITION, "refusal": None, "missing": None,
                            "memory_of_jobs": (300, False)}  # fmt: skip

    def partition(name: str | None, constraint: str = "") -> slurm.Partition:
        told["named"] = (name, constraint)
        found: slurm.Partition = told["partition"]
        return found

    def refusal(options: list[str]) -> str | None:
        told["options"] = options
        return told["refusal"]  # type: ignore[no-any-return]

    monkeypatch.chdir(tmp_path)  # no workflow, and so no profile that is taken by itself
    monkeypatch.delenv(submitting.VARIABLE, raising=False)
    monkeypatch.setattr(slurm, "partition", partition)
    monkeypatch.setattr(slurm, "refusal", refusal)
    monkeypatch.setattr(slurm, "missing", lambda: told["missing"])
    monkeypatch.setattr(slurm, "memory_of_jobs", lambda: told["memory_of_jobs"])
    return told


def test_on_this_host_there_are_none(site: dict[str, Any]) -> None:
    assert nodes(["--cores", "all"], {}, remote=False) is None
    assert nodes(["no such command line --at-all"], {}, remote=False) is None


def test_slurm_is_asked_for_all_cpus_of_a_node(site: dict[str, Any]) -> None:
    resources = ["--default-resources", "slurm_partition=main", "constraint='a&b'", "mem_mb=4000",
                 "slurm_account=me", "slurm_extra='--exclusive'"]  # fmt: skip
    found = nodes([*SLURM, *resources], {}, remote=False)

    assert found == Nodes("slurm", "main-a-b", 16, 90)
    assert site["named"] == ("main", "a&b")
    assert site["options"] == [
        "--partition=main", "--ntasks=1", "--cpus-per-task=16", "--time=10", "--account=me",
        "--constraint=a&b", "--mem=4000", "--exclusive",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "options"),
    [
        (["--default-resources", "gres=gpu:2", "mem_mb_per_cpu=250"],
         ["--mem-per-cpu=250", "--gres=gpu:2"]),
        (["--default-resources", "gpu=2", "gpu_model=a100"], ["--gpus=a100:2"]),
        (["--default-resources", "gpu=1"], ["--gpus=1"]),
        (["--slurm-qos", "long", "--slurm-reservation", "course"],
         ["--qos=long", "--reservation=course"]),
    ],
)  # fmt: skip
def test_slurm_is_asked_for_what_a_job_will_ask_for(
    site: dict[str, Any], given: list[str], options: list[str]
) -> None:
    nodes([*SLURM, *given], {}, remote=False)

    assert site["options"][4:] == options


@pytest.mark.parametrize(
    ("resource", "says"),
    [
        ("partition=gpu", "partition is no resource of Slurm's.*: slurm_partition is"),
        ("account=me", "slurm_account is"),
        ("slurm_partiton=gpu", "slurm_partiton is no resource.*: slurm_partition is"),
        ("slurm_acount=30*attempt", "slurm_acount is no resource.*: slurm_account is"),
    ],
)
def test_a_resource_that_nobody_would_read_is_refused(
    site: dict[str, Any], resource: str, says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        nodes([*SLURM, "--default-resources", resource], {}, remote=False)


@pytest.mark.parametrize(
    ("resource", "warns"),
    [("slurm_colour=red", True), ("slurm_cluster=one", False), ("qos=long", False)],
)
@pytest.mark.usefixtures("site")
def test_a_resource_that_nobody_may_read_is_warned_of(
    capsys: pytest.CaptureFixture[str], resource: str, warns: bool
) -> None:
    assert nodes([*SLURM, "--default-resources", resource], {}, remote=False)

    assert ("slurm_colour may be no resource of" in capsys.readouterr().err) is warns


@pytest.mark.parametrize("dry", [False, True])
@pytest.mark.usefixtures("site")
def test_blocks_over_more_nodes_than_there_are_would_wait_for_ever(dry: bool) -> None:
    for fine in ([1, 2], "auto", None, ["x"], 7):  # what is wrong of it the config's check says
        assert nodes(SLURM, {"nodes": fine}, remote=False, dry=dry)
    with pytest.raises(ConfigError, match="key 'nodes': 64 nodes, and partition main has 2 that"):
        nodes(SLURM, {"nodes": [1, 64]}, remote=False, dry=dry)


def test_the_snakemake_inside_a_job_knows_what_was_found(
    site: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(granted.RESTARTS, "3")  # of a job that this one is typed in
    found = nodes(SLURM, {}, remote=False)
    assert granted.restarts() is None
    site["partition"] = None
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")

    assert nodes([], {}, remote=True) == found
    monkeypatch.delenv("SLURM_RESTART_COUNT")
    assert granted.restarts() == 1


def test_the_config_says_how_many_cpus(site: dict[str, Any]) -> None:
    found = nodes(SLURM, {"cluster": {"cpus": 4}}, remote=False)

    assert found is not None
    assert found.cpus == 4


def test_nodes_of_several_sizes_need_a_choice(site: dict[str, Any]) -> None:
    other = slurm.Kind(64, 256000, "intel", "", ("n3",))
    site["partition"] = slurm.Partition("main", None, (*PARTITION.kinds, other))

    with pytest.raises(ConfigError, match=r"several kinds \(n1 and 1 more: 16 CPUs.*; n3: 64 CPUs"):
        nodes(SLURM, {}, remote=False)
    assert nodes(SLURM, {"cluster": {"cpus": 16}}, remote=False)


@pytest.mark.parametrize(
    ("change", "resources", "says"),
    [
        ({"missing": "sbatch isn't on the PATH"}, [], "sbatch isn't on the PATH"),
        ({"refusal": "Invalid account"}, [], "would refuse a job of 16 CPUs: Invalid account"),
        ({}, ["mem_mb=100"], "mem_mb=100 is too little: the snakemake inside a job needs 500"),
        ({}, ["mem_mb=4000", "mem_mb_per_cpu=5"], "mem_mb_per_cpu=5 for 16 CPUs is too little"),
    ],
)
def test_what_keeps_jobs_from_running_is_told_at_once(
    site: dict[str, Any], change: dict[str, Any], resources: list[str], says: str
) -> None:
    site.update(change)
    given = ["--default-resources", *resources] if resources else []

    with pytest.raises(ConfigError, match=says):
        nodes([*SLURM, *given], {}, remote=False)


@pytest.mark.parametrize(
    ("memory", "command", "says"),
    [
        ((60, False), [], "forgets a job 60 s after its end.*ask your administrator"),
        ((60, False), ["--slurm-status-command", "sacct"], "ask your administrator"),
        ((199, True), [], "give --slurm-status-command sacct"),
        ((60, True), ["--slurm-status-command", "sacct"], None),
        ((200, False), [], None),
        ((None, False), [], None),
    ],
)
def test_a_job_may_not_be_forgotten_before_its_end_was_seen(
    site: dict[str, Any], memory: tuple[int | None, bool], command: list[str], says: str | None
) -> None:
    site["memory_of_jobs"] = memory
    if says is None:
        assert nodes([*SLURM, *command], {}, remote=False)
    else:
        with pytest.raises(ConfigError, match=says):
            nodes([*SLURM, *command], {}, remote=False)


def test_a_dry_run_asks_for_no_job(site: dict[str, Any]) -> None:
    site["refusal"] = "Invalid account"

    assert nodes(SLURM, {}, remote=False, dry=True)
    assert "options" not in site


def test_other_executors_are_told_by_the_config(
    site: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        submitting, "asked_for", lambda argv: submitting.Asked("cluster-generic", {})
    )
    with pytest.raises(ConfigError, match=r"'cluster.cpus' and 'machine': cluster-generic can't"):
        nodes([], {}, remote=False)
    with pytest.raises(ConfigError, match="'machine': cluster-generic can't tell"):
        nodes([], {"cluster": {"cpus": 8}}, remote=False)
    config = {"cluster": {"cpus": 8}, "machine": "icelake"}
    found = nodes([], config, remote=False)

    assert found == Nodes("cluster-generic", "icelake", 8)
    # inside a job, where the environment may not have come along
    monkeypatch.delenv(submitting.VARIABLE)
    inside = nodes([], config, remote=True)
    assert inside is not None
    assert (inside.machine, inside.cpus) == ("icelake", 8)


def test_no_job_asks_for_more_time_than_the_partition_allows() -> None:
    assert Nodes("slurm", "m", 1, 60).minutes(90) == 60
    assert Nodes("slurm", "m", 1, 60).minutes(10) == 10
    assert Nodes("slurm", "m", 1, None).minutes(90) == 90


def test_the_times_of_blocks_in_one_job_add_up() -> None:
    assert Nodes("slurm", "m", 1, 60).minutes(90, of=4) == 15
    assert Nodes("slurm", "m", 1, 60).minutes(10, of=4) == 10
    assert Nodes("slurm", "m", 1, None).minutes(90, of=4) == 90


@pytest.mark.parametrize(
    ("most", "together", "minutes"), [(None, True, 10), (60, True, 10), (9, True, 3), (2, False, 2)]
)
def test_the_first_rules_share_a_job_where_its_time_allows(
    most: int | None, together: bool, minutes: int
) -> None:
    found = Nodes("slurm", "m", 1, most)

    assert (found.start_together(), found.start_minutes()) == (together, minutes)


def test_expressions_are_left_to_slurm(site: dict[str, Any]) -> None:
    given = ["--default-resources", "runtime=30*attempt", "mem_mb=max(2*input.size_mb, 100)"]
    nodes([*SLURM, *given], {}, remote=False)

    assert site["options"] == [
        "--partition=main", "--ntasks=1", "--cpus-per-task=16", "--time=10",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("env", "programs", "names", "warns"),
    [
        ({}, True, {"n1"}, True),
        ({}, True, {"here"}, False),
        ({}, True, set(), False),
        ({}, False, {"n1"}, False),
        ({"SLURM_JOB_ID": "7", "SLURMD_NODENAME": "n1"}, True, {"n1"}, False),
        ({"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n1"}, True, {"n1"}, True),  # of salloc
        ({"PBS_JOBID": "7"}, True, {"n1"}, False),
    ],
)
def test_a_login_node_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], programs: bool, names: set[str],
    warns: bool
) -> None:  # fmt: skip
    for name in ("SLURM_JOB_ID", "SLURMD_NODENAME", "PBS_JOBID", "LSB_JOBID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(granted, "node", lambda: "here")
    monkeypatch.setattr(submitting.shutil, "which", lambda name: name if programs else None)
    monkeypatch.setattr(slurm, "nodes", lambda: names)

    assert ("login node" in submitting.warning()) is warns
    if warns:
        assert ("srun --ntasks=1" if env else "--executor slurm") in submitting.warning()
