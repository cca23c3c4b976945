from __future__ import annotations

from pathlib import Path

import pytest

from experiments.cluster import slurm, waiting
from experiments.cluster.waiting import Waiting


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Reasons by job; one that is cancelled leaves it."""
    jobs: dict[str, str] = {}
    monkeypatch.setattr(slurm, "queued", lambda folder: list(jobs.items()))
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
