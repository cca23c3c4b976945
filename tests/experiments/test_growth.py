"""What a larger grid costs before anything is measured: in proportion, by what is counted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from experiments import workflow
from experiments.cluster import chains
from experiments.plan import _refuse_twins
from experiments.words import describe
from experiments.workflow import Blocks
from tests.experiments.facts import host, plan

#: four times the blocks: linear work is four times as much, quadratic work sixteen times
FEW, MANY = 40, 160
MOST_TIMES = 5


class Name(str):
    """A name that counts how often any of them is compared."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Name.compared += 1
        return str.__eq__(self, other)


def grid(values: int, **config: Any) -> dict[str, Any]:
    """A plan of that many values of a parameter, on one and on two cores."""
    params = {"item_ms": [1 + value / 100 for value in range(values)]}
    tasks = [{"task": "math_python", "params": params}]
    return plan(tasks=tasks, cores=[1, 2], core_axis="all", **config)


def calls(work: Callable[[], object]) -> int:
    """Calls of Python functions, and values that generators hand on."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def in_proportion(work: Callable[[int], object]) -> bool:
    """Whether four times the values take about four times the calls."""
    work(1)  # what is loaded once
    few, many = (calls(lambda count=count: work(count)) for count in (FEW, MANY))  # type: ignore[misc]
    return many < MOST_TIMES * few


@pytest.mark.parametrize("config", [{}, {"block_seconds": 1}])
def test_planning_takes_as_much_work_a_block(config: dict[str, Any]) -> None:
    assert in_proportion(lambda values: grid(values, **config))


@pytest.mark.parametrize("config", [{}, {"block_seconds": 1}])
def test_a_plan_is_told_with_as_much_work_a_block(config: dict[str, Any]) -> None:
    made = {values: grid(values, **config) for values in (1, FEW, MANY)}

    assert in_proportion(lambda values: describe(made[values], host()))


def test_chains_take_as_much_work_a_block() -> None:
    made = {values: grid(values)["blocks"] for values in (1, FEW, MANY)}

    assert in_proportion(lambda values: chains.chained(made[values], 8, [1.0] * (2 * values)))


def test_names_are_not_compared_with_all_others() -> None:
    blocks = [{"block": Name(f"math_python-item_ms={value}-1c")} for value in range(MANY)]
    Name.compared = 0

    _refuse_twins(blocks)

    assert Name.compared < MANY


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Path, list[str]]]:
    workflow._read.cache_clear()
    content = grid(MANY)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(content))
    yield path, [block["block"] for block in content["blocks"]]
    workflow._read.cache_clear()


def test_the_rules_read_a_plan_once(made: tuple[Path, list[str]]) -> None:
    path, names = made
    for name in names:
        Blocks.of_plan(path).before(name)
        Blocks.of_plan(path).digest(name)

    assert workflow._read.cache_info().misses == 1


def test_the_rules_ask_for_a_block_without_looking_at_the_others(
    made: tuple[Path, list[str]],
) -> None:
    path, names = made
    blocks = Blocks.of_plan(path)

    def asked(name: str) -> None:
        assert name in blocks
        blocks.before(name)
        blocks.digest(name)
        blocks.job(name, 4)

    assert calls(lambda: asked(names[-1])) == calls(lambda: asked(names[1]))
