from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reports import (
    breakeven,
    claims,
    decide,
    fit,
    interpreters,
    losses,
    overheads,
    plot,
    render,
    summarise,
)
from reports.load import Results, load
from tests.reports import synthetic
from tests.reports.synthetic import Scene

HOSTILE = '<script>alert(1)</script> {{ 7*7 }} "quoted" $x^2$ & \u202ereversed ' + "long" * 60


def finish(folder: Path) -> Results:
    """Every step of the report on a results folder, but for the rendering."""
    results = load(folder)
    for step in (summarise, fit, decide, breakeven, overheads, claims, losses, interpreters, plot):
        step.main(results)
    return results


def crashed_scene() -> Scene:
    """Approaches that crash, hang and answer wrongly beside some that work."""
    scene = synthetic.cpu_scene("machine_learning")
    truths = {truth.label: truth for truth in scene.truths}
    reasons = {
        "processes x1": ("crashed", "SIGSEGV in phase steady"),
        "threads x2": ("timeout", "no end after 30 s"),
        "threads x4": ("wrong", "item 3: expected 4.1, got 4.2"),
    }
    for label, (status, reason) in reasons.items():
        truths[label] = replace(truths[label], status=status, reason=reason)
    return replace(scene, truths=tuple(truths.values()))


def failed_scene() -> Scene:
    """A block in which nothing ran."""
    scene = synthetic.cpu_scene("my_task")
    reason = "no module named 'torch'"
    failed = tuple(replace(t, status="unsupported", reason=reason) for t in scene.truths)
    return replace(scene, truths=failed)


def mixed_scenes() -> list[Scene]:
    """One block of every verdict and every trouble."""
    not_run = (("processes x64", "more workers than items: at most 32"),)
    hostile = synthetic.cpu_scene(HOSTILE, flags=(HOSTILE,), summary=HOSTILE, label=HOSTILE)
    return [
        synthetic.cpu_scene(cores=1),
        synthetic.cpu_scene(not_run=not_run),
        synthetic.cpu_scene("data_processing", noise=0.1, stopped="budget of 24 s spent"),
        synthetic.waiting_scene(flags=("the server was the bottleneck: 0.97 of its core busy",)),
        synthetic.counter_scene("lock", lost=0),
        synthetic.counter_scene("none", lost=381),
        crashed_scene(),
        failed_scene(),
        hostile,
    ]


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A machine with one block of every verdict, all tables and figures made."""
    folder = tmp_path_factory.mktemp("results") / "bench"
    return finish(synthetic.write(folder, mixed_scenes()))


@pytest.fixture(scope="session")
def page(results: Results) -> str:
    """Its report as HTML."""
    return render.html(results)
