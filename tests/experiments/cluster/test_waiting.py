from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments.cluster import slurm, waiting
from experiments.cluster.waiting import Waiting


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Reasons of the jobs that wait, states of the others, by job; a cancelled one leaves it."""
    jobs: dict[str, str] = {}

    def jobs_of(folder: Path) -> list[slurm.Job]:
        return [
            slurm.Job(job, text, "None") if text.isupper() else slurm.Job(job, "PENDING", text)
            for job, text in jobs.items()
        ]

    monkeypatch.setattr(slurm, "jobs_of", jobs_of)
    monkeypatch.setattr(slurm, "cancel", jobs.pop)
    return jobs


@pytest.mark.parametrize(
    "reason",
    [
        "PartitionTimeLimit",
        "BadConstraints",
        "QOSMaxWallDurationPerJobLimit",
        "AssocMaxCpuPerJobLimit",
        "QOSMinCpuNotSatisfied",
    ],
)
def test_what_can_never_start_is_ended(queue: dict[str, str], reason: str) -> None:
    said: list[str] = []
    queue.update({"7": reason, "8": "Priority"})
    Waiting(Path(), said.append).look()

    assert queue == {"8": "Priority"}
    assert len(said) == 1
    assert f"Slurm job 7 could never start ({reason}) and was cancelled" in said[0]


@pytest.mark.parametrize(
    "reason", ["Resources", "Priority", "Dependency", "None", "QOSGrpCpuLimit", "BeginTime"]
)
def test_who_waits_for_a_turn_is_left_alone(queue: dict[str, str], reason: str) -> None:
    said: list[str] = []
    queue["7"] = reason
    Waiting(Path(), said.append).look()

    assert queue == {"7": reason}
    assert said == []


@pytest.mark.parametrize(
    "reason",
    [
        "ReqNodeNotAvail, UnavailableNodes:n1",
        "launch failed requeued held",
        "launch_failed_requeued_held",
        "JobHoldMaxRequeue",
    ],
)
def test_what_somebody_holds_is_told_once(queue: dict[str, str], reason: str) -> None:
    said: list[str] = []
    queue["7"] = reason
    looking = Waiting(Path(), said.append)
    looking.look()
    looking.look()

    assert queue
    assert len(said) == 1
    assert f"waits until somebody acts ({reason})" in said[0]


@pytest.mark.parametrize(
    "reason",
    [
        "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher partitions",
        "Nodes_required_for_job_are_DOWN,_DRAINED_or_reserved_for_jobs_in_higher_partitions",
        "AssocGrpCpuLimit",
        "QOSGrpNodeLimit",
    ],
)
def test_what_may_never_end_is_told_once_it_lasts(queue: dict[str, str], reason: str) -> None:
    said: list[str] = []
    queue["7"] = reason
    looking = Waiting(Path(), said.append)
    for _ in range(waiting.DOUBTFUL_LOOKS - 1):
        looking.look()
    assert said == []
    looking.look()
    looking.look()

    assert queue
    assert len(said) == 1
    assert f"job 7 still waits ({reason})" in said[0]


class Gone:
    """A run that waits for its job 7, which isn't in the queue; Slurm says `state` of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, state: str | None) -> None:
        self.said, self.awaited = list[str](), {"7"}
        monkeypatch.setattr(slurm, "state_of", lambda job: state)
        self.looking = Waiting(
            Path(), self.said.append, None, lambda: self.said.append("ended"), lambda: self.awaited
        )

    def look(self, times: int) -> None:
        for _ in range(times):
            self.looking.look()


def test_a_job_that_is_gone_ends_the_run_once_nothing_else_is_left(
    queue: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Gone(monkeypatch, "GONE")
    queue["8"] = "RUNNING"
    run.look(waiting.GONE_LOOKS - 1)
    assert run.said == []
    run.awaited, was = set(), run.awaited  # while Snakemake's plugin asks for states
    run.look(1)
    run.awaited = was
    run.look(1)
    assert len(run.said) == 1
    assert "job 7 is over (GONE), and Snakemake can't see that" in run.said[0]
    run.look(10)
    assert len(run.said) == 1
    del queue["8"]
    run.look(waiting.IDLE_LOOKS)
    assert run.said[2:] == ["ended"]


@pytest.mark.parametrize("state", ["RUNNING", "PENDING", None])
@pytest.mark.usefixtures("queue")
def test_a_job_that_may_live_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, state: str | None
) -> None:
    """A site may have changed the comment by which a job of the run is known."""
    run = Gone(monkeypatch, state)
    run.look(waiting.GONE_LOOKS + 10)

    assert run.said == []


@pytest.mark.usefixtures("queue")
def test_jobs_whose_ends_are_seen_are_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Gone(monkeypatch, "COMPLETED")
    for number in range(waiting.GONE_LOOKS):  # each ended between two looks
        run.awaited = {str(number), str(number + 1)}
        run.look(2)
    run.awaited = set()  # Snakemake is at its own work
    run.look(waiting.GONE_LOOKS)

    assert run.said == []


def test_snakemake_is_asked_what_it_waits_for() -> None:
    jobs = [SimpleNamespace(external_jobid=number) for number in ("7", "8_3", None)]
    executor = SimpleNamespace(active_jobs=jobs)
    running = SimpleNamespace(scheduler=SimpleNamespace(_executor=executor))

    assert waiting.waited_for(running) == {"7", "8"}
    assert waiting.waited_for(SimpleNamespace(scheduler=None)) == set()
    assert (
        waiting.waited_for(SimpleNamespace(scheduler=SimpleNamespace(_executor=object()))) == set()
    )


def test_it_looks_from_time_to_time(queue: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PERIOD_SECONDS", 0.01)
    looking = Waiting(Path(), lambda line: looking.end())
    queue["7"] = "PartitionTimeLimit"
    looking.start()
    looking.join(10)

    assert not looking.is_alive()
    assert queue == {}


class Preempted:
    """A run whose job 7 was preempted while job 8 runs; `requeue` is Slurm's answer."""

    def __init__(self, queue: dict[str, str]) -> None:
        self.queue, self.said = queue, list[str]()
        self.requeue: Callable[[str], str | None] = lambda job: "disabled"
        self.looking = Waiting(Path(), self.said.append, end_all=lambda: self.said.append("ended"))
        queue.update({"7": "PREEMPTED", "8": "RUNNING"})

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            self.looking.look()


@pytest.fixture
def preempted(queue: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Preempted:
    run = Preempted(queue)
    monkeypatch.setattr(slurm, "requeue", lambda job: run.requeue(job))
    return run


def test_a_preempted_job_is_put_back(preempted: Preempted) -> None:
    preempted.requeue = lambda job: preempted.queue.update({job: "BeginTime"})
    preempted.look(2)

    assert preempted.queue == {"7": "BeginTime", "8": "RUNNING"}
    assert len(preempted.said) == 1
    assert "job 7 was preempted. It was put back into the queue" in preempted.said[0]


def test_where_it_may_not_be_the_run_ends_after_its_other_jobs(preempted: Preempted) -> None:
    said, refusal = preempted.said, "was preempted and can't be put back into the queue (disabled)"
    preempted.look()
    assert said == []  # Slurm itself may be about to put it back
    preempted.look(2)
    assert len(said) == 1
    assert f"job 7 {refusal}" in said[0]

    del preempted.queue["7"]  # Slurm has forgotten it
    preempted.look()
    assert len(said) == 1
    del preempted.queue["8"]  # Snakemake may not have seen that yet, and submits the next one then
    preempted.look(3)
    preempted.queue["9"] = "RUNNING"
    preempted.look()
    del preempted.queue["9"]
    preempted.look(3)
    assert len(said) == 1
    preempted.look()
    assert "the same command goes on" in said[1]
    assert said[2:] == ["ended"]


def test_slurm_may_be_quicker_to_put_it_back(preempted: Preempted) -> None:
    preempted.requeue = lambda job: "Job is pending execution"
    preempted.look()
    preempted.queue["7"] = "BeginTime"
    preempted.look()

    assert preempted.said == []


def test_a_slurm_that_does_not_answer_ends_nothing(
    preempted: Preempted, monkeypatch: pytest.MonkeyPatch
) -> None:
    preempted.look(2)
    monkeypatch.setattr(slurm, "jobs_of", lambda folder: None)
    preempted.look()

    assert "ended" not in preempted.said


def test_nobody_waits_for_a_preempted_job_of_an_earlier_run(
    preempted: Preempted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PERIOD_SECONDS", 0.01)
    preempted.requeue = lambda job: pytest.fail("resurrected")
    preempted.looking.start()
    time.sleep(0.1)
    preempted.looking.end()
    preempted.looking.join(10)

    assert preempted.said == []
