"""Tasks and executors of other packages, found by their entry points."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from experiments import installed
from experiments.conductor.outcome import Outcome
from experiments.settings import ConfigError
from tests.experiments.conductor.fake_world import Bench, World
from tests.experiments.facts import plan
from tests.experiments.launch.driving import launch, spec
from tests.pythons import python_or_skip

EXAMPLE = Path(__file__).resolve().parents[1] / "example_package"
GRID: dict[str, Any] = {"tasks": ["word_count"], "executors": ["fresh_threads"], "workers": [2]}
EXECUTOR = "fresh_threads=poolwise_example.fresh_threads:FreshThreads"
TASK = "word_count=poolwise_example.word_count:WordCount"


def install(folder: Path, name: str, points: dict[str, dict[str, str]]) -> None:
    """The metadata that an installer writes for a package."""
    about = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [
        line
        for group, entries in points.items()
        for line in (f"[{group}]", *(f"{one} = {value}" for one, value in entries.items()))
    ]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path with the example package installed in it."""
    folder = tmp_path / "site"
    shutil.copytree(EXAMPLE / "poolwise_example", folder / "poolwise_example")
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    install(folder, project["name"], project["entry-points"])
    monkeypatch.syspath_prepend(folder)
    return folder


def added(path: Path, monkeypatch: pytest.MonkeyPatch, points: dict[str, str], **more: Any) -> str:
    """What is said of a package that adds these executors."""
    install(path, "some-pools", {"poolwise.executors": points})
    for name, others in more.items():
        install(path, name, {"poolwise.executors": others})
    monkeypatch.syspath_prepend(path)
    with pytest.raises(ConfigError) as caught:
        plan()
    return str(caught.value)


@pytest.mark.usefixtures("site")
def test_the_plan_calls_them_by_name_and_says_how_launches_are_told() -> None:
    (block,) = plan(**GRID)["blocks"]
    entry = block["approaches"][1]

    assert (block["block"], block["task"], block["launched"]) == (
        "word_count-1c", "word_count", TASK,
    )  # fmt: skip
    assert (block["summary"], len(block["source_digest"])) == ("counts the words of a text", 16)
    assert entry["approach"] == "fresh_threads x2"
    assert (entry["executor"], entry["launched"]) == ("fresh_threads", EXECUTOR)
    assert "launched" not in block["approaches"][0]  # the plan of what is built in is as it was


def test_they_are_measured_by_a_launch_that_is_told_where_they_are(site: Path) -> None:
    expected = launch(spec(TASK, mode="answers", scale=3), path=(site,)).one("calibrated")
    wanted = spec(TASK, executor=EXECUTOR, scale=3, profile=True)
    done = launch({**wanted, "expected": expected["expected"]}, path=(site,))

    assert done.last == {"event": "end"}
    assert len(done.all("batch")) == 2


def test_the_conductor_asks_for_them_that_way(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    usual = World.launch

    def noting(self: World, wanted: Any, pids: Any = ()) -> Outcome:
        seen.append((wanted["task"], wanted["executor"]))
        return usual(self, wanted, pids)

    monkeypatch.setattr(World, "launch", noting)
    bench = Bench.make(tmp_path / "results", monkeypatch, looks=[2], **GRID)
    bench.measure(World())

    assert set(seen) == {(TASK, "sequential"), (TASK, EXECUTOR)}
    assert {row["executor"] for row in bench.launches()} == {"sequential", "fresh_threads"}


@pytest.mark.parametrize("changes", [{"executor": EXECUTOR}, {"task": TASK}], ids=str)
def test_an_interpreter_without_the_package_does_not_support_them(changes: dict[str, str]) -> None:
    last = launch(spec(**changes), python_or_skip("3.9")).last
    name = next(iter(changes.values())).partition("=")[0]

    assert last["event"] == "unsupported"
    assert last["reason"].startswith(f"{name} needs the module poolwise_example, which Python 3.9")


def test_a_module_that_fails_for_another_reason_is_no_missing_package(tmp_path: Path) -> None:
    (tmp_path / "broken_pools.py").write_text("import surely_not_there\n")
    last = launch(spec(executor="mine=broken_pools:Mine"), path=(tmp_path,)).last

    assert (last["event"], last["phase"]) == ("failed", "import")


def test_a_built_in_name_is_refused_with_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert added(tmp_path, monkeypatch, {"threads": "pools:Threads"}) == (
        "package some-pools 1.0: adds 'threads' to poolwise.executors, which is the name of a "
        "built-in one; the package must give it another name, or be uninstalled"
    )


def test_two_packages_with_one_name_are_both_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = added(tmp_path, monkeypatch, {"green": "pools:Green"}, others={"green": "other:Green"})

    assert "some-pools 1.0" in told
    assert "others 1.0" in told
    assert "both add 'green' to poolwise.executors" in told


@pytest.mark.parametrize(
    ("name", "value"),
    [("a b", "pools:Green"), ("a=b", "pools:Green"), ("green", "pools"), ("green", "pools:a.b")],
)
def test_an_entry_point_that_names_no_class_is_refused(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = added(tmp_path, monkeypatch, {name: value})

    assert told.startswith("package some-pools 1.0: adds ")
    assert told.endswith("must be name = package.module:ClassName")


def test_one_that_cannot_be_loaded_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "some-pools", {"poolwise.executors": {"green": "not_there.at_all:Green"}})
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ConfigError, match="'green' can't be loaded: ModuleNotFoundError"):
        plan(executors=["green"])
    with pytest.raises(ConfigError, match=r"unknown executor 'grean'; known: sequential.*, green;"):
        plan(executors=["grean"])


@pytest.mark.usefixtures("site")
def test_names_are_the_built_in_ones_and_those_added() -> None:
    assert installed.names("poolwise.tasks")[-1] == "word_count"
    assert installed.launched("poolwise.executors", "threads") == "threads"
    assert installed.launched("poolwise.executors", "my.pools:Mine") == "my.pools:Mine"
