"""A launch that goes well: its events, on every executor and start method."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from experiments.launch import phases
from experiments.launch.cores import Taken
from experiments.launch.executors.sequential import Sequential
from experiments.launch.spec import Spec
from tests.experiments.launch.driving import launch, spec
from tests.experiments.launch.sample_tasks import Squares
from tests.pythons import python_or_skip

CPUS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
SQUARES = [number * number for number in range(8)]
PROCESSES = [("processes", {"start_method": method}) for method in ("fork", "spawn", "forkserver")]
EXECUTORS: list[tuple[str, dict[str, Any]]] = [
    ("sequential", {}),
    ("threads", {}),
    ("asyncio", {}),
    *PROCESSES,
    ("processes", {"start_method": "fork", "chunk": "auto"}),
]


@pytest.mark.parametrize(("executor", "options"), EXECUTORS, ids=str)
def test_a_launch_tells_every_phase_and_ends(executor: str, options: dict[str, Any]) -> None:
    done = launch(
        spec(executor=executor, options=options, expected=SQUARES, profile=True, batches=2)
    )

    assert done.status == 0, done.output
    assert [event["event"] for event in done.events] == [
        "hello", "phase", "phase", "phase", "startup", "phase", "batch", "phase", "batch", "batch",
        "phase", "profile", "phase", "teardown", "gil", "end",
    ]  # fmt: skip
    assert done.phases == [
        "import", "prepare", "startup", "cold", "steady", "profile", "teardown",
    ]  # fmt: skip
    assert [batch["batch"] for batch in done.batches("steady")] == [0, 1]
    assert all(batch["wall_seconds"] > 0 for batch in done.all("batch"))


@pytest.mark.parametrize(("executor", "options"), EXECUTORS, ids=str)
def test_worker_processes_tell_what_their_imports_took(
    executor: str, options: dict[str, Any]
) -> None:
    startup = launch(spec(executor=executor, options=options)).one("startup")

    if executor != "processes":
        assert startup["worker_import_seconds"] is None
    else:
        assert 0 < startup["worker_import_seconds"] < startup["seconds"]


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.13", "3.14", "3.13t"])
@pytest.mark.parametrize(("executor", "options"), EXECUTORS[1:6], ids=str)
def test_other_interpreters_run_it_too(
    version: str, executor: str, options: dict[str, Any]
) -> None:
    if version in ("3.10", "3.12", "3.13t") and options.get("start_method") in (
        "spawn",
        "forkserver",
    ):
        pytest.skip("start methods: the oldest and the newest interpreter are enough")
    python = python_or_skip(version)

    done = launch(spec(executor=executor, options=options, expected=SQUARES, profile=True), python)

    assert done.last == {"event": "end"}, (done.events, done.output)
    assert done.one("hello")["python"].startswith(version.removesuffix("t"))
    assert "Warning" not in done.output


def test_hello_says_who_runs() -> None:
    hello = launch(spec()).one("hello")

    assert (hello["implementation"], hello["gil"]) == ("CPython", True)
    assert hello["pid"] > 0


@pytest.mark.parametrize(
    ("batches", "steady_seconds", "most", "seen"),
    [(3, 0.0, 9, 3), (0, 60.0, 4, 4), (5, 60.0, 2, 5), (0, 0.0, 9, 0)],
)
def test_steady_batches_go_on_for_their_seconds_within_bounds(
    batches: int, steady_seconds: float, most: int, seen: int
) -> None:
    done = launch(spec(batches=batches, steady_seconds=steady_seconds, most_batches=most))

    assert len(done.batches("steady")) == seen


@pytest.mark.parametrize(
    ("limit", "batches", "calm"), [(None, 4, None), (60.0, 4, True), (1e-9, 12, False)]
)
def test_between_slowed_cores_batches_go_on_until_patience_ends(
    limit: float | None, batches: int, calm: bool | None
) -> None:
    done = launch(
        spec(batches=2, steady_seconds=60.0, most_batches=4, core_limit_seconds=limit, cpus=CPUS)
    )

    steady = done.batches("steady")
    assert [batch["batch"] for batch in steady] == list(range(batches))
    assert {batch["calm"] for batch in [*done.batches("cold"), *steady]} == {calm}
    assert all(batch["core_seconds"] > 0 for batch in steady)


class SlowedNode:
    """Another node; its cores are slowed at the third of their tries."""

    def __init__(self) -> None:
        self.tries = 0

    def try_cores(self) -> None:
        self.tries += 1

    def core_seconds(self) -> float:
        return 100.0 if self.tries == 3 else 0.0

    def taken_at_end(self) -> Taken:
        return Taken(foreign_cpu_share=0.5)


class OnTwoNodes(Sequential):
    """Works here, and says that it has another node."""

    other = SlowedNode()

    def other_nodes(self) -> SlowedNode:
        return self.other


class Said:
    """What a launch would tell."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def emit(self, event: str, **content: Any) -> None:
        self.events.append((event, content))

    def phase(self, name: str) -> None:
        self.emit("phase", name=name)

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [content for event, content in self.events if event == kind]


def test_slowed_cores_of_another_node_count_as_those_of_this_one() -> None:
    """Tries: after the cold batch, before the steady ones, after each stretch of them."""
    wanted = spec(core_limit_seconds=60.0, steady_seconds=60.0, batches=2, most_batches=2)
    asked, said = Spec(**wanted, events=0), Said()
    task = Squares({}, asked.ref.context)
    measured: Any = said
    phases.measure(asked, task, OnTwoNodes(asked.ref, task, 1, {}), measured)
    cold, *steady = said.all("batch")

    assert cold["calm"] is True
    # stretches of two lie between tries; those beside the slowed one don't count, so it goes on
    assert [batch["calm"] for batch in steady] == [False] * 4 + [True] * 2
    assert {batch["core_seconds"] for batch in steady[:4]} == {100.0}
    assert said.all("other_nodes")[0]["foreign_cpu_share"] == 0.5


def test_short_batches_share_the_tries_of_the_cores() -> None:
    steady = launch(spec(batches=12, steady_seconds=0.0, cpus=CPUS)).batches("steady")

    assert len(steady) == 12
    assert len({batch["core_seconds"] for batch in steady}) < 12


def test_no_profile_unless_asked() -> None:
    done = launch(spec(profile=False))

    assert "profile" not in done.phases
    assert done.all("profile") == []


@pytest.mark.parametrize("executor", ["sequential", "threads", "processes", "asyncio"])
@pytest.mark.parametrize("task", ["Counts", "CountsUnderThreads"])
def test_state_is_shared_and_counts_are_summed_over_the_timed_batches(
    task: str, executor: str
) -> None:
    extras = launch(spec(task, executor=executor, batches=2, profile=True)).one("extras")

    assert (extras["lost_updates"], extras["updates"]) == (0, 3 * 8)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_state_is_shared_with_every_start_method(method: str) -> None:
    done = launch(spec("Counts", executor="processes", options={"start_method": method}))

    assert done.one("extras")["lost_updates"] == 0


@pytest.mark.parametrize("version", ["", "3.9"])
@pytest.mark.parametrize(("executor", "options"), EXECUTORS, ids=str)
def test_what_workers_write_is_seen_where_they_share_the_main_programs_memory(
    version: str, executor: str, options: dict[str, Any]
) -> None:
    wanted = spec(
        "locked_counter", params={"guard": "lock"}, scale=20, batches=2, profile=True,
        executor=executor, options=options,
    )  # fmt: skip
    extras = launch(wanted, *([python_or_skip(version)] if version else [])).one("extras")

    seen = 0 if executor == "processes" else 3 * 8
    assert (extras["object_writes"], extras["seen_writes"]) == (3 * 8, seen)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no CPU affinity here")
@pytest.mark.parametrize(("executor", "options"), [EXECUTORS[0], *PROCESSES[:2]], ids=str)
def test_the_launch_keeps_to_its_cpus_from_before_the_tasks_import(
    executor: str, options: dict[str, Any]
) -> None:
    cpu = max(os.sched_getaffinity(0))
    done = launch(
        spec("Cpus", executor=executor, options=options, cpus=[cpu], expected=[[[cpu], [cpu]]] * 8)
    )

    assert done.last == {"event": "end"}, done.events


@pytest.mark.parametrize("executor", ["sequential", "threads", "processes", "asyncio"])
def test_what_measured_code_prints_and_reads_stays_out_of_the_protocol(executor: str) -> None:
    done = launch(spec("Talks", executor=executor, expected=[""] * 8, batches=0))

    assert len(done.all("end")) == 1
    assert done.output.count('{"event": "end"}') == 16


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here")
@pytest.mark.parametrize(("executor", "options"), PROCESSES, ids=str)
def test_workers_do_not_hold_the_events_descriptor(
    executor: str, options: dict[str, Any], tmp_path: Path
) -> None:
    wanted = spec("Descriptors", executor=executor, options=options, batches=0)
    reader, writer = os.pipe()  # the launch gets the number that is free after these
    os.close(reader)
    os.close(writer)
    wanted["params"] = {"events": writer}
    wanted["expected"] = [["/dev/null", []]] * 8

    done = launch(wanted)

    assert done.last == {"event": "end"}, (done.events, done.output)


def test_a_neighbour_named_like_the_standard_library_does_not_matter(tmp_path: Path) -> None:
    for name in ("queue", "concurrent", "asyncio", "multiprocessing"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong one')\n")

    for executor in ("threads", "processes", "asyncio"):
        done = launch(spec(executor=executor, expected=SQUARES), cwd=tmp_path)
        assert done.last == {"event": "end"}, done.output


def test_a_registered_task_runs_by_its_name(tmp_path: Path) -> None:
    done = launch(spec("math_python", executor="threads", scratch=str(tmp_path)))

    assert done.last == {"event": "end"}, done.events
