"""A process an item: all items run, whoever is done when, and the last processes are seen."""

from __future__ import annotations

import pytest

from tests.experiments.launch.driving import launch, spec


def test_all_items_run_where_all_running_ones_are_done_at_once() -> None:
    wanted = spec("Counts", executor="process_per_item", items=8, workers=4, batches=3)
    done = launch({**wanted, "expected": list(range(8))})

    assert done.last == {"event": "end"}
    assert done.one("extras") == {"event": "extras", "lost_updates": 0, "updates": 4 * 8}


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_every_start_method_gives_the_answers(method: str) -> None:
    wanted = spec(executor="process_per_item", items=3, batches=0, options={"start_method": method})

    assert launch({**wanted, "expected": [0, 1, 4]}).last == {"event": "end"}


def test_memory_is_that_of_as_many_processes_as_work_at_once() -> None:
    def memory_mib(workers: int) -> float:
        done = launch(spec(executor="process_per_item", workers=workers, batches=0, profile=True))
        return float(done.one("profile")["peak_memory_mib"])

    assert memory_mib(4) > memory_mib(1)
