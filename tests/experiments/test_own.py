from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from experiments import own
from experiments.breakeven.added import added_block
from experiments.launch.executors.threads import Threads
from experiments.plan import make_plan
from experiments.settings import ConfigError, resolve, with_typed
from experiments.task_points import combinations, source_digest, task_points
from experiments.words import describe
from tests.experiments.facts import SMALL, host

ETL = {"call": "mypkg.jobs:transform", "items": "mypkg.jobs:make_items"}


def tasks(text: str, folder: Path | None = None) -> list[Any]:
    found: list[Any] = resolve({"tasks": yaml.safe_load(text)}, folder)["tasks"]
    return found


def settings(checked: dict[str, Any] | None = None, **entry: Any) -> dict[str, Any]:
    """Resolved settings of one function, as if it had been looked at."""
    found = resolve({**SMALL, "executors": ["threads", "processes", "asyncio"],
                     "tasks": {"my_etl": {**ETL, **entry}}})  # fmt: skip
    facts = {"kind": "cpu", "item_seconds": 0.001, "unpicklable": "", "source_digest": "abc",
             "refused": {}, "items": 3, "notes": [], **(checked or {})}  # fmt: skip
    (one,) = found["tasks"]
    found["tasks"] = [{**one, "checked": [{**facts, "params": p} for p in combinations(one)]}]
    return found


# --- config.yaml ------------------------------------------------------------------------------


def test_own_functions_and_built_in_tasks_are_measured_together() -> None:
    found = tasks("{my_etl: {call: 'a:f', items: 'a:g', params: {n: [1, 2]}}, math_python: }")

    assert [(point.name, point.label) for point in task_points(found)] == [
        ("my_etl", "n=1"), ("my_etl", "n=2"), ("math_python", ""),
    ]  # fmt: skip


def test_the_list_form_of_tasks_stays() -> None:
    assert tasks("[ipc, {task: mixed, params: {cpu_share: 0.5}}]") == [
        "ipc", {"task": "mixed", "params": {"cpu_share": 0.5}},
    ]  # fmt: skip


def test_a_name_with_a_colon_is_the_function_itself(tmp_path: Path) -> None:
    (entry,) = tasks("{'a.b:f': {items: 'a.b:g'}}", tmp_path)

    assert entry["own"] == {"call": "a.b:f", "items": "a.b:g"}


def test_the_path_is_seen_from_the_config_file(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (entry,) = tasks("{t: {call: 'a:f', items: 'a:g', path: ./src}}", tmp_path)

    assert entry["own"]["path"] == str(tmp_path / "src")


def test_functions_on_the_command_line_stand_for_all_of_the_files() -> None:
    given = {"tasks": {"b:f": {"items": "b:g", "params": {"n": "3"}}}}
    found = with_typed({"tasks": {"a": ETL, **given["tasks"]}}, given)

    assert found["tasks"] == {"b:f": {"items": "b:g", "params": {"n": 3}}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{t: {call: 'a:f', itmes: 'a:g'}}", "'tasks.t.itmes': unknown; did you mean 'items'?"),
        ("{t: {call: 'a:f'}}", "'tasks.t': needs items: package.module:function"),
        ("{t: {items: 'a:f'}}", "'tasks.t.items': belongs to a function of yours; its call: "),
        ("{t: {call: f, items: 'a:g'}}", "'tasks.t.call': must be package.module:function"),
        ("{t: {call: 3, items: 'a:g'}}", "'tasks.t.call': must be text, got 3"),
        ("{t: {call: '__main__:f', items: 'a:g'}}", "worker processes can't import: move the func"),
        ("{t: {call: 'src/jobs.py:f', items: 'a:g'}}", "name it as Python imports it, jobs:f, wit"),
        ("{t: {call: 'a:f', items: 'jobs.py'}}", "'tasks.t.items': jobs.py is a file: name it as"),
        ("{t: {call: 'work.ipynb:f', items: 'a:g'}}", "is a notebook, which can't be imported"),
        ("{'src/jobs.py:f': {items: 'a:g'}}", "'tasks': src/jobs.py:f is a file: name it as"),
        ("{t: {call: 'a:f', items: 'a:g', path: /nowhere}}", "'tasks.t.path': there is no folder"),
        ("{t: {call: 'a:f', items: 'a:g', acall: 'a:h', async_libraries: [curio]}}",
         "'tasks.t.async_libraries.0': must be one of asyncio, trio"),
        ("{t: {call: 'a:f', items: 'a:g', async_libraries: [trio]}}",
         "'tasks.t.async_libraries': says whose loops acall runs on, and there is no acall"),
        ("{t: {call: 'a:f', items: 'a:g', check: maybe}}", "'tasks.t.check': must be one of equal"),
        ("{t: {call: 'a:f', items: 'a:g', check: none, same: 'a:s'}}", "'tasks.t.same': check"),
        ("{t: {call: 'a:f', items: 'a:g', params: {n: []}}}", "'tasks.t.params': the grid"),
        ("{ipc: {call: 'a:f', items: 'a:g'}}", "'tasks.ipc': ipc is a task of Poolwise; give"),
        ("{../up: {call: 'a:f', items: 'a:g'}}", "'tasks': a name may hold letters, digits"),
        ("{}", "'tasks': the grid is empty: name at least one"),
        ("{my_elt: }", "'tasks.my_elt': unknown task 'my_elt'; known: "),
    ],
)  # fmt: skip
def test_each_mistake_is_one_line_that_names_the_key(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        list(task_points(tasks(text)))

    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


# --- the plan -----------------------------------------------------------------------------------


def test_the_plan_names_the_task_as_the_user_did() -> None:
    (block,) = make_plan(settings(params={"n": 3}), host())["blocks"]

    assert (block["task"], block["params_label"], block["params"]) == ("my_etl", "n=3", {"n": 3})
    assert block["block"] == "my_etl-n=3-1c"
    assert "mypkg.jobs:transform, called for each item of mypkg.jobs:make_items" in block["summary"]


def test_a_launch_loads_the_generic_task_with_the_definition() -> None:
    (block,) = make_plan(settings(params={"n": 3}), host())["blocks"]

    assert own.launched(block, {"n": 4}) == (
        own.LAUNCHED,
        {"own": block["own"], "params": {"n": 4}},
    )
    assert own.launched({"task": "ipc"}, {"n": 4}) == ("ipc", {"n": 4})


def test_a_change_of_source_or_definition_is_another_block_but_not_a_moved_folder(
    tmp_path: Path,
) -> None:
    def digest(checked: dict[str, Any] | None = None, **entry: Any) -> str:
        return str(make_plan(settings(checked, **entry), host())["blocks"][0]["digest"])

    assert digest() == digest(path=str(tmp_path))
    assert digest() != digest({"source_digest": "abd"})
    assert digest() != digest(setup="mypkg.jobs:connect")
    (point,) = task_points(settings()["tasks"])
    assert source_digest(point) == "abc"


def test_what_the_look_at_it_notes_stands_with_each_block_and_is_no_part_of_its_identity() -> None:
    noted, silent = (
        make_plan({**settings({"notes": notes}), "cores": [1, 2]}, host())
        for notes in (["acall was not tried"], [])
    )

    assert [block["notes"] for block in noted["blocks"]] == [["acall was not tried"]] * 2
    assert not any("notes" in block for block in silent["blocks"])
    assert noted["digest"] == silent["digest"]
    assert describe(noted, host()).count("my_etl: acall was not tried") == 1


def test_worker_counts_follow_the_measured_kind() -> None:
    def workers(kind: str) -> list[int]:
        found = {**settings({"kind": kind}), "workers": "auto"}
        (block,) = make_plan(found, host())["blocks"]
        return [one["workers"] for one in block["approaches"] if one["executor"] == "threads"]

    assert workers("cpu") == [1, 2]
    assert workers("waiting") == [1, 2, 4, 8, 16, 32, 64]


def test_what_cant_be_pickled_leaves_out_process_pools_with_the_reason() -> None:
    reason = "its results can't be sent between processes: TypeError: a lock"
    (block,) = make_plan(settings({"unpicklable": reason}), host())["blocks"]

    assert {one["executor"] for one in block["approaches"]} == {"sequential", "threads", "asyncio"}
    assert {(one["reason"], one["status"]) for one in block["not_run"]} == {(reason, "unsupported")}
    assert all(one["approach"].startswith("processes") for one in block["not_run"])


def test_an_interpreter_that_cant_run_it_has_no_approaches() -> None:
    facts = {"refused": {"cpython-3.9": "jobs:f can't be imported: SyntaxError"}, "unpicklable": ""}
    entry = {"options": {}}

    assert own.refusal(facts, Threads, entry, "cpython-3.9").startswith("jobs:f can't be imported")
    assert own.refusal(facts, Threads, entry, "cpython-3.11") == ""
    assert own.refusal(None, Threads, entry, "cpython-3.9") == ""


def test_without_acall_asyncio_is_one_approach_that_blocks_the_loop() -> None:
    def counts(**entry: Any) -> list[int]:
        (block,) = make_plan(settings(**entry), host())["blocks"]
        return [one["workers"] for one in block["approaches"] if one["executor"] == "asyncio"]

    assert counts() == [1]
    assert counts(acall="mypkg.jobs:atransform") == [1, 2]


def test_a_break_even_search_may_vary_a_parameter_of_a_function() -> None:
    search = {"task": "my_etl", "vary": "n", "between": [1, 8]}
    found = {**settings({"kind": "waiting"}, params={"n": [2, 4], "by": "rows"}),
             "breakeven": [search], "breakeven_seconds": 60}  # fmt: skip
    plan = make_plan(found, host())
    block = added_block(plan, host(), plan["searches"][0], 3, {}, 10.0)

    assert block["params"] == {"n": 3, "by": "rows"}
    assert (block["kind"], block["source_digest"]) == ("waiting", "abc")
    assert block["own"]["call"] == "mypkg.jobs:transform"
