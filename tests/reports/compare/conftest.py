from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from experiments.statistics.intervals import Pairs, centres
from reports import decide, summarise
from reports.code import Code
from reports.compare.comparison import Comparison, compare
from reports.compare.opening import runs
from reports.compare.seen import Seen, Timed, Way
from reports.load import load
from tests.reports import synthetic
from tests.reports.synthetic import Scene, Truth, pool, sequential

Measured = Callable[..., Path]


def measured(folder: Path, scenes: Sequence[Scene], seed: int = 1, **machine: object) -> Path:
    """A results folder with the tables that a comparison reads."""
    cores = max(scene.cores for scene in scenes)
    facts = {"usable_cores": cores, "usable_cpus": list(range(cores)), "fingerprint": folder.name,
             "machine": machine.get("fingerprint", folder.name)}  # fmt: skip
    results = load(synthetic.write(folder, list(scenes), seed, **{**facts, **machine}))
    for step in (summarise, decide):
        step.main(results)
    return folder


def compared(*folders: Path) -> Comparison:
    """The comparison of some results folders."""
    return compare(runs(folders))


@pytest.fixture
def machine(tmp_path: Path) -> Measured:
    """Makes a machine's results: name, then scenes; more facts by name."""

    def make(name: str, *scenes: Scene, **facts: object) -> Path:
        return measured(tmp_path / name, scenes, **facts)  # type: ignore[arg-type]

    return make


def scene(cores: int = 2, kind: str = "cpu", task: str = "work", **seconds: float) -> Scene:
    """A task whose approaches take so many seconds: threads_2=0.1; `alone` is the sequential."""
    truths: list[Truth] = [sequential(seconds.pop("alone", 0.17))]
    for name, taken in seconds.items():
        executor, _, workers = name.partition("_")
        truths.append(pool(executor, int(workers), taken))
    return Scene(task, kind, cores, tuple(truths), rounds=8)


def seen(logs: np.ndarray, **facts: object) -> Seen:
    """One verdict of approaches with these log seconds, (k, n); the first is recommended."""
    count = len(logs)
    pairs = Pairs(*(np.full((count, count), np.nan) for _ in range(3)))
    np.fill_diagonal(pairs.estimate, 0.0)
    for one in range(count):
        others = [other for other in range(count) if other != one]
        if not others:
            continue
        made = centres(logs[one] - logs[others])
        pairs.estimate[one, others], pairs.error[one, others] = made.estimate, made.error
        pairs.degrees[one, others] = made.degrees
    labels = tuple(f"threads x{n + 1}" for n in range(count))
    given: dict[str, object] = {
        "block": "work-2c", "task": "work", "subject": "work", "params": "{}", "kind": "cpu",
        "cores": 2, "objective": "seconds", "scaling": "strong", "mode": "steady",
        "code": Code("c0de", all=True),
        "margin": 0.05, "verdict": "best", "pick": 0, "told": "", "flags": (), "ties": (),
        "speedup": None, "labels": labels, "ranks": tuple(range(count)),
        "ways": tuple(Way("threads", "{}", n + 1, "CPython 3.11") for n in range(count)),
        "able": tuple(range(count)), "pairs": pairs,
        "seconds": {n: Timed(row) for n, row in enumerate(logs)}, "speedups": {}, "failures": {},
        "work": (64.0, 10.0),
    }  # fmt: skip
    return Seen(**{**given, **facts})  # type: ignore[arg-type]
