"""What a block can be decided on."""

import pytest

from experiments import schema
from experiments.statistics.objectives import (
    MEMORY,
    OBJECTIVES,
    P99,
    SECONDS,
    effective,
    steady_batches,
)


def test_only_tasks_that_wait_have_items_timed_one_by_one():
    assert effective("p99", "waiting") == P99
    assert effective("p99", "cpu") == SECONDS
    assert effective("memory", "cpu") == effective("memory", "waiting") == MEMORY


@pytest.mark.parametrize(
    ("wanted", "items", "batches"),
    [(1, 128, 4), (1, 500, 1), (1, 501, 1), (1, 1, 500), (9, 128, 9)],
)
def test_a_p99_needs_500_items_in_a_launch(wanted, items, batches):
    assert steady_batches(P99, wanted, items) == batches
    assert steady_batches(SECONDS, wanted, items) == steady_batches(MEMORY, wanted, items) == wanted


@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=list(OBJECTIVES))
def test_each_is_made_of_columns_that_are_there_and_has_all_its_words(objective):
    assert set(objective.columns) <= set(schema.LAUNCHES.names)
    assert objective.regret.format(share="4%").count("at most 4%") == 1
    assert objective.is_time or objective.unknown
    assert set(objective.modes) <= set(schema.MODES)
