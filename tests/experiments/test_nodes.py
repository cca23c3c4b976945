"""The node axis of the plan: few approaches, and nothing of what is on one node changes."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.breakeven.added import added_block, families
from experiments.settings import ConfigError, resolve
from experiments.words import describe
from tests.experiments.facts import host, plan

DASK = {"executor": "dask", "options": {"scheduler": "distributed"}}
OVER = {"executors": ["threads", DASK], "nodes": [1, 2, 4], "workers": [1, 2], "cores": [1, 2]}


def labels(block: dict[str, Any]) -> list[str]:
    return [entry["approach"] for entry in block["approaches"]]


def over(block: dict[str, Any]) -> list[str]:
    return [entry["approach"] for entry in block["approaches"] if "nodes" in entry["options"]]


def test_several_nodes_have_as_many_workers_as_cores_on_the_largest_core_count() -> None:
    small, large = plan(**OVER, core_axis="all")["blocks"]

    assert over(small) == []
    assert over(large) == [
        "dask x4 (nodes 2, scheduler distributed)",
        "dask x8 (nodes 4, scheduler distributed)",
    ]
    (two, four) = (entry for entry in large["approaches"] if entry["approach"] in over(large))
    assert (two["workers"], two["options"]["nodes"]) == (4, 2)
    assert (four["workers"], four["options"]["nodes"]) == (8, 4)
    assert large["cores"] == 2


def test_several_nodes_are_less_simple_than_anything_on_one() -> None:
    block = plan(**{**OVER, "executors": [DASK, "threads"]})["blocks"][-1]

    assert labels(block)[-2:] == over(block)
    assert labels(block)[-3] == "dask x2 (scheduler distributed)"


@pytest.mark.parametrize("nodes", ["auto", [1]])
def test_one_node_is_the_plan_of_before(nodes: Any) -> None:
    """The digests are those of the version before there was this key: results go on."""
    made = plan(nodes=nodes)
    assert [block["digest"] for block in made["blocks"]] == ["6b025a16540b74cc"]
    assert made["digest"] == "3bcd961d81fd8e0e"


def test_executors_that_stay_on_one_node_are_not_asked() -> None:
    given = {"executor": "dask", "options": {"scheduler": "distributed", "address": "tcp://a:1"}}
    threads = {"executor": "dask", "options": {"scheduler": "threads"}}
    block = plan(**{**OVER, "executors": ["ray", "processes", threads, given]})["blocks"][-1]

    assert over(block) == ["ray x4 (nodes 2)", "ray x8 (nodes 4)"]
    with pytest.raises(ConfigError, match="config key 'nodes': none of the executors runs over"):
        plan(**{**OVER, "executors": ["processes", threads, given]})


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("http_request", "the http server of its items listens on its own node only"),
        (
            {"task": "ipc", "params": {"via": "shared_memory"}},
            "no other node sees this one's shared memory",
        ),
    ],
)
def test_work_that_is_bound_to_a_node_is_not_run_on_several(task: Any, reason: str) -> None:
    block = plan(**OVER, tasks=[task])["blocks"][-1]

    assert over(block) == []
    assert {"approach": "dask x4 (nodes 2, scheduler distributed)", "reason": reason} in (
        block["not_run"]
    )


def test_the_most_processes_are_those_of_a_node() -> None:
    """The 4 workers on 2 nodes are 2 processes each, the two on one node are as many."""
    assert over(plan(**OVER, most_processes=2)["blocks"][-1]) != []
    assert over(plan(**OVER, most_processes=1)["blocks"][-1]) == []


def test_control_and_overheads_stay_on_one_node() -> None:
    made = plan(**OVER, control=True, overheads=True)
    others = [block for block in made["blocks"] if block.get("control") or block.get("role")]

    assert len(others) == 3
    assert [over(block) for block in others] == [[], [], []]


def test_the_nodes_are_a_key_and_no_option() -> None:
    option = {"executor": "dask", "options": {"scheduler": "distributed", "nodes": 2}}
    with pytest.raises(ConfigError, match=r"executors\.0\.options'.*says config key 'nodes'"):
        plan(executors=[option])
    with pytest.raises(ConfigError, match=r"config key 'nodes\.0': must be at least 1"):
        resolve({"nodes": [0]})


def test_a_search_holds_one_node_against_several() -> None:
    search = {"task": "math_python", "vary": "item_ms", "between": [0.1, 20],
              "executors": ["processes", "dask"]}  # fmt: skip
    made = plan(**{**OVER, "executors": ["processes", DASK]}, breakeven=[search])
    block = added_block(made, host(), made["searches"][0], 1.0, {}, 30.0)

    found = families(block["approaches"])
    assert found["dask x4 (nodes 2, scheduler distributed)"] == "dask on 2 nodes"
    assert set(found.values()) == {"processes", "dask", "dask on 2 nodes", "dask on 4 nodes"}


def test_the_plan_in_words_says_what_runs_over_several_nodes() -> None:
    words = describe(plan(**OVER), host())

    assert "threads, dask; dask over 2 and 4 nodes too" in words
    assert "nodes" not in describe(plan(), host())
