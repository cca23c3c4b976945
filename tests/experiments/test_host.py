from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments import host
from experiments.host import (
    cgroup_quota,
    core_order,
    fast_cores,
    fingerprint,
    machine_name,
    probe,
    usable,
)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


# --- control groups -------------------------------------------------------------------------


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    return tmp_path / "proc-self-cgroup"


def quota(proc: Path, content: str) -> float | None:
    write(proc, content)
    return cgroup_quota(proc, proc.parent / "cgroup")


def test_v2_takes_the_tightest_quota_on_the_way_to_the_root(proc: Path) -> None:
    root = proc.parent / "cgroup"
    write(root / "system.slice/cpu.max", "150000 100000\n")
    write(root / "system.slice/job.service/cpu.max", "400000 100000\n")

    assert quota(proc, "0::/system.slice/job.service\n") == 1.5


def test_v2_without_a_limit_has_no_quota(proc: Path) -> None:
    write(proc.parent / "cgroup/job/cpu.max", "max 100000\n")

    assert quota(proc, "0::/job\n") is None


def test_v2_in_a_container_finds_the_quota_at_its_own_root(proc: Path) -> None:
    write(proc.parent / "cgroup/cpu.max", "50000 100000\n")

    assert quota(proc, "0::/\n") == 0.5
    assert quota(proc, "0::/../..\n") == 0.5


def test_v1_reads_quota_and_period(proc: Path) -> None:
    folder = proc.parent / "cgroup/cpu/docker/abc"
    write(folder / "cpu.cfs_quota_us", "250000\n")
    write(folder / "cpu.cfs_period_us", "100000\n")

    assert quota(proc, "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n") == 2.5


def test_v1_without_a_limit_has_no_quota(proc: Path) -> None:
    folder = proc.parent / "cgroup/cpu"
    write(folder / "cpu.cfs_quota_us", "-1\n")
    write(folder / "cpu.cfs_period_us", "100000\n")

    assert quota(proc, "3:cpu:/\n") is None


@pytest.mark.parametrize("text", ["", "nonsense\n", "a b c\n", "x 100000\n"])
def test_what_makes_no_sense_is_no_quota(proc: Path, text: str) -> None:
    write(proc.parent / "cgroup/cpu.max", text)

    assert quota(proc, f"{text}0::/\n") is None
    assert cgroup_quota(proc.parent / "nowhere") is None


# --- cores ----------------------------------------------------------------------------------


def topology(root: Path, cpus: dict[int, dict[str, Any]]) -> Path:
    """A /sys/devices/system/cpu with siblings, capacity, package and node of each CPU."""
    for cpu, facts in cpus.items():
        folder = root / f"cpu{cpu}"
        write(folder / "topology/thread_siblings_list", facts.get("siblings", str(cpu)))
        write(folder / "topology/physical_package_id", str(facts.get("package", 0)))
        write(folder / "cpu_capacity", str(facts.get("capacity", 1024)))
        (folder / f"node{facts.get('node', 0)}").mkdir()
    return root


def test_smt_siblings_come_last(tmp_path: Path) -> None:
    pairs = {0: "0,4", 1: "1,5", 4: "0,4", 5: "1,5"}
    root = topology(tmp_path, {cpu: {"siblings": text} for cpu, text in pairs.items()})

    assert core_order([0, 1, 4, 5], root) == [0, 1, 4, 5]
    assert core_order([5, 4, 1, 0], root) == [0, 1, 4, 5]
    assert fast_cores([0, 1, 4, 5], root) == 2


def test_siblings_in_a_row_are_told_from_ranges(tmp_path: Path) -> None:
    pairs = {0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3"}
    root = topology(tmp_path, {cpu: {"siblings": text} for cpu, text in pairs.items()})

    assert core_order([0, 1, 2, 3], root) == [0, 2, 1, 3]


def test_a_thread_whose_sibling_may_not_be_used_is_a_whole_core(tmp_path: Path) -> None:
    pairs = {0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"}
    root = topology(tmp_path, {cpu: {"siblings": text} for cpu, text in pairs.items()})

    assert core_order([0, 2, 3], root) == [0, 3, 2]
    assert fast_cores([0, 2, 3], root) == 2


def test_efficiency_cores_come_after_fast_ones_and_before_siblings(tmp_path: Path) -> None:
    root = topology(
        tmp_path,
        {
            0: {"capacity": 500},
            1: {"siblings": "1,2"},
            2: {"siblings": "1,2"},
            3: {"capacity": 500},
        },
    )

    assert core_order([0, 1, 2, 3], root) == [1, 0, 3, 2]
    assert fast_cores([0, 1, 2, 3], root) == 1


def test_one_socket_and_node_is_filled_before_the_next(tmp_path: Path) -> None:
    places = {0: (0, 0), 1: (1, 1), 2: (0, 0), 3: (1, 1), 4: (0, 1)}
    root = topology(tmp_path, {c: {"package": p, "node": n} for c, (p, n) in places.items()})

    assert core_order([0, 1, 2, 3, 4], root) == [0, 2, 4, 1, 3]
    assert fast_cores([0, 1, 2, 3, 4], root) == 5


def test_without_a_topology_cores_keep_their_numbers(tmp_path: Path) -> None:
    assert core_order([3, 0, 1], tmp_path) == [0, 1, 3]


# --- usable cores ---------------------------------------------------------------------------


@pytest.fixture
def eight_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(host, "allowed_cpus", lambda: [0, 1, 2, 3, 4, 5])
    monkeypatch.setattr(host, "cgroup_quota", lambda: None)


@pytest.mark.usefixtures("eight_cpus")
def test_affinity_quota_and_the_callers_cap_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable()["usable_cores"] == 6
    monkeypatch.setattr(host, "cgroup_quota", lambda: 3.9)
    assert usable()["usable_cores"] == 3
    found = usable(limit=2)

    assert (found["usable_cores"], len(found["usable_cpus"])) == (2, 2)
    assert found["limits"] == [
        "CPU affinity allows 6 of 8 logical CPUs",
        "the control group's CPU quota grants 3.9 cores",
        "--cores 2 asks for no more",
    ]


@pytest.mark.usefixtures("eight_cpus")
def test_a_quota_below_one_core_still_leaves_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "cgroup_quota", lambda: 0.25)

    assert usable()["usable_cores"] == 1


@pytest.mark.usefixtures("eight_cpus")
def test_a_cap_that_does_not_bind_is_not_mentioned() -> None:
    assert usable(limit=6)["limits"] == usable()["limits"]


@pytest.mark.usefixtures("eight_cpus")
def test_a_platform_without_affinity_says_what_that_means(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "affinity_supported", lambda: False)

    assert "only all cores are measured" in usable()["limits"][-1]


# --- the machine ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "name"),
    [
        ("laptop", "laptop"),
        ("node17.cluster.example.org", "node17"),
        ("../../etc/passwd", "machine"),
        ("Anna's Mac Book", "Anna-s-Mac-Book"),
        ("рабочий", "machine"),
        ("", "machine"),
        ("-rf", "rf"),
    ],
)
def test_the_host_name_is_made_safe_for_a_path(
    node: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.node", lambda: node)

    assert machine_name() == name
    assert machine_name("mine") == "mine"


def test_a_probe_of_this_host_holds_what_the_plan_and_the_report_need() -> None:
    facts = probe("bench")

    assert facts["machine"] == "bench"
    assert 1 <= facts["usable_cores"] <= facts["logical_cpus"]
    assert sorted(facts["core_order"]) == host.allowed_cpus()
    assert facts["interpreters"][0]["executable"] == sys.executable
    assert facts["interpreters"][0]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["packages"]["numpy"]
    assert facts == json.loads(json.dumps(facts))


def test_the_fingerprint_is_of_the_machine_not_of_what_this_run_may_use() -> None:
    facts = probe("bench")

    assert probe("other", limit=1)["fingerprint"] == facts["fingerprint"]
    for key, other in (("cpu_model", "another"), ("kernel", "9"), ("memory_mib", 1)):
        assert fingerprint({**facts, key: other}) != facts["fingerprint"]


def test_the_command_writes_the_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results/machine.json"
    arguments = ["--machine", "bench", "--limit", "1", "--out", str(path)]
    monkeypatch.setattr(sys, "argv", ["host", *arguments])
    host.main()

    assert json.loads(path.read_text())["usable_cores"] == 1


def probed_into(folder: Path, monkeypatch: pytest.MonkeyPatch, **facts: Any) -> dict[str, Any]:
    """What the command writes where this machine's facts are others."""
    found = {**probe("bench"), **facts}
    found["fingerprint"] = fingerprint(found)
    monkeypatch.setattr(host, "probe", lambda *_, **__: found)
    monkeypatch.setattr(sys, "argv", ["host", "--out", str(folder / "machine.json")])
    host.main()
    written: dict[str, Any] = json.loads((folder / "machine.json").read_text())
    return written


def begun(folder: Path, fingerprint: str) -> None:
    said = json.dumps({"journal": {"digest": "d", "fingerprint": fingerprint}})
    write(folder / "blocks/a-1c/journal.jsonl", said + "\n")


def test_a_probe_of_another_kind_than_has_measured_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(tmp_path, "f00d")
    with pytest.raises(
        SystemExit, match=r"^Poolwise: .*\(fingerprint f00d\) than this one \(\w+, Another CPU\)"
    ):
        probed_into(tmp_path, monkeypatch, cpu_model="Another CPU")
    assert not (tmp_path / "machine.json").exists()


@pytest.mark.parametrize(("before", "now"), [(7681, 7679), (263_000, 261_000)])
def test_a_probe_of_the_kind_that_has_measured_goes_on_with_its_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int, now: int
) -> None:
    """A node of it may have a little less memory, another number of GiB."""
    first = probed_into(tmp_path, monkeypatch, memory_mib=before)
    begun(tmp_path, first["fingerprint"])
    second = probed_into(tmp_path, monkeypatch, memory_mib=now)

    assert second["fingerprint"] == first["fingerprint"] == fingerprint(second)
    assert abs(second["memory_mib"] - now) <= 0.01 * now
    assert probed_into(tmp_path, monkeypatch, memory_mib=before) == first
