from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from experiments.conductor import child, watch
from experiments.conductor.child import Launcher
from experiments.conductor.outcome import Outcome
from experiments.conductor.reaper import Reaper
from experiments.conductor.surroundings import Disturbance
from experiments.conductor.watch import Watch
from experiments.environment import BLAS_VARIABLES, ROOT, environment
from experiments.launch.cores import Taken
from experiments.launch.latency import middle_ms
from tests.experiments.conductor.driving import gone, pids, spec

Run = Callable[..., Outcome]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[IO[bytes]]:
    with (tmp_path / "block.log").open("ab", buffering=0) as file:
        yield file


@pytest.fixture
def run(fake_python: str, log: IO[bytes], reaper: Reaper, tmp_path: Path) -> Run:
    def launch(task: str, limit: float = 30.0) -> Outcome:
        return Launcher(fake_python, log, reaper, limit).launch(spec(task, tmp_path))

    return launch


def test_a_launch_that_ends_well_tells_all_it_measured(run: Run) -> None:
    outcome = run("ok")

    assert (outcome.status, outcome.reason) == ("ok", "")
    assert (outcome.startup_seconds, outcome.teardown_seconds) == (0.25, 0.125)
    assert outcome.worker_import_seconds == 0.0625
    assert [tuple(batch.values()) for batch in outcome.batches] == [
        ("cold", 0, 0.5, None, None),
        ("steady", 0, 0.4, 0.001, False),
        ("steady", 1, 0.4, 0.001, False),
    ]
    assert outcome.profile == {"profile_seconds": 0.6, "cpu_user_seconds": 0.1}
    assert outcome.peak_memory_mib is not None
    assert outcome.peak_memory_mib >= 12.5
    assert outcome.counts == {"lost_updates": 3, "object_writes": None, "seen_writes": 0}
    assert outcome.latency_quantiles == {"latency_p50_ms": 1.5, "latency_p99_ms": 9.5}
    assert outcome.latencies == [[middle_ms(-3), 9], [middle_ms(20), 7]]
    assert outcome.launch_seconds > 0
    assert (outcome.gil_at_start, outcome.gil_at_end) == (False, True)
    assert outcome.service_cpu_share is None  # it has no service


def test_what_workers_that_were_there_before_use_is_no_work_of_others(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    own: list[float] = []

    def seen(_before: object, _after: object, own_seconds: float, _other: Taken) -> Disturbance:
        own.append(own_seconds)
        return Disturbance()

    monkeypatch.setattr(child, "disturbance", seen)

    assert run("ok").elsewhere_seconds == 0.0
    assert run("has_workers_elsewhere").elsewhere_seconds == 0.75
    assert own[1] > 0.75 > own[0]


def test_what_others_took_of_another_node_disturbs_the_launch(run: Run) -> None:
    found = run("has_another_node").disturbance

    assert (found.foreign_cpu_share or 0) >= 0.9
    assert (found.throttle_events or 0) >= 2


def test_what_the_measured_code_prints_goes_to_the_log(run: Run, log: IO[bytes]) -> None:
    assert run("prints").status == "ok"
    assert "from the measured code\nand its errors\n" in Path(log.name).read_text()


def test_an_event_that_is_not_known_is_passed_over(run: Run) -> None:
    assert run("says_more_than_is_known").status == "ok"


@pytest.mark.parametrize(
    ("task", "status", "reason"),
    [
        ("exits", "crashed", "exited with status 7 without finishing in phase steady"),
        (
            "exits_before_any_event",
            "crashed",
            "exited with status 3 without finishing in phase sta",
        ),
        ("segfaults", "crashed", "killed by SIGSEGV in phase cold"),
        ("gets_a_nameless_signal", "crashed", "killed by signal "),
        ("is_unsupported", "unsupported", "no such module here"),
        ("is_wrong", "wrong", "item 3: expected 1, got 2"),
        ("fails", "crashed", "ValueError: no in phase cold"),
        (
            "has_a_clock_that_stands_still",
            "crashed",
            "a batch took 0.0 s: its clock stood still or",
        ),
        (
            "has_a_clock_that_goes_back",
            "crashed",
            "start-up took -0.25 s: its clock stood still or",
        ),
        ("writes_a_list", "crashed", "not an event: b'[1, 2]' in phase start"),
        ("forgets_a_field", "crashed", "not an event: "),
    ],
)
def test_what_goes_wrong_is_a_status_with_a_reason(
    run: Run, task: str, status: str, reason: str
) -> None:
    outcome = run(task)

    assert outcome.status == status
    assert outcome.reason.startswith(reason)
    assert outcome.batches == []


def test_garbage_ends_the_launch_at_once(run: Run, tmp_path: Path) -> None:
    outcome = run("writes_garbage")

    assert outcome.status == "crashed"
    assert outcome.reason == "not an event: b'this is no event' in phase cold"
    assert gone(pids(tmp_path))
    assert outcome.launch_seconds < child.EXIT_SECONDS


def test_a_hang_is_a_timeout_and_nothing_of_it_lives_on(run: Run, tmp_path: Path) -> None:
    outcome = run("hangs", limit=2.0)

    assert (outcome.status, outcome.reason) == ("timeout", "time limit reached in phase steady")
    assert len(pids(tmp_path)) == 3  # it, a child, a grandchild; it ignores SIGTERM
    assert gone(pids(tmp_path))


def test_a_launch_that_never_reads_its_spec_is_a_timeout_too(
    deaf_python: str, log: IO[bytes], reaper: Reaper, tmp_path: Path
) -> None:
    long = spec("ok", tmp_path, expected=["x" * 100] * 4096)  # more than a pipe holds
    outcome = Launcher(deaf_python, log, reaper, 1.0).launch(long)

    assert (outcome.status, outcome.reason) == ("timeout", "time limit reached in phase start")


def test_a_background_process_it_leaves_behind_is_ended(run: Run, tmp_path: Path) -> None:
    assert run("leaves_a_process_behind").status == "ok"
    assert gone(pids(tmp_path))


def test_a_worker_that_holds_the_pipe_does_not_hide_the_crash(run: Run, tmp_path: Path) -> None:
    outcome = run("lets_a_worker_hold_the_pipe")

    assert (outcome.status, outcome.reason) == (
        "crashed",
        "exited with status 7 without finishing in phase steady",
    )
    assert gone(pids(tmp_path))


def test_an_interpreter_that_is_not_there_is_the_users_problem(
    log: IO[bytes], reaper: Reaper, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError, match="no-python"):
        Launcher("/no-python", log, reaper, 1.0).launch(spec("ok", tmp_path))


def test_an_interrupt_leaves_nothing_running(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(following: Watch, event: dict[str, object]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Watch, "_on_phase", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run("hangs")
    assert gone(pids(tmp_path))


def test_descriptors_are_given_back(run: Run) -> None:
    run("ok")
    before = len(list(Path("/proc/self/fd").iterdir()))
    run("ok")
    run("exits")

    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_blas_gets_one_thread_unless_the_task_asks_for_more() -> None:
    assert {environment({})[name] for name in BLAS_VARIABLES} == {"1"}
    assert {environment({"blas_threads": 4})[name] for name in BLAS_VARIABLES} == {"4"}


def test_the_environment_has_another_length_each_time() -> None:
    assert len({len(environment({})["POOLWISE_PADDING"]) for _ in range(20)}) > 1


def test_the_users_own_path_comes_after_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/users/own")
    first, *rest = environment({})["PYTHONPATH"].split(os.pathsep)

    assert (Path(first), rest) == (ROOT, ["/users/own"])


def test_the_memory_of_a_tree_is_known_while_it_lives() -> None:
    own = watch.tree_memory_mib(os.getpid())

    assert own is not None
    assert own > 1
    assert watch.tree_memory_mib(2**22 + 1) is None
