"""Work grows with `scale`, counted and not timed; scale 1 is nearly nothing."""

from __future__ import annotations

import pytest

from experiments.launch.base import Context
from experiments.launch.tasks import TASKS, load
from experiments.launch.tasks.machine_learning import FEWEST_ROWS

from .driving import make, thread_kit


def test_math_python_takes_steps_in_proportion(context: Context) -> None:
    task = make("math_python", context)

    assert task.make_items(1, 10)[0][1] == 10 * task.make_items(1, 1)[0][1]


def test_math_numpy_multiplies_in_proportion(context: Context) -> None:
    task = make("math_numpy", context)
    small, large = (task.make_items(1, scale)[0][1] ** 3 for scale in (1_000, 8_000))

    assert large / small == pytest.approx(8, rel=0.05)


def test_data_processing_gets_longer_texts_and_more_records(context: Context) -> None:
    task = make("data_processing", context)
    small, large = (task.make_items(1, scale)[0] for scale in (10, 100))

    assert sum(map(len, large)) / sum(map(len, small)) == pytest.approx(10, rel=0.1)
    assert _records(task.run(large)) == 10 * _records(task.run(small))


def _records(totals: list[list[int]]) -> int:
    return sum(row[1] for row in totals)


def test_machine_learning_trains_on_more_rows(context: Context) -> None:
    task = make("machine_learning", context)

    assert task.make_items(1, 1)[0][2] == FEWEST_ROWS
    assert task.make_items(1, 1000)[0][2] == 10 * task.make_items(1, 100)[0][2]


def test_sqlite_asks_as_many_queries_as_the_scale_says(context: Context) -> None:
    task = make("sqlite_query", context)
    task.prepare(1, 12)
    asked: list[str] = []
    task.run(task.make_items(1, 0)[0])
    task._connection().set_trace_callback(asked.append)  # type: ignore[attr-defined]
    task.run(task.make_items(1, 12)[0])
    task.close()

    assert len(asked) == 12


def test_locked_counter_updates_in_proportion(context: Context) -> None:
    task = make("locked_counter", context)
    counts = []
    for scale in (5, 50):
        items = task.make_items(2, scale)
        _, counter = shared = task.share(thread_kit())
        task.start_worker(shared)
        for item in items:
            task.run(item)
        counts.append(counter.value)

    assert counts == [10, 100]


def test_mixed_computes_in_proportion_and_waits_the_same(context: Context) -> None:
    task = make("mixed", context, cpu_share=0.5, item_ms=4)
    (_, few, short), (_, many, long) = task.make_items(1, 10)[0], task.make_items(1, 100)[0]

    assert (many, long) == (10 * few, short)
    assert short == pytest.approx(0.002)


def test_mixed_without_cpu_work_says_that_scale_means_nothing() -> None:
    mixed = load("mixed")

    assert not mixed.scalable({"cpu_share": 0, "item_ms": 1.8})  # type: ignore[attr-defined]
    assert mixed.scalable({"cpu_share": 0.1, "item_ms": 1.8})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("cpu_share", "kind"), [(0, "waiting"), (0.5, "waiting"), (0.75, "cpu"), (1, "cpu")]
)
def test_mixed_is_cpu_work_when_most_of_it_is(cpu_share: float, kind: str) -> None:
    assert load("mixed").kind_of({"cpu_share": cpu_share}) == kind  # type: ignore[attr-defined]


def test_mixed_waits_not_at_all_at_share_1_and_computes_not_at_all_at_share_0(
    context: Context,
) -> None:
    assert make("mixed", context, cpu_share=1).make_items(1, 5)[0][2] == 0
    assert make("mixed", context, cpu_share=0).make_items(1, 5)[0][1] == 0


@pytest.mark.parametrize("name", [name for name in TASKS if "item_ms" in load(name).defaults])
def test_items_grow_in_number_only_with_count(name: str, context: Context) -> None:
    assert len(make(name, context).make_items(7, 2)) == 7
