from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from experiments.cluster import chains


def block(name: str, task: str, **params: Any) -> dict[str, Any]:
    return {"block": name, "task": task, "params": params}


def test_blocks_of_one_task_point_stay_together_and_in_order() -> None:
    blocks = [block(f"{task}-{cores}", task) for cores in (1, 2, 4) for task in ("a", "b", "c")]
    found = chains.chained(blocks, 2, [1.0] * 9)

    assert [one["block"] for one in found] == [one["block"] for one in blocks]
    for task in ("a", "b", "c"):
        assert len({one["chain"] for one in found if one["task"] == task}) == 1
    assert {one["chain"] for one in found} == {0, 1}


def test_the_control_of_a_task_is_another_share_than_its_blocks() -> None:
    blocks = [{**block("control", "a"), "control": True}, block("a-1", "a")]

    assert [one["chain"] for one in chains.chained(blocks, 2, [1.0, 2.0])] == [1, 0]


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=30), st.integers(1, 6))
def test_no_chain_is_much_longer_than_it_must_be(seconds: list[float], count: int) -> None:
    """Graham's bound for longest first: 4/3 - 1/(3m) of the best, which no chain can beat."""
    blocks = [block(str(number), "t", n=number) for number in range(len(seconds))]
    totals = [0.0] * count
    for one, taken in zip(chains.chained(blocks, count, seconds), seconds, strict=True):
        totals[one["chain"]] += taken
    ordered = sorted(seconds, reverse=True)
    pair = ordered[count - 1] + ordered[count] if len(ordered) > count else 0.0
    best_at_least = max(sum(seconds) / count, ordered[0], pair)

    assert (
        max(totals) <= (4 / 3 + 1e-9) * best_at_least
        or max(totals)
        <= sum(seconds) / count + (1 - 1 / count) * ordered[min(count, len(ordered) - 1)] + 1e-9
    )
