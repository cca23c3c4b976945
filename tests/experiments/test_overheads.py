from __future__ import annotations

from typing import Any

import pytest

from experiments.budget import late_first_looks
from experiments.control import answer_blocks
from experiments.overheads import is_overhead
from experiments.plan import make_plan
from experiments.settings import resolve
from experiments.words import describe
from tests.experiments.facts import host, plan

ALL = {"executors": ["threads", "asyncio", "processes"], "start_methods": ["spawn", "fork"]}


def overheads(facts: dict[str, Any] | None = None, **config: Any) -> list[dict[str, Any]]:
    """The overhead blocks of a small plan."""
    return [
        block for block in plan(facts, overheads=True, **config)["blocks"] if is_overhead(block)
    ]


def labels(block: dict[str, Any]) -> list[str]:
    return [entry["approach"] for entry in block["approaches"]]


def test_the_presets_say_whether_there_are_any_and_in_how_many_rounds() -> None:
    for preset, rounds in {"quick": 0, "standard": 5, "thorough": 10}.items():
        blocks = make_plan(resolve({"preset": preset}), host())["blocks"]
        found = [block for block in blocks if is_overhead(block)]
        assert [block["statistics"] for block in found] == [{"looks": [rounds]}] * (
            2 if rounds else 0
        )
        assert blocks[len(blocks) - len(found) :] == found
    assert overheads(preset="quick")
    assert not any(map(is_overhead, plan(preset="standard", overheads=False)["blocks"]))


def test_there_is_a_block_without_payload_and_one_with() -> None:
    bare, loaded = overheads(host(2), cores=[1, 2], **ALL)

    assert (bare["block"], loaded["block"]) == ("overhead-0kib-2c", "overhead-256kib-2c")
    assert (bare["params"], loaded["params"]) == ({"payload_kib": 0}, {"payload_kib": 256})
    assert sorted(labels(bare)) == sorted(
        ["sequential", "threads x1", "threads x2", "asyncio x1", "asyncio x2"]
        + [f"processes x{n} ({method})" for n in (1, 2) for method in ("spawn", "fork")]
    )
    assert sorted(labels(loaded)) == sorted(
        ["sequential", "threads x1", "threads x2", "processes x1 (spawn)", "processes x2 (spawn)"]
    )


def test_items_are_as_many_as_given_and_enough_for_every_worker() -> None:
    assert [(b["items"], b["min_items"]) for b in overheads()] == [(500, 500), (32, 32)]
    assert [block["items"] for block in overheads(host(128), cores=[128])] == [500, 256]


@pytest.mark.parametrize(
    "config",
    [{"tasks": ["ipc"]}, {"workers": [8]}, {"looks": [3, 4]}, {"objective": "memory"},
     {"variants": "none"}, {"chunks": ["auto"]}],
    ids=str,
)  # fmt: skip
def test_they_are_the_same_whatever_grid_is_chosen(config: dict[str, Any]) -> None:
    def content(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{key: b[key] for key in b if key != "digest"} for b in blocks]

    assert content(overheads(**ALL, **config)) == content(overheads(**ALL))


def test_a_block_in_which_there_is_nothing_to_measure_is_left_out() -> None:
    assert [b["block"] for b in overheads(executors=["asyncio"])] == ["overhead-0kib-1c"]


def test_the_answers_are_the_same_with_and_without_them() -> None:
    alone, beside = plan(), plan(overheads=True)

    assert answer_blocks(beside) == alone["blocks"]
    assert beside["digest"] != alone["digest"]
    launches = sum(5 * len(labels(block)) for block in overheads())
    assert beside["estimate"]["launches"] == alone["estimate"]["launches"] + launches
    assert beside["estimate"]["seconds"] > alone["estimate"]["seconds"]


def test_how_they_are_measured_is_part_of_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [block["digest"] for block in overheads()]
    monkeypatch.setattr("experiments.overheads.STEADY_SECONDS", 0.1)

    assert not set(before) & {block["digest"] for block in overheads()}


def test_in_standard_they_take_about_half_a_minute() -> None:
    more = [
        make_plan(resolve({"overheads": wanted}), host())["estimate"]["seconds"]
        for wanted in (True, False)
    ]

    assert 15 < more[0] - more[1] < 40


def test_they_are_never_late_for_a_first_look() -> None:
    made = plan(overheads=True, block_seconds=1)

    assert not any(is_overhead(block) for block, _ in late_first_looks(made))


def test_they_have_a_line_of_their_own() -> None:
    words = describe(plan(overheads=True, **ALL), host()).splitlines()

    assert words[1].startswith("  1 block, ")
    assert words[-1] == (
        "  overheads: what sequential, threads, asyncio, processes cost without any work, on 1 "
        "core, in 5 rounds"
    )


@pytest.mark.parametrize(("given", "taken"), [("true", True), (True, True), ("false", False)])
def test_true_and_false_may_come_as_text(given: Any, taken: bool) -> None:
    assert resolve({"overheads": given})["overheads"] is taken
