"""What allocation a launch is in, by the environment that Slurm gives, and by what it answers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from experiments.launch import nodes
from experiments.launch.base import Unsupported
from tests.experiments.launch import fake_slurm


@pytest.fixture(autouse=True)
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SLURM")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", fake_slurm.install(tmp_path / "bin"))


def enter(monkeypatch: pytest.MonkeyPatch, names: str, here: str) -> None:
    for name, value in fake_slurm.job(names, here).items():
        monkeypatch.setenv(name, value)


def reason(count: int = 2) -> str:
    with pytest.raises(Unsupported) as caught:
        nodes.allocation(count)
    return str(caught.value)


def test_the_first_node_is_the_one_that_the_launch_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, "a,b,c", "b")

    assert nodes.allocation(2).names == ("b", "a")
    assert nodes.allocation(3).names == ("b", "a", "c")
    assert nodes.allocation(3).others == ("a", "c")


def test_without_a_job_it_says_how_to_get_one() -> None:
    assert reason() == (
        "it runs on 2 nodes, and this is no job of Slurm: start Poolwise in a job of 2 nodes, as "
        "by sbatch --nodes=2 --exclusive"
    )


def test_a_shell_of_salloc_is_on_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, "a,b", "a")
    monkeypatch.delenv("SLURMD_NODENAME")

    assert "this process is on none of its job's" in reason()


def test_too_few_nodes_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, "a,b", "a")

    assert reason(3).startswith("it runs on 3 nodes, and its job has 2 (a, b): start Poolwise in")


def test_slurm_that_does_not_answer_is_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(monkeypatch, "a,b", "a")
    (tmp_path / "bin/scontrol").write_text("#!/bin/sh\necho no controller >&2\nexit 1\n")

    assert reason() == "Slurm doesn't answer (no controller)"


def test_programs_that_are_missing_are_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(monkeypatch, "a,b", "a")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert reason() == "it runs on 2 nodes, and Slurm's program srun isn't on the PATH here"


def test_a_step_shares_what_the_launch_holds_and_runs_once_a_node(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    enter(monkeypatch, "a,b", "a")
    step = nodes.allocation(2).step(("a", "b"), ["true"])

    assert step[0] == "srun"
    assert {"--jobid=7", "--nodelist=a,b", "--ntasks-per-node=1", "--overlap"} < set(step)
    assert step[-1] == "true"


def test_variables_of_the_outer_step_do_not_reach_the_inner_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    enter(monkeypatch, "a,b", "a")
    monkeypatch.setenv("SLURM_MEM_PER_CPU", "512")
    monkeypatch.setenv("PMI_RANK", "0")
    monkeypatch.setenv("SLURM_CONF", "/a/file")

    left = [name for name in nodes.environment() if name.startswith(("SLURM", "PMI"))]
    assert sorted(left) == ["SLURM_CONF", "SLURM_JOB_ID"]
    assert nodes.environment()["PATH"] == os.environ["PATH"]


def test_the_address_is_that_of_the_way_to_the_other_node(monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, "a,b", "a")

    assert nodes.allocation(2).address() == "127.0.0.1"
