from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.cli import parse_config

from experiments.plan import make_plan
from experiments.settings import resolve, with_typed
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


def words_of(command: str) -> list[str]:
    """The words that a shell makes of a command."""
    shown = "snakemake() { printf '%s\\0' \"$@\"; }\n" + command
    return subprocess.run(["sh", "-c", shown], capture_output=True, text=True).stdout.split("\0")[
        :-1
    ]


def given_config(command: str) -> dict[str, Any]:
    """The config that Snakemake and Poolwise make of a command."""
    words = words_of(command)
    entries = words[words.index("--config") + 1 : words.index("--")]
    found = parse_config(entries)
    return with_typed(found, found)


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
def test_the_command_measures_exactly_the_blocks_of_the_tasks(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    results = planned(tmp_path / "bench", **config)
    plan = dict(results.plan)
    for tasks in (["math_python"], ["mixed", "ipc"]):
        if not blocks(plan, *tasks):
            continue
        found = resolve(given_config(decision_check.command(results, tasks)))
        again = make_plan(found, host())

        assert blocks(again, *tasks) == blocks(plan, *tasks)
        others = [block["task"] for block in again["blocks"] if not block.get("control")]
        assert set(others) <= set(tasks)
        assert (found["machine"], found["decision"]) == ("bench-check", tasks)
        assert again["searches"] == []


def test_the_command_measures_functions_of_the_users_beside_built_in_tasks(tmp_path: Path) -> None:
    own = settings(params={"n": [1, 2]}, path=str(tmp_path), check="none")
    (known,) = own["tasks"]
    (plain,) = resolve({"tasks": {"mixed": {"params": {"cpu_share": [0, 0.75]}}}})["tasks"]
    plan = make_plan({**own, "tasks": [known, plain], "machine": "bench"}, host())
    folder = synthetic.write(tmp_path / "bench", [])
    (folder / "plan.json").write_text(json.dumps(plan))
    (folder / "machine.json").write_text(json.dumps(host()))

    command = decision_check.command(load(folder), ["my_etl", "mixed"])
    found = resolve(given_config(command))
    found["tasks"] = [one | {"checked": known["checked"]} if "own" in one else one
                      for one in found["tasks"]]  # fmt: skip

    again = make_plan(found, host())
    assert blocks(again, "my_etl", "mixed") == blocks(plan, "my_etl", "mixed")
    assert len(blocks(again, "my_etl", "mixed")) == 4


def test_the_command_asks_for_the_record_beside_the_results(tmp_path: Path) -> None:
    results = planned(tmp_path / "bench", results="my results/x")
    command = decision_check.command(results, ["math_python"])

    assert words_of(command)[-2:] == ["--", "my results/x/bench-check/decision.md"]
    assert words_of(command)[:3] == ["--cores", "all", "--config"]


@pytest.mark.parametrize(
    "name",
    ["no:<script>|`ls`", "a b:$(touch x) ; 'quoted' \"twice\"", "x:\N{GRINNING FACE} \u202e \x7f",
     "z:\\n", "y:" + "long" * 200, "1:\n```\n# heading"],
)  # fmt: skip
def test_a_hostile_name_is_only_a_name(tmp_path: Path, name: str) -> None:
    results = planned(tmp_path / "bench", tasks=[name, {"task": "ipc"}], executors=["threads"])
    command = decision_check.command(results, [name])

    assert "```" not in [line.strip() for line in command.splitlines()]
    assert given_config(command)["decision"] == [name]
    assert given_config(command)["tasks"] == [name]


def test_a_run_on_fewer_cores_is_checked_on_as_many(tmp_path: Path) -> None:
    facts = {**host(4), "usable_cores": 2}
    results = planned(tmp_path / "bench", facts)

    assert decision_check.command(results, ["ipc"]).startswith("snakemake --cores 2 --config")


def test_the_name_of_a_check_is_not_too_long(tmp_path: Path) -> None:
    results = planned(tmp_path / "bench", {**host(), "machine": "m" * 64})

    assert decision_check.check_name(results) == "m" * 58 + "-check"


def test_settings_of_before_there_were_any_are_left_out(tmp_path: Path) -> None:
    results = load(synthetic.write(tmp_path / "bench", [synthetic.cpu_scene()]))
    command = decision_check.command(results, ["math_python"])

    assert given_config(command)["tasks"] == ["math_python"]
    assert resolve(given_config(command))["machine"] == "bench-check"


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
#: YAML takes no key of more than 1,024 characters as it is written: no parameter has such a name
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
HARD = st.sampled_from(
    ["1", "0.5", "true", "null", '"a"', "NaN", "[1]", "{}", "~", "'x'", "`$(ls)`"]
)
VALUES = st.recursive(
    PLAIN | TEXT | HARD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=4) | st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_list_or_mapping_comes_back_as_it_was(value: Any) -> None:
    quoted = shlex.quote(f"some_key={decision_check._value(value)}")
    (word,) = shlex.split(quoted)

    assert word.isascii()
    found = parse_config([word])
    if value not in ([], {}):
        found = with_typed(found, found)
    assert found["some_key"] == value


@pytest.mark.parametrize(
    "folder", ["results", "r", "my results", "2024", "1e5", "True", "a: b", "'x'", "[x]", "#x",
               "gr\u00fc\u00dfe", "a/b.c", "/tmp/x", "null"],
)  # fmt: skip
def test_any_folder_comes_back_as_it_was(folder: str) -> None:
    (word,) = shlex.split(shlex.quote(f"results={decision_check._value(folder)}"))

    assert parse_config([word]) == {"results": folder}


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
