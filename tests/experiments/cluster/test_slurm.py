"""What scontrol, sbatch and squeue say, in the words of Slurm 22.05."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.cluster import slurm
from experiments.settings import ConfigError

PARTITIONS = """\
PartitionName=main Default=YES MaxTime=UNLIMITED Nodes=node[1-3] State=UP
PartitionName=short AllowGroups=ALL Default=NO MaxTime=1-02:30:00 Nodes=node[1-3] State=UP
PartitionName=closed Default=NO MaxTime=01:00:00 Nodes=node1 State=DOWN
PartitionName=empty Default=NO MaxTime=01:00:00 Nodes=(null) State=UP
"""
NODES = """\
NodeName=node1 Arch=x86_64 CPUAlloc=0 CPUEfctv=62 CPUTot=64 AvailableFeatures=amd,fast Gres=(null) RealMemory=256000 State=IDLE
NodeName=node2 Arch=x86_64 CPUAlloc=0 CPUEfctv=62 CPUTot=64 AvailableFeatures=amd,fast Gres=(null) RealMemory=256000 State=ALLOCATED+PLANNED
NodeName=node3 Arch=x86_64 CPUAlloc=0 CPUTot=32 AvailableFeatures=intel Gres=gpu:2 RealMemory=128000 State=MIXED
NodeName=node4 Arch=x86_64 CPUAlloc=0 CPUTot=8 AvailableFeatures=old Gres=(null) RealMemory=8000 State=IDLE+DRAIN
"""  # noqa: E501


class Programs:
    """Programs of Slurm's, of which each says what it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.say("scontrol", 'case "$2" in partition) cat partitions;; node) cat nodes;; esac')
        self.file("partitions", PARTITIONS)
        self.file("nodes", NODES)

    def say(self, name: str, script: str) -> None:
        self.file(name, f'#!/bin/sh\ncd "$(dirname "$0")"\n{script}\n').chmod(0o755)

    def file(self, name: str, text: str) -> Path:
        (self.folder / name).write_text(text)
        return self.folder / name


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Programs(tmp_path)


@pytest.mark.usefixtures("programs")
def test_the_default_partition_with_its_kinds_of_node() -> None:
    found = slurm.partition(None)

    assert (found.name, found.most_minutes) == ("main", None)
    assert [(kind.cpus, kind.names) for kind in found.kinds] == [
        (62, ("node1", "node2")),  # CPUs that jobs may have: two are kept for the system
        (32, ("node3",)),
    ]
    assert str(found.kinds[0]) == "node1 and 1 more: 62 CPUs, 256000 MiB, amd,fast"
    assert str(found.kinds[1]) == "node3: 32 CPUs, 128000 MiB, intel, gpu:2"


@pytest.mark.usefixtures("programs")
def test_a_named_partition_and_a_constraint() -> None:
    found = slurm.partition("short", "amd&fast")

    assert found.most_minutes == 26 * 60 + 30
    assert [kind.names for kind in found.kinds] == [("node1", "node2")]
    # what only Slurm itself understands leaves all nodes in
    assert len(slurm.partition("short", "[amd|intel]").kinds) == 2


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(
    ("name", "constraint", "says"),
    [
        ("nope", "", "Slurm has no partition 'nope' .slurm_partition.; it has main, short, closed"),
        ("closed", "", "partition closed is DOWN: it takes no jobs"),
        ("empty", "", "partition empty has no nodes"),
        ("main", "arm", "constraint 'arm'; their features: amd,fast; intel"),
    ],
)
def test_what_no_job_can_ask_for(name: str, constraint: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        slurm.partition(name, constraint)


def test_nodes_that_are_down_would_have_a_job_wait_for_ever(programs: Programs) -> None:
    programs.file(
        "nodes", "NodeName=n1 CPUTot=8 State=DOWN*\nNodeName=n2 CPUTot=8 State=IDLE+DRAIN\n"
    )

    with pytest.raises(ConfigError, match=r"no node of partition main is up \(DOWN\*, IDLE\+DRAIN"):
        slurm.partition("main")


def test_without_a_default_partition_one_has_to_be_named(programs: Programs) -> None:
    programs.file("partitions", PARTITIONS.replace("Default=YES", "Default=NO"))

    with pytest.raises(ConfigError, match="no default partition: name one"):
        slurm.partition(None)


def test_a_controller_that_fails_or_is_silent(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs.say("scontrol", "echo 'slurm_load_partitions: Unable to contact' >&2; exit 1")
    with pytest.raises(ConfigError, match="scontrol show partition failed: slurm_load_partitions"):
        slurm.partition(None)
    programs.say("scontrol", "exec sleep 60")
    monkeypatch.setattr(slurm._run, "__kwdefaults__", {"patience": 0.2})
    with pytest.raises(ConfigError, match=r"scontrol didn't answer within 0\.2 s"):
        slurm.partition(None)


def test_slurm_is_asked_before_a_job_is_submitted(programs: Programs) -> None:
    programs.say("sbatch", 'echo "$@" >asked; echo "sbatch: Job 3 to start at ..." >&2')
    assert slurm.refusal(["--partition=main", "--cpus-per-task=4"]) is None
    asked = (programs.folder / "asked").read_text()
    assert asked == "--test-only --partition=main --cpus-per-task=4 --wrap true\n"

    programs.say("sbatch", 'echo "allocation failure: Requested node configuration" >&2; exit 1')
    assert slurm.refusal([]) == "Requested node configuration"


@pytest.mark.parametrize(
    ("script", "state"),
    [("echo RUNNING", "RUNNING"), ("true", "GONE"),
     ("echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1", "GONE"),
     ("echo 'Unable to contact slurm controller' >&2; exit 1", None)],
)  # fmt: skip
def test_the_state_of_a_job(programs: Programs, script: str, state: str | None) -> None:
    programs.say("squeue", script)

    assert slurm.state_of("7") == state


def test_without_slurm_nothing_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert slurm.state_of("7") is None
    assert slurm.job("7") == {}
    assert slurm.nodes() == set()
    assert "sbatch isn't on the PATH" in (slurm.missing() or "")


def test_what_slurm_granted_a_job(programs: Programs) -> None:
    programs.say(
        "scontrol",
        "echo JobId=7 Partition=main OverSubscribe=NO MinMemoryNode=1.5G Features=amd "
        "TresPerNode=gres/gpu:1 Command='(null)'",
    )

    assert slurm.job("7") == {
        "partition": "main", "memory_mib": 1536, "exclusive": True, "gres": "gres/gpu:1",
        "constraint": "amd",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "size"), [("4000M", 4000), ("0", None), ("2G", 2048), ("N/A", None), ("", None)]
)
def test_amounts_of_memory(text: str, size: int | None) -> None:
    assert slurm.mib(text) == size


@pytest.mark.parametrize(
    ("text", "minutes"), [("UNLIMITED", None), ("00:30:00", 30), ("2-00:00:00", 2880)]
)
def test_limits_of_time(text: str, minutes: int | None) -> None:
    assert slurm.minutes(text) == minutes


def test_only_jobs_of_snakemake_from_this_folder_are_ours(
    programs: Programs, tmp_path: Path
) -> None:
    lines = [
        f"7|PENDING|Priority|rule_block_wildcards_a|{tmp_path}",
        f"8|PENDING|PartitionTimeLimit|my own|{tmp_path}",
        "9|PENDING|Priority|rule_block|/elsewhere",
        f"10|PREEMPTED|None|rule_block|{tmp_path}",
        "slurm_load_jobs error",
    ]
    programs.say("squeue", "\n".join(f"echo '{line}'" for line in lines))

    assert slurm.jobs_of(tmp_path) == [
        slurm.Job("7", "PENDING", "Priority"),
        slurm.Job("10", "PREEMPTED", "None"),
    ]


def test_a_slurm_that_does_not_answer_has_not_said_that_there_are_no_jobs(
    programs: Programs, tmp_path: Path
) -> None:
    programs.say("squeue", "echo 'Unable to contact slurm controller' >&2; exit 1")

    assert slurm.jobs_of(tmp_path) is None


def test_what_slurm_has_against_putting_a_job_back(programs: Programs) -> None:
    programs.say(
        "scontrol", '[ "$1 $2" = "requeue 7" ] || { echo "disabled for job $2" >&2; exit 1; }'
    )

    assert slurm.requeue("7") is None
    assert slurm.requeue("8") == "disabled for job 8"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (["AccountingStorageType = accounting_storage/none", "MinJobAge = 300 sec"], (300, False)),
        (["AccountingStorageType   = (null)", "MinJobAge               = 60 sec"], (60, False)),
        (["AccountingStorageType   = accounting_storage/slurmdbd", "MinJobAge = 2 sec"], (2, True)),
        (["MinJobAge               = 0 sec"], (None, False)),
        (["nothing of it"], (None, False)),
    ],
)  # fmt: skip
def test_how_long_slurm_remembers_a_job(
    programs: Programs, said: list[str], found: tuple[int | None, bool]
) -> None:
    programs.say("scontrol", "\n".join(f"echo '{line}'" for line in said))

    assert slurm.memory_of_jobs() == found


@pytest.mark.parametrize(
    ("said", "found"), [("JobId=7 Requeue=1 Restarts=2", 2), ("JobId=7 Restarts=0", 0), ("", None)]
)
def test_how_often_a_job_was_put_back(programs: Programs, said: str, found: int | None) -> None:
    programs.say("scontrol", f'[ "$3" = 7 ] && echo "{said}"')

    assert slurm.restarts("7") == found
