from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from experiments.settings import (
    PRESETS_PATH,
    SCHEMA_PATH,
    ConfigError,
    read_config_file,
    resolve,
    with_typed,
)
from experiments.statistics.objectives import OBJECTIVES

SCHEMA: dict[str, Any] = yaml.safe_load(SCHEMA_PATH.read_text())
PRESETS: dict[str, dict[str, Any]] = yaml.safe_load(PRESETS_PATH.read_text())
KEYS = SCHEMA["properties"]
NESTED = {f"disturbed.{key}": entry for key, entry in KEYS["disturbed"]["properties"].items()}


def complaint(text: str) -> str:
    """What is said about a config, given as YAML."""
    with pytest.raises(ConfigError) as caught:
        resolve(yaml.safe_load(text))
    return str(caught.value)


@pytest.mark.parametrize(("key", "entry"), [*KEYS.items(), *NESTED.items()])
def test_every_key_says_what_it_means_and_has_a_default(key: str, entry: dict[str, Any]) -> None:
    assert entry["description"].strip().endswith(".")
    assert "default" in entry


@pytest.mark.parametrize("key", KEYS)
def test_the_defaults_are_valid_themselves(key: str) -> None:
    assert resolve({key: KEYS[key]["default"]}) == resolve({})


def test_the_shipped_config_is_all_defaults() -> None:
    shipped = read_config_file(Path(__file__).parents[2] / "config.yaml")

    assert resolve(shipped) == resolve({})


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_fills_all_that_is_auto(preset: str) -> None:
    settings = resolve({"preset": preset})
    filled = {key: settings[key] for key in PRESETS[preset] if key != "start_methods"}

    assert filled == {k: v for k, v in PRESETS[preset].items() if k != "start_methods"}
    assert set(settings["start_methods"]) <= set(PRESETS[preset]["start_methods"])
    # machine, workers and cores are found from the host
    assert {k for k, v in settings.items() if v == "auto"} == {"machine", "workers", "cores"}


@pytest.mark.parametrize(("given", "taken"), [("true", True), (True, True), ("false", False)])
def test_true_and_false_may_come_as_text(given: Any, taken: bool) -> None:
    assert resolve({"control": given})["control"] is taken


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_knows_no_other_keys_than_the_config(preset: str) -> None:
    assert set(PRESETS[preset]) <= set(KEYS)


def test_the_users_values_win_over_the_preset() -> None:
    settings = resolve({"preset": "quick", "tasks": ["ipc"], "looks": [4], "margin": 0.1})

    assert (settings["tasks"], settings["looks"], settings["margin"]) == (["ipc"], [4], 0.1)
    assert settings["batch_seconds"] == PRESETS["quick"]["batch_seconds"]


def test_looks_are_put_in_order() -> None:
    assert resolve({"looks": [8, 3, 5]})["looks"] == [3, 5, 8]


def test_part_of_a_nested_key_keeps_the_other_defaults() -> None:
    disturbed = resolve({"disturbed": {"repeats": 0}})["disturbed"]

    assert disturbed == {
        "foreign_cpu_share": 0.15,
        "steal_share": 0.05,
        "throttled_share": 0.05,
        "core_slowdown": 0.2,
        "repeats": 0,
    }


def test_the_process_limit_of_a_preset_is_per_core_and_the_users_is_not() -> None:
    assert resolve({})["most_processes_per_core"] is True
    assert "most_processes_per_core" not in resolve({"most_processes": 3})


def test_resolving_leaves_the_users_config_alone() -> None:
    config: dict[str, Any] = {"looks": [8, 3], "disturbed": {}}
    resolve(config)

    assert config == {"looks": [8, 3], "disturbed": {}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("wrokers: [1]", "config key 'wrokers': unknown; did you mean 'workers'?"),
        ("disturbed: {repaets: 1}", "'disturbed.repaets': unknown; did you mean 'repeats'?"),
        ("tasks: [{task: ipc, parms: {}}]", "'tasks.0.parms': unknown; did you mean 'params'?"),
        ("xyzzy: 1", "config key 'xyzzy': unknown; known: preset, machine"),
        ("12: 1", "config key '12': unknown"),
        ("preset: fast", "'preset': must be one of quick, standard, thorough, got \"fast\""),
        ("workers: 0", "'workers': must be auto or a list of whole numbers, each at least 1"),
        ("workers: [0]", "'workers.0': must be at least 1, got 0"),
        ("workers: [2, -1]", "'workers.1': must be at least 1, got -1"),
        ("workers: many", "'workers': must be auto or a list of whole numbers"),
        ("workers: [many]", "'workers.0': must be a whole number, got \"many\""),
        ("workers: [2.0]", "'workers.0': must be a whole number, got 2.0"),
        ("workers: [true]", "'workers.0': must be a whole number, got true"),
        ("workers:", "'workers': must be auto or a list of whole numbers"),
        ("workers: [5000]", "'workers.0': must be at most 4096, got 5000"),
        ("workers: [2, 2]", "'workers': names something twice, got [2, 2]"),
        ("cores: [0]", "'cores.0': must be at least 1, got 0"),
        ("tasks: []", "'tasks': the grid is empty: name at least one, got []"),
        ("executors: []", "'executors': the grid is empty"),
        ("tasks: [{params: {}}]", "'tasks.0': needs 'task'"),
        ("tasks: ipc", "'tasks': must be auto or a list, got \"ipc\""),
        ("start_methods: [frok]", "'start_methods.0': must be one of fork, spawn, forkserver"),
        ("chunks: [auto, big]", "'chunks.1': must be one of default, auto, got \"big\""),
        ("variants: most", "'variants': must be one of auto, none, at_cores, all"),
        ("control: maybe", "'control': must be one of auto, true, false, got \"maybe\""),
        ("overheads: 1", "'overheads': must be one of auto, true, false, got 1"),
        ("control: 1", "'control': must be one of auto, true, false, got 1"),
        ("batch_seconds: fast", "'batch_seconds': must be a number, got \"fast\""),
        ("batch_seconds: 0", "'batch_seconds': must be at least 0.02, got 0"),
        ("margin: .nan", "'margin': must be a number, got NaN"),
        ("margin: .inf", "'margin': must be a number, got Infinity"),
        ("looks: [1]", "'looks.0': must be at least 2, got 1"),
        ("looks: []", "'looks': name at least one, got []"),
        ("machine: ../up", "'machine': may hold letters, digits"),
        ("results: ''", "'results': must not be empty"),
        ("results: 'a{b}'", "'results': must not hold { or }"),
        ("disturbed: 3", "'disturbed': must be keys with values, got 3"),
        ("seed: -1", "'seed': must be at least 0, got -1"),
    ],
)
def test_each_mistake_is_one_clear_line(text: str, says: str) -> None:
    line = complaint(text)

    assert says in line
    assert line.startswith("config key ")
    assert "\n" not in line


def test_all_mistakes_are_told_at_once() -> None:
    lines = complaint("workers: [0]\nmargin: 9\nwrokers: 1\npreste: quick\ncores: [a]").splitlines()

    keys = [line.split("'")[1] for line in lines]
    assert sorted(keys) == ["cores.0", "margin", "preste", "workers.0", "wrokers"]


def test_a_long_value_is_not_repeated_in_full() -> None:
    assert len(complaint(f"preset: {'x' * 5000}")) < 200


def test_a_start_method_this_platform_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])

    assert complaint("start_methods: [fork]") == (
        "config key 'start_methods': 'fork' is not available on this platform; it has spawn"
    )
    assert resolve({})["start_methods"] == ["spawn"]


def test_the_platforms_own_start_method_is_the_main_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn", "fork"])

    assert resolve({})["start_methods"] == ["spawn", "fork"]
    assert resolve({"start_methods": ["fork", "spawn"]})["start_methods"] == ["fork", "spawn"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"tasks: [ipc", "(line 1, column 12): not valid YAML"),
        (b"tasks: \xff\xfe", "is not UTF-8 text (byte 7)"),
        (b"- a\n- b\n", "holds a list, not keys with values"),
        (b"just text\n", "holds a single str, not keys with values"),
        (b"a: 1\n\tb: 2\n", "(line 2, column 1): not valid YAML"),
        (b"seed: 2001-13-45\n", "not valid YAML: month must be in 1..12"),
        (b"a: \x00\n", "not valid YAML"),
    ],
)
def test_a_config_file_that_makes_no_sense(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_config_file(path)

    assert says in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_config_file_that_cant_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: Is a directory"):
        read_config_file(tmp_path)
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        read_config_file(tmp_path / "none.yaml")


def test_what_decides_is_one_of_four() -> None:
    assert resolve({})["objective"] == "seconds"
    assert KEYS["objective"]["enum"] == list(OBJECTIVES)
    assert complaint("objective: speed") == (
        "config key 'objective': must be one of seconds, p99, memory, cpu_seconds, got \"speed\""
    )


def test_an_empty_config_file_means_all_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("# nothing yet\n")

    assert read_config_file(path) == {}


@pytest.mark.parametrize(
    ("config", "core_axis", "variant_tasks"),
    [
        ("{}", PRESETS["standard"]["core_axis"], PRESETS["standard"]["variant_tasks"]),
        ("tasks: [ipc]", "all", "all"),
        ("cores: [1]", "all", PRESETS["standard"]["variant_tasks"]),
        ("chunks: [auto]", PRESETS["standard"]["core_axis"], "all"),
        ("{tasks: [ipc], core_axis: [], variant_tasks: []}", [], []),
    ],
)
def test_who_names_tasks_or_levels_gets_the_whole_axis(
    config: str, core_axis: Any, variant_tasks: Any
) -> None:
    resolved = resolve(yaml.safe_load(config))

    assert (resolved["core_axis"], resolved["variant_tasks"]) == (core_axis, variant_tasks)


# --- the command line -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "typed"),
    [
        (["1", "2"], [1, 2]),
        (["0.5", "1e-05", "-3"], [0.5, 1e-05, -3]),
        (["true", "false", "null"], [True, False, None]),
        (["threads", "", "[1]", "{}", "NaN", "yes"], ["threads", "", "[1]", "{}", "NaN", "yes"]),
        (['"1"', '"true"'], ["1", "true"]),
        ([{"task": "mixed", "params": {"cpu_share": ["0", "0.75"]}}],
         [{"task": "mixed", "params": {"cpu_share": [0, 0.75]}}]),
        ("1", "1"),
    ],
)  # fmt: skip
def test_what_snakemake_leaves_as_text_inside_lists_is_read(given: object, typed: object) -> None:
    assert with_typed({"key": given}, {"key": given}) == {"key": typed}


def test_what_stands_in_a_file_is_left_as_it_is() -> None:
    config = {"tasks": [{"task": "own:Task", "params": {"text": "1"}}], "workers": ["1"]}

    assert with_typed(config, {"workers": ["1"]}) == {**config, "workers": [1]}


def test_a_mapping_on_the_command_line_adds_to_that_of_the_file() -> None:
    config = {"disturbed": {"repeats": "2", "steal_share": 0.1}}
    merged = with_typed(config, {"disturbed": {"repeats": "2"}})

    assert merged == {"disturbed": {"repeats": 2, "steal_share": 0.1}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("decision: math_python", 'must be all or a list of tasks, got "math_python"'),
        ("decision: []", "name at least one, got []"),
        ("decision: [ipc, ipc]", "names something twice"),
    ],
)
def test_a_decision_that_names_no_tasks(text: str, says: str) -> None:
    assert says in complaint(text)


@pytest.mark.parametrize(
    "given", ["postgresql://app:hunter2@db/shop", "host=db password=hunter2 dbname=shop"]
)
def test_a_password_in_the_wrong_place_is_not_repeated(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve({"tasks": [{"task": "postgres_query", "params": given}]})

    assert "'tasks.0.params'" in str(caught.value)
    assert "***" in str(caught.value)
    assert "hunter2" not in str(caught.value)
