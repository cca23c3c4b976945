from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.control import ALPHA, TWINS, answer_blocks, launched_options
from experiments.plan import make_plan
from experiments.settings import resolve
from experiments.statistics import Candidate, RaceSettings, replay
from experiments.statistics.block import MODES
from experiments.words import describe
from tests.experiments.facts import host, plan


def control(facts: dict[str, Any] | None = None, **config: Any) -> dict[str, Any]:
    """The control of a small plan."""
    (block,) = [b for b in plan(facts, control=True, **config)["blocks"] if b.get("control")]
    return dict(block)


def test_the_presets_say_whether_there_is_one() -> None:
    for preset, there in {"quick": False, "standard": True, "thorough": True}.items():
        blocks = make_plan(resolve({"preset": preset}), host())["blocks"]
        assert [bool(block.get("control")) for block in blocks].count(True) == there
        assert bool(blocks[0].get("control")) == there
    assert not plan(control=False)["blocks"][0].get("control")
    assert plan(preset="quick", control=True)["blocks"][0]["control"]


def test_it_is_one_approach_under_two_names_on_the_most_cores() -> None:
    block = control(host(4), cores=[1, 4])
    first, second = block["approaches"]

    assert (block["block"], block["cores"]) == ("control-math_python-4c", 4)
    names = ["processes x4 (spawn), A", "processes x4 (spawn), B"]
    assert [entry["approach"] for entry in (first, second)] == names
    assert launched_options(first["options"]) == launched_options(second["options"])
    same = ("executor", "workers", "interpreter", "simplicity")
    assert [first[key] for key in same] == [second[key] for key in same]


@pytest.mark.parametrize(
    "config",
    [
        {"tasks": ["ipc"]},
        {"executors": ["asyncio"]},
        {"workers": [8]},
        {"most_processes": 1},
        {"variants": "all", "chunks": ["default", "auto"]},
        {"simplicity": ["processes", "sequential"]},
        {"tasks": [{"task": "math_python", "params": {"item_ms": 1.0}}]},
    ],
)
def test_it_is_the_same_whatever_grid_is_chosen(config: dict[str, Any]) -> None:
    assert control(host(2), **{"cores": [2], **config}) == control(host(2), cores=[2])


def test_the_other_blocks_are_the_same_with_and_without_it() -> None:
    alone, beside = plan(control=False), plan(control=True)

    assert answer_blocks(beside) == alone["blocks"]
    assert beside["digest"] != alone["digest"]
    assert beside["estimate"]["launches"] == alone["estimate"]["launches"] + 2 * 2
    assert beside["estimate"]["seconds"] > alone["estimate"]["seconds"]


def test_its_error_budget_is_part_of_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = control()
    monkeypatch.setattr("experiments.control.ALPHA", 0.01)

    assert before["statistics"] == {"alpha": 0.02}
    assert control()["digest"] != before["digest"]


def false_alarms(races: int, sd: float, seed: int) -> float:
    """Share of controls, both modes together, that take one of two equal twins to be slower."""
    rng = np.random.default_rng(seed)
    settings = RaceSettings(alpha=ALPHA, looks=(2, 5, 8, 12, 20))
    twins = [Candidate(name, 0) for name in TWINS]
    alarms = 0
    for _ in range(races):
        values = [{m: dict(zip(TWINS, rng.normal(0, sd, 2), strict=True)) for m in MODES}
                  for _ in range(20)]  # fmt: skip
        found = replay(twins, settings, values).judgements().values()
        alarms += any("dropped" in one.status.values() for one in found)
    return alarms / races


def test_false_alarms_are_at_most_one_in_twenty() -> None:
    """In the noise where they are most; 0.08 is 5% and three standard errors of so few races."""
    assert 0 < false_alarms(races=400, sd=0.1, seed=7) <= 0.08


def test_it_has_a_line_of_its_own_and_is_no_block_of_the_grid() -> None:
    words = describe(plan(control=True), host()).splitlines()

    assert words[1].startswith("  1 block, 3 approaches, at least 10 launches")
    assert words[-1] == (
        "  A/A control, math_python: on 1 core, processes x1 (spawn), A and processes x1 (spawn), "
        "B, which are the same"
    )
