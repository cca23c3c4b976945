from __future__ import annotations

import time
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


class TestPreempted:
    """Slurm puts a preempted job back by itself only where PreemptMode is REQUEUE."""

    @pytest.fixture
    def said(self) -> list[str]:
        return []

    @pytest.fixture
    def looking(self, said: list[str]) -> Waiting:
        return Waiting(Path(), said.append, end_all=lambda: said.append("ended"))

    def test_it_is_put_back(
        self,
        queue: dict[str, str],
        looking: Waiting,
        said: list[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(slurm, "requeue", lambda job: queue.update({job: "BeginTime"}))
        queue.update({"7": "PREEMPTED", "8": "RUNNING"})
        looking.look()
        looking.look()

        assert queue == {"7": "BeginTime", "8": "RUNNING"}
        assert len(said) == 1
        assert "job 7 was preempted. It was put back into the queue" in said[0]

    def test_where_it_may_not_be_the_run_ends_after_its_other_jobs(
        self,
        queue: dict[str, str],
        looking: Waiting,
        said: list[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(slurm, "requeue", lambda job: "disabled")
        queue.update({"7": "PREEMPTED", "8": "RUNNING"})
        looking.look()
        assert said == []  # Slurm itself may be about to put it back
        looking.look()
        looking.look()
        assert len(said) == 1
        assert "job 7 was preempted and can't be put back into the queue (disabled)" in said[0]

        del queue["7"]  # Slurm has forgotten it
        looking.look()
        assert len(said) == 1
        del queue["8"]
        looking.look()
        assert "the same command goes on" in said[1]
        assert said[2:] == ["ended"]

    def test_slurm_may_be_quicker(
        self,
        queue: dict[str, str],
        looking: Waiting,
        said: list[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(slurm, "requeue", lambda job: "Job is pending execution")
        queue["7"] = "PREEMPTED"
        looking.look()
        queue["7"] = "BeginTime"
        looking.look()

        assert said == []

    def test_a_slurm_that_does_not_answer_ends_nothing(
        self,
        queue: dict[str, str],
        looking: Waiting,
        said: list[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(slurm, "requeue", lambda job: "disabled")
        queue.update({"7": "PREEMPTED", "8": "RUNNING"})
        looking.look()
        looking.look()
        monkeypatch.setattr(slurm, "jobs_of", lambda folder: None)
        looking.look()

        assert "ended" not in said

    def test_nobody_waits_for_one_of_an_earlier_run(
        self,
        queue: dict[str, str],
        looking: Waiting,
        said: list[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(waiting, "PERIOD_SECONDS", 0.01)
        monkeypatch.setattr(slurm, "requeue", lambda job: pytest.fail("resurrected"))
        queue["7"] = "PREEMPTED"
        looking.start()
        time.sleep(0.1)
        looking.end()
        looking.join(10)

        assert said == []
