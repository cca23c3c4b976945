from __future__ import annotations

import pytest

from experiments.budget import late_first_looks
from experiments.plan import make_plan
from experiments.settings import resolve
from experiments.words import MOST_LINES, count, describe, minutes
from tests.experiments.facts import host, plan


def test_the_plan_in_words_names_blocks_launches_time_and_why_these_cores() -> None:
    made = plan(tasks=["math_python", {"task": "mixed", "params": {"cpu_share": [0, 0.5]}}])
    first, second, *blocks = describe(made, host()).splitlines()

    assert first == (
        "Poolwise: preset standard on bench: a processor, 2 usable cores "
        "(CPU affinity allows 2 of 2 logical CPUs), cpython-3.11.7"
    )
    assert second.startswith("  3 blocks, 9 approaches, at least 18 launches in 2 to 2 rounds;")
    assert blocks == [
        "  math_python: on 1 core, 1 to 2 workers, sequential, threads",
        "  mixed cpu_share=0: on 1 core, 1 to 2 workers, sequential, threads",
        "  mixed cpu_share=0.5: on 1 core, 1 to 2 workers, sequential, threads",
    ]


def test_it_says_what_is_decided_on_where_that_is_not_time() -> None:
    words = describe(plan(objective="memory"), host()).splitlines()
    assert words[2] == "  decided on peak memory"
    words = describe(plan(objective="p99", tasks=["mixed", "math_python"]), host()).splitlines()
    assert words[2] == "  decided on p99 latency; math_python on seconds: no items timed one by one"


def test_it_says_that_the_work_grows_with_the_workers() -> None:
    words = describe(plan(scaling="weak"), host()).splitlines()
    assert words[2] == "  weak scaling: w workers get w times the items of the sequential program"
    assert "scaling" not in describe(plan(scaling="strong"), host())


def test_core_counts_of_a_task_share_a_line() -> None:
    words = describe(plan(cores="auto", core_axis="all"), host())

    assert "math_python: on 1, 2 cores, 1 to 2 workers" in words


def test_a_plan_of_many_values_takes_a_line_a_task() -> None:
    many = {"task": "math_python", "params": {"item_ms": list(range(1, MOST_LINES + 1))}}
    words = describe(plan(tasks=[many, "ipc"], cores=[1, 2], core_axis="all"), host())

    assert words.splitlines()[2:] == [
        f"  math_python, {MOST_LINES} values of its parameters: on 1, 2 cores, 1 to 2 workers, "
        "sequential, threads",
        "  ipc: on 1, 2 cores, 1 to 2 workers, sequential, threads",
    ]


def test_a_budget_too_small_for_the_first_look_is_told() -> None:
    more = {"workers": list(range(1, 16)), "looks": [5], "block_seconds": 1}
    (line,) = [w for w in describe(plan(**more), host()).splitlines() if "block_seconds" in w]

    assert line.startswith(
        "  config key 'block_seconds': 1 s are too few for 5 rounds of 16 approaches (about "
    )
    assert line.endswith(" s, in math_python-1c): 1 of 1 block will take the first look late")


@pytest.mark.parametrize("preset", ["quick", "standard", "thorough"])
def test_the_presets_have_room_for_the_first_look(preset: str) -> None:
    for cores in (1, 2, 8):
        made = make_plan(resolve({"preset": preset}), host(cores))
        assert list(late_first_looks(made)) == []


@pytest.mark.parametrize(
    ("seconds", "words"), [(4.4, "4 s"), (89, "89 s"), (90, "2 min"), (7200, "2.0 h")]
)
def test_times_as_people_say_them(seconds: float, words: str) -> None:
    assert minutes(seconds) == words


def test_one_is_not_many() -> None:
    assert (count(1, "core"), count(2, "core")) == ("1 core", "2 cores")
