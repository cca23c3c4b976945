from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

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


def test_what_somebody_holds_is_told_once(queue: dict[str, str]) -> None:
    said: list[str] = []
    queue["7"] = "ReqNodeNotAvail, UnavailableNodes:n1"
    looking = Waiting(Path(), said.append)
    looking.look()
    looking.look()

    assert queue
    assert len(said) == 1
    assert "waits until somebody acts (ReqNodeNotAvail" in said[0]


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
