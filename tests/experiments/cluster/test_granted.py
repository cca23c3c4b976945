from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from experiments.cluster import granted, slurm

TOTAL = psutil.virtual_memory().total // 2**20


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "job", lambda number: {})


def test_outside_of_any_job_there_is_none() -> None:
    assert granted.job({}) is None


def test_how_often_a_job_was_put_back_is_known_below_snakemakes_plugin() -> None:
    """Which keeps most of Slurm's variables from the processes of the rules."""
    env = {"SLURM_RESTART_COUNT": "2"}
    granted.hand_on_restarts(env)
    del env["SLURM_RESTART_COUNT"]
    granted.hand_on_restarts(env)  # the snakemake within

    assert granted.restarts(env) == 2
    assert granted.restarts({}) is None


@pytest.mark.usefixtures("silent")
def test_a_job_of_slurm() -> None:
    found = granted.job(
        {"SLURM_JOB_ID": "7", "SLURMD_NODENAME": "n3", "SLURM_JOB_PARTITION": "p",
         "SLURM_CPUS_ON_NODE": "16", "SLURM_JOB_NUM_NODES": "2", "SLURM_MEM_PER_CPU": "100",
         "CUDA_VISIBLE_DEVICES": "0,1"}
    )  # fmt: skip

    assert found == {
        "manager": "slurm", "job": "7", "node": "n3", "partition": "p", "cpus": 16, "nodes": 2,
        "memory_mib": 1600, "exclusive": None, "gres": "",
        "devices": {"CUDA_VISIBLE_DEVICES": "0,1"}, "constraint": "",
    }  # fmt: skip


def test_what_slurm_says_of_the_job_fills_in(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"partition": "q", "memory_mib": 4000, "exclusive": True, "gres": "gres/gpu:1",
            "constraint": "fast"}  # fmt: skip
    monkeypatch.setattr(slurm, "job", lambda number: told)
    found = granted.job({"SLURM_JOB_ID": "7"})

    assert found is not None
    assert {key: found[key] for key in told} == told


@pytest.mark.parametrize(("key", "manager"), [("PBS_JOBID", "pbs"), ("LSB_JOBID", "lsf")])
def test_jobs_of_others(key: str, manager: str) -> None:
    found = granted.job({key: "12.server"})

    assert found is not None
    assert (found["manager"], found["job"], found["nodes"]) == (manager, "12.server", 1)


def cgroup(tmp_path: Path, line: str, files: dict[str, str]) -> tuple[Path, Path]:
    for name, text in files.items():
        (tmp_path / "fs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "fs" / name).write_text(text)
    proc = tmp_path / "cgroup"
    proc.write_text(line)
    return proc, tmp_path / "fs"


@pytest.mark.parametrize(
    ("line", "files", "limit"),
    [
        ("0::/a/b\n", {"a/memory.max": f"{512 * 2**20}\n", "a/b/memory.max": "max"}, 512),
        ("4:memory:/job\n", {"memory/job/memory.limit_in_bytes": f"{256 * 2**20}"}, 256),
        ("4:memory:/job\n", {"memory/job/memory.limit_in_bytes": "9223372036854771712"}, None),
        ("3:cpu:/job\n", {}, None),
        ("0::/\n", {"memory.max": f"{2 * TOTAL * 2**20}"}, None),
    ],
)  # fmt: skip
def test_the_tightest_memory_limit(
    tmp_path: Path, line: str, files: dict[str, str], limit: int | None
) -> None:
    assert granted.memory_limit_mib(None, *cgroup(tmp_path, line, files)) == limit


def test_what_the_job_got_is_a_limit_too(tmp_path: Path) -> None:
    places = cgroup(tmp_path, "0::/job\n", {"job/memory.max": f"{512 * 2**20}"})

    assert granted.memory_limit_mib(300, *places) == 300
    assert granted.memory_limit_mib(900, *places) == 512
    assert granted.memory_limit_mib(TOTAL * 2, tmp_path / "none", tmp_path) is None
