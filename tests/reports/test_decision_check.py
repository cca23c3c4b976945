from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from experiments.plan import make_plan
from experiments.settings import resolve
from reports import decision_check
from reports.load import Results, load
from tests.experiments.facts import host
from tests.experiments.test_own import settings
from tests.reports import synthetic

TASKS = [
    "math_python",
    {"task": "mixed", "params": {"cpu_share": [0, 0.75]}},
    "ipc",
    {"task": "ipc", "params": {"payload_kib": 8}},
]


def planned(folder: Path, facts: dict[str, Any] | None = None, **config: Any) -> Results:
    """A results folder whose plan was made from a config."""
    synthetic.write(folder, [])
    plan = make_plan(resolve({"machine": "bench", **config}), facts or host())
    (folder / "plan.json").write_text(json.dumps(plan))
    (folder / "machine.json").write_text(json.dumps(facts or host()))
    return load(folder)


def given_config(results: Results, tasks: list[str]) -> dict[str, Any]:
    """The config that a check writes into a file, as it is read."""
    found: dict[str, Any] = json.loads(json.dumps(decision_check.check_settings(results, tasks)))
    return found


def blocks(plan: dict[str, Any], *tasks: str) -> dict[str, str]:
    """Digests of the blocks that answer something on some tasks."""
    return {
        block["block"]: block["digest"]
        for block in plan["blocks"]
        if block["task"] in tasks and not block.get("role")
    }


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"preset": "quick"},
        {"preset": "thorough"},
        {"tasks": TASKS, "workers": [1, 3], "cores": [2], "margin": 0.1, "seed": 7},
        {"objective": "p99", "scaling": "weak", "disturbed": {"repeats": 2}, "control": False},
        {"simplicity": ["sequential", "processes"], "most_processes": 3, "variants": "all"},
    ],
    ids=["standard", "quick", "thorough", "own grid", "other rules", "own order"],
)
def test_a_check_measures_exactly_the_blocks_of_the_tasks(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    results = planned(tmp_path / "bench", **config)
    plan = dict(results.plan)
    for tasks in (["math_python"], ["mixed", "ipc"]):
        if not blocks(plan, *tasks):
            continue
        found = resolve(given_config(results, tasks))
        again = make_plan(found, host())

        assert blocks(again, *tasks) == blocks(plan, *tasks)
        others = [block["task"] for block in again["blocks"] if not block.get("control")]
        assert set(others) <= set(tasks)
        assert (found["machine"], found["decision"]) == ("bench-check", tasks)
        assert again["searches"] == []


def test_a_check_measures_functions_of_the_users_beside_built_in_tasks(tmp_path: Path) -> None:
    own = settings(params={"n": [1, 2]}, path=str(tmp_path), check="none")
    (known,) = own["tasks"]
    (plain,) = resolve({"tasks": {"mixed": {"params": {"cpu_share": [0, 0.75]}}}})["tasks"]
    plan = make_plan({**own, "tasks": [known, plain], "machine": "bench"}, host())
    folder = synthetic.write(tmp_path / "bench", [])
    (folder / "plan.json").write_text(json.dumps(plan))
    (folder / "machine.json").write_text(json.dumps(host()))

    found = resolve(given_config(load(folder), ["my_etl", "mixed"]))
    found["tasks"] = [one | {"checked": known["checked"]} if "own" in one else one
                      for one in found["tasks"]]  # fmt: skip

    again = make_plan(found, host())
    assert blocks(again, "my_etl", "mixed") == blocks(plan, "my_etl", "mixed")
    assert len(blocks(again, "my_etl", "mixed")) == 4


def test_the_command_names_tasks_only_where_the_record_is_about_some(tmp_path: Path) -> None:
    scenes = [synthetic.cpu_scene(name) for name in ("ipc", "pkg.jobs:transform")]
    results = load(synthetic.write(tmp_path / "bench", scenes))

    all_of_them = decision_check.command(results, ["ipc", "pkg.jobs:transform"])
    assert all_of_them == "make check BASELINE=bundle.zip TRUST=1"  # code that isn't ours
    some = decision_check.command(results, ["pkg.jobs:transform"])
    given = ["BASELINE=bundle.zip", "TRUST=1", "ARGS=--task pkg.jobs:transform"]
    assert shlex.split(some)[2:] == given
    ours = decision_check.command(results, ["ipc"])
    assert shlex.split(ours)[2:] == ["BASELINE=bundle.zip", "ARGS=--task ipc"]


@pytest.mark.parametrize(
    "name",
    ["no:<script>|`ls`", "a b:$(touch x) ; 'quoted' \"twice\"", "x:\N{GRINNING FACE} \u202e \x7f",
     "-n", "$(shell ls)", "y:'", "1:\n```\n# heading"],
)  # fmt: skip
def test_a_hostile_name_gets_into_no_command(tmp_path: Path, name: str) -> None:
    scenes = [synthetic.cpu_scene(), synthetic.cpu_scene(name, label="x")]
    results = load(synthetic.write(tmp_path / "bench", scenes))

    said = decision_check.command(results, [name])
    assert said.removesuffix(" TRUST=1") == "make check BASELINE=bundle.zip"


def test_a_run_on_fewer_cores_is_checked_on_as_many(tmp_path: Path) -> None:
    facts = {**host(4), "usable_cores": 2}
    results = planned(tmp_path / "bench", facts)

    assert decision_check.cores(results.machine) == "2"


def test_the_name_of_a_check_is_not_too_long(tmp_path: Path) -> None:
    results = planned(tmp_path / "bench", {**host(), "machine": "m" * 64})

    assert decision_check.check_name(results) == "m" * 58 + "-check"


def test_settings_of_before_there_were_any_are_left_out(tmp_path: Path) -> None:
    results = load(synthetic.write(tmp_path / "bench", [synthetic.cpu_scene()]))
    found = given_config(results, ["math_python"])

    assert found["tasks"] == ["math_python"]
    assert resolve(found)["machine"] == "bench-check"


def test_the_line_in_the_record_gives_the_digest_of_the_data(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "my results", [synthetic.cpu_scene()])
    line = decision_check.hash_line()
    done = subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True)

    assert done.stdout.split() == [decision_check.data_hash(folder), "-"]


def test_the_digest_is_the_datas_not_that_of_line_ends(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "b", [synthetic.cpu_scene()])
    before = decision_check.data_hash(folder)
    path = folder / "samples.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert decision_check.data_hash(folder) == before

    path.write_bytes(path.read_bytes().replace(b"steady", b"cold", 1))
    assert decision_check.data_hash(folder) != before
