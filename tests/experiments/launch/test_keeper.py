"""Keepers: what they start on every node, what they tell of it, and that all of it ends."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments import host
from experiments.launch import keeper, node_kind, nodes
from experiments.launch.base import Unsupported
from experiments.launch.cores import Cores, CpuTimes, Taken
from experiments.launch.executors.processes import WorkerDied
from experiments.launch.keeper import bind
from experiments.launch.keepers import Keepers, spread
from experiments.launch.throttling import Throttling
from tests.experiments.launch import fake_slurm

linux = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no CPU affinity here")
PATIENCE_SECONDS = 20
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def began() -> float:
    """Before any keeper."""
    return time.perf_counter()


def made_up(names: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> nodes.Allocation:
    """This process is in a job of these made-up nodes, on the first of them."""
    for name, value in fake_slurm.job(names, "a").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", fake_slurm.install(folder / "bin"))
    return nodes.allocation(len(names.split(",")))


@pytest.fixture
def keepers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keepers]:
    """On two made-up nodes."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[3]))
    allocation = made_up("a,b", tmp_path, monkeypatch)
    started = Keepers(allocation, allocation.names, str(tmp_path))
    started.meet()
    yield started
    started.stop()


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def waited(path: Path) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return path.read_text()


def test_workers_are_spread_evenly_or_not_at_all() -> None:
    assert spread(("a", "b"), 4, lambda name: [f"on {name}"]) == {
        "a": [["on a"], ["on a"]],
        "b": [["on b"], ["on b"]],
    }
    with pytest.raises(ValueError, match="3 workers can't be spread evenly over 2 nodes"):
        spread(("a", "b"), 3, lambda name: [])


@pytest.mark.parametrize(
    ("cpus", "granted", "same", "bound"),
    [
        (None, [4, 5], False, [4, 5]),
        ([2, 0], [0, 1, 2, 3], False, [2, 0]),  # nodes alike: the very cores
        ([0, 1], [4, 5, 6], False, [4, 5]),  # as many
        ([0, 1], [0, 1], True, [0, 1]),
    ],
)
def test_a_node_is_bound_to_as_many_cpus_as_are_measured(
    cpus: list[int] | None, granted: list[int], same: bool, bound: list[int]
) -> None:
    assert bind(cpus, granted, same) == bound


def test_a_node_with_fewer_cpus_is_refused() -> None:
    with pytest.raises(ValueError, match=r"it grants 3 of its CPUs, 2 like \[0, 1\] are needed"):
        bind([0, 1], [3], False)
    with pytest.raises(ValueError, match="it grants 2, 3 of its CPUs"):
        bind([0, 1], [2, 3], True)


@linux
def test_each_node_runs_its_own_commands_and_ends_them(keepers: Keepers, tmp_path: Path) -> None:
    code = (
        "import os, sys, time\n"
        "name = os.environ['SLURMD_NODENAME']\n"
        f"open(os.path.join({str(tmp_path)!r}, name), 'w').write(str(os.getpid()))\n"
        "time.sleep(600)"
    )
    keepers.start({"a": [python(code)], "b": [python(code)]})
    pids = [int(waited(tmp_path / name)) for name in ("a", "b")]
    keepers.check()
    keepers.stop()

    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


@linux
def test_what_workers_use_is_counted_with_what_has_ended(keepers: Keepers, tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass\n"
    said = f"open({str(tmp_path / 'burnt')!r} + NAME, 'w').write('x')\ntime.sleep(600)"
    for name in ("a", "b"):
        keepers.start({name: [python(burn + said.replace("NAME", repr(name)))]})
    for name in ("a", "b"):
        waited(tmp_path / f"burnt{name}")
    found = keepers.elsewhere()

    used = found.user_seconds + found.system_seconds
    assert used >= 0.4
    assert 0.2 <= found.here_seconds < used  # a's alone, with its keeper
    assert found.memory_mib is not None
    assert found.memory_mib > 5
    assert found.since_launch
    assert keepers.here_at_end is None
    keepers.stop()
    assert keepers.here_at_end is not None
    assert keepers.here_at_end >= found.here_seconds


@linux
def test_what_others_take_of_another_node_is_told_at_the_end(
    began: float, keepers: Keepers
) -> None:
    """Both made-up nodes are this machine: this process is one of the others there."""
    cpus = len(os.sched_getaffinity(0))
    assert keepers.taken_at_end() == Taken()
    busy_until = time.process_time() + 0.5
    while time.process_time() < busy_until:
        pass
    keepers.stop()
    available = (time.perf_counter() - began) * cpus
    taken = keepers.taken_at_end()

    assert taken.foreign_cpu_share is not None
    # of no more time than this; half of it, as the kernel counts in ticks
    assert taken.foreign_cpu_share >= 0.25 / available
    assert taken.steal_share is not None


def test_what_the_workers_use_is_not_taken_by_others(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The CPUs were busy for 9 of 20 s: 5 of the workers, 1 of the keeper, and 3 of others."""
    busy, own = iter([0.0, 100.0, 109.0]), iter([2.0, 3.0, 3.0])
    monkeypatch.setattr(
        keeper.cores,
        "read",
        lambda cpus: Cores(
            CpuTimes(now := next(busy), 0.0, 0.0 if now < 109 else 10.0, 2),
            Throttling(None, None), 0.0, 2,
        ),
    )  # fmt: skip
    monkeypatch.setattr(keeper.usage, "own_seconds", lambda: next(own))
    below = iter([(4.0, 1.0), (0.5, 0.5)])  # nobody has waited for some of those that have ended
    monkeypatch.setattr(keeper.usage, "below_seconds", lambda: next(below))
    for name in ("_signal_all", "_reap"):
        monkeypatch.setattr(keeper, name, lambda *number: False)
    monkeypatch.setattr(keeper.os, "sched_setaffinity", lambda pid, cpus: None, raising=False)
    keeping = keeper.Keeper("b", "127.0.0.1")
    keeping.stay_on([0, 1])
    keeping.end()
    told = json.loads(capfd.readouterr().out.splitlines()[-1])

    assert told["taken"]["foreign_cpu_share"] == pytest.approx((3 - 3 / TICKS) / 20)


@linux
def test_the_other_node_tries_its_cores_whenever_it_is_asked(keepers: Keepers) -> None:
    keepers.try_cores()
    first = keepers.core_seconds()
    keepers.elsewhere()
    keepers.try_cores()

    assert first > 0
    assert keepers.core_seconds() > 0


@linux
def test_the_slowest_core_of_all_other_nodes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allocation = made_up("a,b,c", tmp_path, monkeypatch)
    told = [
        json.dumps({"node": name, "tried": number, "seconds": seconds})
        for name, number, seconds in (("b", 1, 0.7), ("b", 2, 0.2), ("c", 2, 0.5))
    ]
    (tmp_path / "bin/srun").write_text(
        "\n".join(["#!/bin/sh", "read first", "read last", *(f"echo '{one}'" for one in told)])
    )
    keepers = Keepers(allocation, allocation.names, str(tmp_path))
    keepers.try_cores()  # what b says to that comes late
    keepers.try_cores()

    assert keepers.core_seconds() == 0.5
    keepers.stop()


def test_the_launch_s_own_node_tries_its_cores_itself(capfd: pytest.CaptureFixture[str]) -> None:
    keeper.Keeper("a", "127.0.0.1", first=True)._do({"try": 1})

    assert capfd.readouterr().out == ""


@linux
def test_a_worker_that_ends_is_told(keepers: Keepers) -> None:
    keepers.start({"b": [python("raise SystemExit(3)")]})
    deadline = time.monotonic() + PATIENCE_SECONDS

    def watch() -> None:
        while time.monotonic() < deadline:
            keepers.check()
            time.sleep(0.01)

    with pytest.raises(WorkerDied, match="a worker process ended: on node b with exit status 3"):
        watch()


@linux
def test_a_step_that_can_not_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    allocation = made_up("a,b", tmp_path, monkeypatch)
    (tmp_path / "bin/srun").write_text("#!/bin/sh\necho refused\nexit 4\n")
    keepers = Keepers(allocation, allocation.names, str(tmp_path))

    with pytest.raises(WorkerDied, match="the nodes' job step ended with exit status 4"):
        keepers.meet()
    keepers.stop()


@linux
def test_a_node_that_is_no_such_node_is_unsupported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allocation = made_up("a,b", tmp_path, monkeypatch)
    told = '{"node": "b", "unfit": "it grants 3 of its CPUs, 2 like [0, 1] are needed"}'
    (tmp_path / "bin/srun").write_text(f"#!/bin/sh\necho '{told}'\n")
    keepers = Keepers(allocation, allocation.names, str(tmp_path))

    with pytest.raises(Unsupported, match="node b is no such node: it grants 3 of its CPUs"):
        keepers.meet()
    keepers.stop()


@linux
def test_a_node_of_another_kind_is_unsupported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With as many CPUs of the same numbers."""
    allocation = made_up("a,b", tmp_path, monkeypatch)
    alike = node_kind.kind()
    for name, kind in (("a", alike), ("b", {**alike, "cpu_model": "Another Processor"})):
        told = json.dumps({"node": name, "cpus": [0], "kind": kind})
        with (tmp_path / "told").open("a") as file:
            file.write(told + "\n")
    (tmp_path / "bin/srun").write_text(f"#!/bin/sh\ncat '{tmp_path / 'told'}'\n")
    keepers = Keepers(allocation, allocation.names, str(tmp_path))

    with pytest.raises(
        Unsupported,
        match=r"node b is of another kind than a \(cpu_model Another Processor, not .*\): give",
    ):
        keepers.meet()
    keepers.stop()


def test_nodes_of_one_kind_may_have_a_little_more_memory() -> None:
    kind = {"cpu_model": "X", "memory_mib": 10_000}

    assert node_kind.differences({**kind, "memory_mib": 10_099}, kind) == []
    assert node_kind.differences({**kind, "memory_mib": 10_101}, kind) == [
        "memory_mib 10101, not 10000"
    ]


def test_the_kind_of_a_node_is_what_a_probe_finds() -> None:
    found, probed = node_kind.kind(), host.hardware()
    told = {key: value for key, value in found.items() if value}  # some hide their processor's name

    assert node_kind.differences(told, {key: probed[key] for key in told}) == []
