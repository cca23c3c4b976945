from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from experiments.conductor import ceiling
from experiments.conductor.ceiling import CeilingError, Kernel, measure_ceiling, wall_seconds
from experiments.conductor.reaper import Reaper
from tests.experiments.facts import host


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[int | None]]:
    """CPUs of every measurement, on a machine where k cores take 1 + k / 10 s."""
    seen: list[Sequence[int | None]] = []

    def wall(python: str, cpus: Sequence[int | None], loops: int, reaper: Reaper) -> float:
        seen.append(cpus)
        return 1 + len(cpus) / 10

    monkeypatch.setattr(ceiling, "wall_seconds", wall)
    return seen


def rows(facts: dict[str, Any], path: Path, seed: int = 1) -> list[tuple[int, float]]:
    measure_ceiling(facts, seed, path)
    frame = schema.read(schema.CEILING, path)
    return list(zip(frame["cores"], frame["speedup"], strict=True))


@pytest.mark.usefixtures("calls")
def test_the_speedup_is_k_times_as_much_work_in_the_time_it_took(tmp_path: Path) -> None:
    found = rows(host(6), tmp_path / "ceiling.csv")

    assert found == [(k, k * 1.1 / (1 + k / 10)) for k in (1, 2, 4, 6)] * ceiling.REPEATS


def test_cores_are_taken_in_the_hosts_order_and_counts_at_random(
    calls: list[Sequence[int | None]], tmp_path: Path
) -> None:
    rows({**host(4), "core_order": [2, 0, 3, 1]}, tmp_path / "ceiling.csv")
    measured = calls[1:]  # the first calibrates

    assert {tuple(cpus) for cpus in measured} == {(2,), (2, 0), (2, 0, 3, 1)}
    repeats = {tuple(map(len, measured[n : n + 3])) for n in range(0, len(measured), 3)}
    assert len(repeats) > 1


def test_without_affinity_processes_run_where_they_like(
    calls: list[Sequence[int | None]], tmp_path: Path
) -> None:
    rows(host(2, affinity=False), tmp_path / "ceiling.csv")

    assert {cpu for cpus in calls for cpu in cpus} == {None}


def test_the_kernel_really_runs(reaper: Reaper) -> None:
    python = sys.executable
    few = wall_seconds(python, [None], 2_000, reaper)
    many = wall_seconds(python, [None], 400_000, reaper)

    assert 0 < few < many


def test_a_kernel_that_does_not_run_is_one_line_for_the_user(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 4\n")
    python.chmod(0o755)

    with pytest.raises(
        CeilingError, match="the kernel of the machine's ceiling ended with status 4"
    ):
        Kernel(str(python), None, random.randrange(9))
