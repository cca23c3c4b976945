from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pyperf
import pytest

from experiments.bench import verdict
from experiments.bench.verdict import BenchError, Block, Compared, conclusion, same_decision
from experiments.statistics import Candidate, Judgement, RaceSettings, replay
from tests.experiments.facts import host

FORK2, FORK4 = "processes x2 (fork)", "processes x4 (fork)"
MEANS = {"sequential": 0.2, "threads x2": 0.21, FORK2: 0.104, FORK4: 0.102}


def judged(**changes: Any) -> Judgement:
    """A verdict for two processes, with some fields of one's own."""
    candidates = [Candidate("sequential", 0, True), Candidate(FORK2, 1)]
    rounds = [
        {mode: {"sequential": 0.7 + r / 1e3, FORK2: r / 1e3} for mode in ("steady", "oneshot")}
        for r in range(3)
    ]
    made = replay(candidates, RaceSettings(), rounds).judgements()["steady"]
    assert (made.verdict, made.pick) == ("best", FORK2)
    return dataclasses.replace(made, **changes)


def recorded(folder: Path, label: str, values: list[float]) -> Path:
    """A file as pyperf writes it, five values a process."""
    metadata = {"name": "batch"}
    runs = [
        pyperf.Run(values[at : at + 5], metadata=metadata, collect_metadata=False)
        for at in range(0, len(values), 5)
    ]
    path = folder / f"{label}.json"
    pyperf.Benchmark(runs).dump(str(path))
    return path


@pytest.mark.parametrize(("cores", "workers"), [(1, 2), (2, 2), (8, 8)])
def test_the_block_holds_the_same_four_approaches_on_all_cores(cores: int, workers: int) -> None:
    plan = verdict.one_block_plan(host(cores=cores))
    (block,) = plan["blocks"]
    names = [entry["approach"] for entry in block["approaches"]]

    assert names == [case.label for case in verdict.four_cases(cores)]
    assert names[1:] == [f"{what} x{n}{how}" for what, n, how in (
        ("threads", workers, ""), ("processes", workers, " (fork)"),
        ("processes", 2 * workers, " (fork)"))]  # fmt: skip
    assert (block["cores"], len(plan["statistics"]["looks"])) == (cores, 5)


def test_pyperf_says_who_is_fastest_and_who_may_be_as_fast(tmp_path: Path) -> None:
    wave = [0.001 * (n % 5) for n in range(20)]
    files = {
        "sequential": recorded(tmp_path, "sequential", [0.2 + w for w in wave]),
        FORK2: recorded(tmp_path, FORK2, [0.1 + w for w in wave]),
        FORK4: recorded(tmp_path, FORK4, [0.1001 + w for w in wave]),
        "threads x2": recorded(tmp_path, "threads x2", [0.21 + w for w in wave]),
    }
    means, not_significant, said = verdict.compare(files)

    assert Compared(means, not_significant, 1.0).fastest == FORK2
    assert means["sequential"] == pytest.approx(0.202)
    assert not_significant == (FORK4,)
    assert "slower" in said


def test_a_file_that_pyperf_cant_compare_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"^bench: python -m pyperf: .*$"):
        verdict._run(("pyperf", "compare_to", str(tmp_path / "a"), str(tmp_path / "b")))


@pytest.mark.parametrize(
    ("changes", "not_significant", "same"),
    [
        ({}, (), True),  # 2% slower than pyperf's fastest: within the margin
        ({"pick": "sequential"}, (), False),
        ({"pick": "sequential"}, ("sequential",), True),
        ({"verdict": "inconclusive"}, (), False),
        ({"verdict": "failed", "pick": None}, (), False),
    ],
)
def test_decisions_agree_where_following_the_verdict_loses_nothing(
    changes: dict[str, Any], not_significant: tuple[str, ...], same: bool
) -> None:
    assert same_decision(judged(**changes), Compared(MEANS, not_significant, 60), 0.05) is same


@pytest.mark.parametrize(
    ("seconds", "pick", "ends"),
    [
        (9.0, FORK2, "15% of pyperf's time, aim 20%: reached"),
        (30.0, FORK2, "50% of pyperf's time, aim 20%: not reached"),
        (9.0, "sequential", "15% of pyperf's time, aim 20%: not reached"),
    ],
)
def test_the_aim_takes_both_the_decision_and_the_time(seconds: float, pick: str, ends: str) -> None:
    block = Block(judged(pick=pick), 20, 100, seconds)

    assert conclusion(block, Compared(MEANS, (), 60.0), 0.05)[-1] == ends
