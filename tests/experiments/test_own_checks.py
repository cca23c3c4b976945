from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from experiments import own_checks
from experiments.conductor.outcome import Outcome
from experiments.conductor.progress import QUIET_VARIABLE
from experiments.own_checks import SHORT_LOOK_SECONDS, Looker, with_checks
from experiments.settings import ConfigError, resolve

PYTHONS = {"cpython-3.11": "/usr/bin/python3.11"}
FOUND = {"problem": "", "role": "", "files": [], "kind": "cpu", "item_seconds": 0.001,
         "unpicklable": "", "answers": ["1"], "notes": [], "items": 3,
         "tried_items": 1, "sampled": ["1", "2", "3"]}  # fmt: skip


class Launches:
    """Stands for the launches: gives what is to be found, and counts."""

    def __init__(self, **found: Any) -> None:
        self.found, self.wanted = {**FOUND, **found}, list[Mapping[str, Any]]()
        #: what a second process finds instead, and how long the first one looks
        self.again: dict[str, Any] = {}
        self.seconds = 1.0
        #: by interpreter's path: what is found there instead
        self.other: dict[str, dict[str, Any]] = {}

    def __call__(self, python: str, wanted: Mapping[str, Any]) -> Outcome:
        self.wanted.append(wanted)
        again = self.again if wanted["params"]["tried"] else {}
        found = {**self.found, **self.other.get(python, {}), **again}
        return Outcome(status="ok", checked=found, launch_seconds=self.seconds)


def settings(**entry: Any) -> dict[str, Any]:
    return resolve({"tasks": {"t": {"call": "jobs:f", "items": "jobs:g", **entry}, "ipc": {}}})


def looked(
    folder: Path, run: Any, pythons: Mapping[str, str] = PYTHONS, keep: bool = True,
    before: Any = lambda: None, **entry: Any,
) -> Any:  # fmt: skip
    looker = Looker(5.0, pythons, folder / "checks", keep, before, run)
    return with_checks(settings(**entry), looker)["tasks"][0]["checked"]


def test_each_combination_of_parameters_is_looked_at(tmp_path: Path) -> None:
    launches = Launches()
    found = looked(tmp_path, launches, params={"n": [1, 2]})

    assert [one["params"] for one in found] == [{"n": 1}, {"n": 2}]
    assert [one["params"]["params"] for one in launches.wanted[::2]] == [{"n": 1}, {"n": 2}]


def test_what_was_found_is_kept_until_a_file_changes(tmp_path: Path) -> None:
    source = tmp_path / "jobs.py"
    source.write_text("one = 1")
    launches = Launches(files=[str(source)])
    first = looked(tmp_path, launches)

    assert looked(tmp_path, launches) == first
    assert len(launches.wanted) == 2
    source.write_text("one = 2")
    assert looked(tmp_path, launches)[0]["source_digest"] != first[0]["source_digest"]
    assert len(launches.wanted) == 4


def test_a_dry_run_leaves_nothing_and_an_errand_runs_nothing(tmp_path: Path) -> None:
    launches = Launches()

    assert looked(tmp_path, launches, keep=False)
    assert list(tmp_path.iterdir()) == []
    assert looked(tmp_path, launches, before=None) == []
    assert len(launches.wanted) == 2


def test_damaged_findings_are_found_again(tmp_path: Path) -> None:
    launches = Launches()
    first = looked(tmp_path, launches)
    (kept,) = (tmp_path / "checks").iterdir()
    kept.write_text("{")

    assert looked(tmp_path, launches) == first


def test_an_interpreter_that_cant_or_answers_differently_is_named(tmp_path: Path) -> None:
    launches = Launches()
    launches.other = {"old": {"problem": "can't be imported: ...", "role": "call"},
                      "odd": {"answers": ["2"]}}  # fmt: skip
    pythons = {"new": "new", "cpython-3.9": "old", "cpython-3.13": "odd"}
    (found,) = looked(tmp_path, launches, pythons)

    assert found["refused"] == {
        "cpython-3.9": "jobs:f can't be imported: ...",
        "cpython-3.13": "it gives other answers there than under new",
    }


@pytest.mark.parametrize(
    ("again", "says"),
    [
        (
            {"answers": ["2"]},
            "'tasks.t.call': jobs:f gives 1 for an item, and 2 in another process",
        ),
        ({"sampled": ["2", "1", "3"]}, "'tasks.t.items': jobs:g gives other items in another proc"),
        ({"items": 4}, "(3 of them, then 4 of them): sort what comes from a set"),
    ],
)
def test_another_process_must_have_the_same_items_and_answers(
    again: dict[str, Any], says: str, tmp_path: Path
) -> None:
    launches = Launches()
    launches.again = again
    with pytest.raises(ConfigError) as caught:
        looked(tmp_path, launches)

    assert says in str(caught.value)


def test_a_long_look_is_not_made_twice(tmp_path: Path) -> None:
    launches = Launches()
    launches.seconds = SHORT_LOOK_SECONDS + 1

    assert looked(tmp_path, launches)
    assert len(launches.wanted) == 1


@pytest.mark.parametrize("source", ["g = list({str(n) for n in range(30)})\ndef f(item): pass",
                                    "g = [1]\ndef f(item): return os.getpid()"])  # fmt: skip
def test_what_is_another_thing_in_each_process_is_found(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_checks, "SHORT_LOOK_SECONDS", 60.0)
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    (tmp_path / "jobs.py").write_text(f"import os\n{source}\n")
    looker = Looker(20.0, {"here": sys.executable}, tmp_path, False, lambda: None)

    with pytest.raises(ConfigError, match="in another process"):
        with_checks(settings(path=str(tmp_path)), looker)


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (Outcome("timeout", "time limit reached in phase first item", "first item"),
         "'tasks.t.call': time limit reached in phase first item (config key "
         "'launch_timeout_seconds': 5): it hangs, or takes longer"),
        (Outcome("crashed", "killed by SIGSEGV in phase items", "items"),
         "'tasks.t.items': killed by SIGSEGV"),
        (Outcome("crashed", "exited", "import of jobs:g"), "'tasks.t.items': exited"),
        (Outcome("ok", checked={**FOUND, "problem": "gives no item", "role": "items"}),
         "'tasks.t.items': jobs:g gives no item"),
    ],
)  # fmt: skip
def test_what_is_wrong_names_the_key(outcome: Outcome, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        looked(tmp_path, lambda _python, _spec: outcome)

    assert says in str(caught.value)


def test_a_function_that_hangs_is_waited_for_once(tmp_path: Path) -> None:
    tried = []

    def run(_: str, wanted: Mapping[str, Any]) -> Outcome:
        tried.append(wanted["params"]["params"])
        return Outcome("timeout", "time limit reached in phase first item", "first item")

    with pytest.raises(ConfigError) as caught:
        looked(tmp_path, run, params={"n": [1, 2, 3]})

    assert tried == [{"n": 1}]
    assert "\n" not in str(caught.value)


def test_what_is_tried_is_told_before_it_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(QUIET_VARIABLE, raising=False)
    said = []

    def run(python: str, wanted: Mapping[str, Any]) -> Outcome:
        said.append(capsys.readouterr().err)
        return Launches()(python, wanted)

    looked(tmp_path, run, params={"n": [1, 2]})

    # each is tried in a second process as well
    assert said == [
        "Poolwise: trying jobs:f n=1 ...\n",
        "",
        "Poolwise: trying jobs:f n=2 ...\n",
        "",
    ]


def test_a_function_that_hangs_is_ended_at_the_time_limit(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text("import time\ng = [1]\ndef f(item): time.sleep(60)\n")
    looker = Looker(4.0, {"here": sys.executable}, tmp_path, False, lambda: None)

    with pytest.raises(ConfigError, match=r"'tasks.t.call': time limit reached in phase first"):
        with_checks(settings(path=str(tmp_path)), looker)
