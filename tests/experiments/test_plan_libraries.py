"""Executors of other libraries in a plan, and their options."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.settings import ConfigError
from tests.experiments.facts import plan
from tests.experiments.planning import complaint, labels, only_block


def test_the_options_of_a_named_executor_are_levels() -> None:
    block = only_block(executors=["joblib", "dask"], workers=[2])

    assert labels(block, "joblib") == ["joblib x2 (backend loky)", "joblib x2 (backend threading)"]
    assert labels(block, "dask") == [
        "dask x2 (scheduler threads)",
        "dask x2 (scheduler processes)",
        "dask x2 (scheduler distributed)",
    ]


def test_options_that_are_given_are_the_only_level() -> None:
    address = {"scheduler": "distributed", "address": "tcp://127.0.0.1:8786"}
    named = [
        {"executor": "dask", "options": address},
        {"executor": "joblib", "options": {"backend": "threading"}},
    ]
    block = only_block(executors=named, workers=[2])

    assert [e["options"] for e in block["approaches"] if e["executor"] == "dask"] == [address]
    assert labels(block, "joblib") == ["joblib x2 (backend threading)"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"address": "tcp://127.0.0.1:8786"}, "address needs 'scheduler: distributed' beside it"),
        ({"scheduler": "distributed", "address": 8786}, "address is 8786, must be like tcp://"),
    ],
)
def test_an_address_that_can_not_be_one_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        only_block(executors=[{"executor": "dask", "options": options}])

    assert str(refused.value).startswith(f"config key 'executors.0.options': {told}")


def test_executors_that_simplicity_leaves_out_come_in_the_order_of_the_registry() -> None:
    names = ["ray", "loky", "processes", "trio", "gevent", "threads"]
    block = only_block(executors=names, workers=[2])

    found = list(dict.fromkeys(e["executor"] for e in block["approaches"]))
    assert found == ["sequential", "threads", "processes", "trio", "gevent", "loky", "ray"]


def test_pools_of_processes_of_any_library_obey_most_processes() -> None:
    block = only_block(executors=["joblib", "loky", "gevent"], workers=[1, 8], most_processes=4)

    left_out = {one["approach"] for one in block["not_run"]}
    assert left_out == {"joblib x8 (backend loky)", "loky x8"}


def test_a_loop_has_one_approach_where_the_items_never_yield_to_it() -> None:
    block = only_block(tasks=["math_python"], executors=["trio", "anyio"], workers=[1, 8])

    assert len(labels(block, "trio")) == 1
    assert len(labels(block, "anyio")) == 2  # its backends


@pytest.mark.parametrize(
    ("executor", "options", "told"),
    [
        ("joblib", {"backend": "fast"}, "backend is 'fast', must be one of loky, threading"),
        ("loky", {"chunk": 3}, "loky has no option 'chunk' here; it has none"),
        ("processes", {"chunk": "auto"}, "processes has no option 'chunk' here; it has none"),
    ],
)
def test_an_option_that_an_executor_has_not_got_is_told(
    executor: str, options: dict[str, Any], told: str
) -> None:
    named = {"executor": executor, "options": options}

    assert complaint(executors=[named]) == f"config key 'executors.0.options': {told}"


def test_a_search_takes_the_executors_of_the_grid_by_their_names() -> None:
    named = {"executor": "joblib", "options": {"backend": "threading"}}
    search = {"task": "mixed", "vary": "cpu_share", "between": [0, 0.96]}
    found = plan(executors=[named, "threads"], breakeven=[search], breakeven_seconds=10)["searches"]

    assert found[0]["executors"] == ["sequential", "joblib", "threads"]


def test_an_executor_named_with_and_without_options_is_measured_once_at_each_level() -> None:
    named = {"executor": "joblib", "options": {"backend": "threading"}}
    block = only_block(executors=[named, "joblib"], workers=[2])

    assert labels(block, "joblib") == ["joblib x2 (backend loky)", "joblib x2 (backend threading)"]
