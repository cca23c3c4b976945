"""What the plan has of several interpreters, and that one alone changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.breakeven.added import added_block
from experiments.host import asked, fingerprint, probe
from experiments.plan import make_plan
from experiments.settings import ConfigError, resolve
from experiments.words import describe
from tests.experiments.facts import SMALL, host, plan

FIRST = host()["interpreters"][0]
METHODS = ["fork", "spawn", "forkserver"]


def other(label: str, tag: str, *lacks: str, **more: Any) -> dict[str, Any]:
    usual = {"executable": f"/{tag}", "start_methods": METHODS, "interpreter_pools": False}
    return {"interpreter": label, "tag": tag, "lacks": list(lacks), **usual, **more}


def facts(*others: dict[str, Any]) -> dict[str, Any]:
    own = other(FIRST["interpreter"], "3.11")
    return {**host(), "interpreters": [own, *others]}


FREE = other("cpython-3.13.0t", "3.13t", "numpy", "aiohttp")
BIG: dict[str, Any] = {
    "executors": ["threads", "processes", "asyncio"],
    "workers": "auto",
    "start_methods": ["fork", "spawn"],
    "cores": [2],
    "variants": "at_cores",
}


def labels(block: dict[str, Any], tag: str = "") -> list[str]:
    return [e["approach"] for e in block["approaches"] if e["approach"].endswith(tag)]


def only_block(machine: dict[str, Any], **config: Any) -> dict[str, Any]:
    (block,) = plan(machine, **config)["blocks"]
    return dict(block)


@pytest.mark.parametrize(
    ("config", "digest"),
    [
        ({}, "dfbda37710f1ed88"),
        ({"preset": "quick"}, "da96d8aab6b36832"),
    ],
)
def test_the_plan_of_one_interpreter_is_the_one_from_before_there_could_be_several(
    config: dict[str, Any], digest: str
) -> None:
    """Else nobody's results would be valid any more."""
    assert make_plan(resolve(config), host())["digest"] == digest
    assert make_plan(resolve({**config, "pythons": ["current"]}), host())["digest"] == digest


def test_what_one_interpreter_lacks_is_left_to_its_launches() -> None:
    lone = {**host(), "interpreters": [other(FIRST["interpreter"], "3.11", "numpy")]}

    assert (
        only_block(lone, tasks=["math_numpy"])["digest"]
        == (only_block(host(), tasks=["math_numpy"])["digest"])
    )


def test_interpreters_compete_in_one_block_and_labels_name_them() -> None:
    block = only_block(facts(FREE))

    assert labels(block) == [
        "sequential [3.11]", "threads x1 [3.11]", "threads x2 [3.11]",
        "sequential [3.13t]", "threads x1 [3.13t]", "threads x2 [3.13t]",
    ]  # fmt: skip
    assert [e["simplicity"] for e in block["approaches"]] == list(range(6))
    assert {e["interpreter"] for e in block["approaches"][3:]} == {"cpython-3.13.0t"}


def test_the_others_have_main_options_and_fewer_worker_counts() -> None:
    block = only_block(facts(FREE), **BIG, tasks=["http_request"])

    threads = [e["workers"] for e in block["approaches"] if e["executor"] == "threads"]
    assert threads == [1, 2, 4, 8, 16, 32, 64, 1, 2, 4, 16, 64]
    assert "processes x2 (spawn) [3.11]" in labels(block)
    assert [label for label in labels(block, "[3.13t]") if "spawn" in label] == []


def test_all_variants_and_worker_counts_are_measured_where_they_are_asked_for() -> None:
    asked_for = {**BIG, "variants": "all", "workers": [1, 2, 4]}

    block = only_block(facts(FREE), **asked_for)

    own = [label.removesuffix(" [3.11]") for label in labels(block, "[3.11]")]
    assert [label.removesuffix(" [3.13t]") for label in labels(block, "[3.13t]")] == own


def test_a_task_whose_module_is_missing_is_not_run_there_with_the_reason() -> None:
    block = only_block(facts(FREE), tasks=["math_numpy"])

    assert labels(block, "[3.13t]") == []
    assert {one["reason"] for one in block["not_run"]} == {
        "math_numpy needs the module numpy, which cpython-3.13.0t lacks"
    }
    assert {one["status"] for one in block["not_run"]} == {"unsupported"}
    assert len(block["not_run"]) == 3


def test_what_only_coroutines_need_takes_asyncio_out_alone() -> None:
    block = only_block(facts(FREE), **BIG, tasks=["http_request"])

    executors = {e["executor"] for e in block["approaches"] if "[3.13t]" in e["approach"]}
    assert executors == {"sequential", "threads", "processes"}
    assert {one["reason"] for one in block["not_run"] if "asyncio" in one["approach"]} == {
        "http_request needs the module aiohttp, which cpython-3.13.0t lacks"
    }


def test_a_start_method_that_one_lacks_is_not_run_there() -> None:
    spawning = other("cpython-3.13.0t", "3.13t", start_methods=["spawn"])

    block = only_block(facts(spawning), **{**BIG, "start_methods": ["fork"]})

    assert {one["reason"] for one in block["not_run"]} == {
        "cpython-3.13.0t can't start processes by fork"
    }


def test_what_no_interpreter_can_run_stays_in_for_the_first_so_that_a_row_says_why() -> None:
    without = {**facts(FREE), "interpreters": [other(FIRST["interpreter"], "3.11", "numpy"), FREE]}

    block = only_block(without, tasks=["math_numpy"])

    assert labels(block) == labels(block, "[3.11]") != []


def test_where_the_first_lacks_a_module_the_next_one_calibrates() -> None:
    numpy_there = other("cpython-3.14.0", "3.14")
    machine = facts(numpy_there)
    machine["interpreters"][0]["lacks"] = ["numpy"]

    block = only_block(machine, tasks=["math_numpy"])

    assert block["approaches"][0]["approach"] == "sequential [3.14]"


def test_control_and_searches_are_of_the_first_and_keep_their_digests() -> None:
    config = {**SMALL, "control": True, "breakeven": [
        {"task": "mixed", "vary": "cpu_share", "between": [0, 1]}]}  # fmt: skip
    alone, both = (make_plan(resolve(config), machine) for machine in (host(), facts(FREE)))

    assert alone["blocks"][0]["digest"] == both["blocks"][0]["digest"]
    assert alone["blocks"][1]["digest"] != both["blocks"][1]["digest"]
    for made, machine in ((alone, host()), (both, facts(FREE))):
        block = added_block(made, machine, made["searches"][0], 0.5, {}, 10.0)
        assert labels(block) == ["sequential", "threads x1", "threads x2"]


def test_overheads_are_measured_on_each_with_main_options() -> None:
    made = plan(facts(FREE), overheads=True, **{**BIG, "start_methods": METHODS})
    block = next(b for b in made["blocks"] if b.get("role") == "overhead")

    assert {"processes x2 (fork) [3.13t]", "threads x1 [3.13t]"} <= set(labels(block))
    assert [label for label in labels(block, "[3.13t]") if "spawn" in label] == []
    assert "processes x2 (spawn) [3.11]" in labels(block)


def test_the_fingerprint_is_of_the_first_interpreter() -> None:
    machine = probe("bench")
    more = [*machine["interpreters"], FREE]

    assert fingerprint({**machine, "interpreters": more}) == machine["fingerprint"]
    assert fingerprint({**machine, "interpreters": more[::-1]}) != machine["fingerprint"]


def test_a_probe_is_asked_for_what_tasks_and_executors_require() -> None:
    wanted = asked(resolve({"tasks": ["math_numpy", "http_request"], "pythons": ["a", "b"]}))

    assert wanted["pythons"] == ["a", "b"]
    assert {"numpy", "aiohttp"} <= set(wanted["modules"])


def test_the_plan_in_words_names_all_interpreters() -> None:
    machine = facts(FREE)

    assert "cpython-3.11.7, cpython-3.13.0t" in describe(plan(machine), machine)


def test_the_plan_in_words_says_what_an_interpreter_cannot_run() -> None:
    machine = facts(FREE)

    assert (
        "  math_numpy needs the module numpy, which cpython-3.13.0t lacks: 3 approaches not run"
        in describe(plan(machine, tasks=["math_numpy"]), machine).splitlines()
    )


@pytest.mark.parametrize(
    ("pythons", "said"),
    [
        ([], "'pythons': name at least one, got []"),
        (["a", "a"], "'pythons': names something twice"),
        ([""], "'pythons.0': must not be empty"),
        ([3.13], "'pythons.0': must be text, got 3.13"),
        ("current", "'pythons': must be a list of interpreters, got"),
    ],
)
def test_what_is_no_list_of_interpreters_is_refused(pythons: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve({"pythons": pythons})
    assert said in str(caught.value)
