from __future__ import annotations

from typing import Any

import pytest

from experiments.own_budget import MOST_SECONDS, ROUNDS
from experiments.plan import make_plan
from experiments.settings import ConfigError
from experiments.words import describe
from tests.experiments.facts import host
from tests.experiments.test_own import settings

BLOCK_SECONDS = 18.0


def block(item_seconds: float, kind: str = "cpu", **more: Any) -> dict[str, Any]:
    """The last block planned for a function whose item takes so long."""
    return blocks(item_seconds, kind, **more)[-1]


def blocks(item_seconds: float, kind: str = "cpu", **more: Any) -> list[dict[str, Any]]:
    facts = {"item_seconds": item_seconds, "kind": kind}
    found = {**settings(facts), "workers": "auto", "block_seconds": BLOCK_SECONDS, **more}
    planned: list[dict[str, Any]] = make_plan(found, host())["blocks"]
    return planned


def test_fast_items_change_nothing() -> None:
    planned = block(0.001)

    assert not {"items", "notes", "budget_seconds", "launch_timeout_seconds"} & planned.keys()


@pytest.mark.parametrize(
    ("kind", "item_seconds"), [("cpu", 0.2), ("cpu", 0.5), ("waiting", 0.05), ("waiting", 0.3)]
)
def test_slower_ones_lose_worker_counts_until_they_fit_the_budget(
    kind: str, item_seconds: float
) -> None:
    planned, whole = block(item_seconds, kind), block(0.0001, kind)
    names = {one["approach"] for one in planned["approaches"]}
    left_out = {one["approach"] for one in planned["not_run"]}

    assert "sequential" in names
    assert any(name.startswith("threads") for name in names)
    every = [*whole["approaches"], *whole["not_run"]]
    assert names | left_out == {one["approach"] for one in every}
    assert planned["items"] >= max(one["workers"] for one in planned["approaches"])
    assert [one["simplicity"] for one in planned["approaches"]] == list(range(len(names)))


def test_thirty_seconds_an_item_is_measured_with_what_can_still_be_judged() -> None:
    planned = block(30.0, cores=[1, 2])
    (note,) = planned["notes"]

    assert {one["executor"]: one["workers"] for one in planned["approaches"]} == {
        "sequential": 1, "threads": 2, "processes": 2,
    }  # fmt: skip
    assert (planned["items"], planned["batches"], planned["steady_seconds"]) == (2, 1, 0)
    assert planned["statistics"] == {"looks": [ROUNDS, 2 * ROUNDS]}
    # three batches of 60 s have to fit into a launch
    assert planned["launch_timeout_seconds"] >= 180
    assert note.startswith(
        "an item takes about 30 s, so the least that can be judged takes about 24 min, more than "
        "block_seconds (18 s): a batch has 2 items"
    )


def test_what_fits_says_what_it_had_to_fit() -> None:
    (note,) = block(0.2)["notes"]

    assert note.startswith("an item takes about 200 ms, so to stay within block_seconds (18 s) a b")


def test_pools_of_processes_are_alike_to_the_budget() -> None:
    names = ("processes", "loky", "threads")
    *seconds, threads = (
        block(30.0, executors=[name], cores=[2])["likely_seconds"] for name in names
    )

    assert seconds[0] == seconds[1] < threads


def test_fewer_cores_are_left_out_where_one_block_is_more_than_the_budget() -> None:
    assert [one["cores"] for one in blocks(0.001, cores=[1, 2])] == [1, 2]
    assert [one["cores"] for one in blocks(20.0, cores=[1, 2])] == [2]


def test_what_would_take_hours_is_refused_with_what_it_would_take() -> None:
    with pytest.raises(ConfigError) as caught:
        block(300.0)

    assert str(caught.value).startswith("config key 'tasks.my_etl.call': an item takes about 5 min")
    assert "allow it by config key 'block_seconds'" in str(caught.value)
    assert block(300.0, block_seconds=20 * MOST_SECONDS)["items"] >= 2


def test_the_estimate_and_the_words_before_the_run_know_of_it() -> None:
    found = {**settings({"item_seconds": 30.0, "kind": "cpu"}), "cores": [2]}
    plan = make_plan(found, host())
    said = describe(plan, host())

    assert plan["estimate"]["seconds"] > 1000
    assert "my_etl: an item takes about 30 s, so the least that can be judged takes about" in said


def test_the_notes_of_the_look_at_it_stand_after_the_budgets() -> None:
    facts = {"item_seconds": 30.0, "kind": "cpu", "notes": ["acall was not tried"]}
    *_, planned = make_plan({**settings(facts), "cores": [2]}, host())["blocks"]

    assert [note.partition(" about")[0] for note in planned["notes"]] == [
        "an item takes", "acall was not tried",
    ]  # fmt: skip


def test_waiting_work_keeps_large_pools_before_it_keeps_every_count() -> None:
    planned = block(0.02, "waiting")
    threads = [one["workers"] for one in planned["approaches"] if one["executor"] == "threads"]

    assert max(threads) >= 16
    assert planned["budget_seconds"] == BLOCK_SECONDS
