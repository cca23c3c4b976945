"""What a check measures: the blocks of the choices, and as little else as can be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from experiments import settings as project
from experiments.host import probe
from experiments.plan import make_plan
from reports import decision, decision_check
from reports.bundle.write import write
from reports.check import command, judge, measure
from reports.check.claims import choices
from reports.load import Results, ResultsError, load
from tests.reports import synthetic
from tests.reports.check.test_judge import made, scene
from tests.reports.conftest import finish


def planned(results: Results, tasks: list[Any] | dict[str, Any], **more: Any) -> Results:
    """The same results as if they had been planned with these settings."""
    resolved = project.resolve({"preset": "quick", "tasks": tasks, **more})
    return replace(results, plan={**results.plan, "preset": "quick", "settings": resolved})


@pytest.fixture
def results(tmp_path: Path) -> Results:
    blocks = [
        scene(task="math_python", params={"item_ms": 6.0}),
        scene(task="mixed", params={"cpu_share": 0.5}, label="a"),
        scene(task="mixed", params={"cpu_share": 0.75}, label="b", noise=0.5),
        scene(task="ipc", noise=0.5),
    ]
    return made(tmp_path / "before", *blocks)


def asked(results: Results, source: str | None = None) -> dict[str, Any]:
    tasks = [block.task for block in results.blocks]
    return measure.settings(results, choices(results, tasks), "elsewhere", source)


def test_only_tasks_and_values_with_a_choice_are_measured(results: Results) -> None:
    grid = ["math_python", "ipc", {"task": "mixed", "params": {"cpu_share": [0.5, 0.75]}}]
    config = asked(planned(results, grid))

    assert config["tasks"] == [
        {"task": "math_python", "params": {}},
        {"task": "mixed", "params": {"cpu_share": [0.5]}},
    ]
    assert (config["results"], config["machine"]) == ("elsewhere", f"{results.name}-check")
    assert (config["looks"], config["again"]) == (list(measure.LOOKS), True)


def test_a_wider_margin_may_be_asked_for(results: Results) -> None:
    before = planned(results, ["math_python", "mixed"])
    chosen = choices(before, ["math_python"], margin=0.9)

    assert not chosen[0].gains, "a gain within the margin is none"
    assert measure.settings(before, chosen, "r", margin=0.9)["margin"] == 0.9
    assert measure.settings(before, chosen, "r")["margin"] == 0.05


def test_the_config_is_one_that_a_run_takes(results: Results) -> None:
    config = asked(planned(results, ["math_python", "mixed"]))
    resolved = project.resolve(json.loads(json.dumps(config)))
    resolved.pop("again")
    blocks = make_plan(resolved, probe("bench"))["blocks"]

    assert {block["task"] for block in blocks} == {"math_python", "mixed"}


def test_functions_of_the_users_own_may_have_moved(results: Results, tmp_path: Path) -> None:
    own = {"call": "jobs:f", "items": "jobs:i", "path": "/gone"}
    entry = {"task": "math_python", "key": "tasks.math_python", "own": own, "params": {}}
    plan = {**planned(results, ["math_python"]).plan}
    plan["settings"] = {**plan["settings"], "tasks": [entry]}
    moved = replace(results, plan=plan)

    assert asked(moved)["tasks"]["math_python"]["path"] == "/gone"
    assert asked(moved, str(tmp_path))["tasks"]["math_python"]["path"] == str(tmp_path)


def test_a_run_that_fails_is_said_and_checks_nothing(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "ROOT", tmp_path)  # there is no workflow
    with pytest.raises(ResultsError, match="nothing was checked, as measuring failed"):
        measure.run({"results": str(tmp_path), "machine": "m"}, "1")


# --- the command ----------------------------------------------------------------------------


@pytest.fixture
def not_measured(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Configs that would have been measured; what comes back is the baseline itself."""
    taken: list[dict[str, Any]] = []

    def run(config: dict[str, Any], _cores: str) -> Path:
        taken.append(config)
        return Path(config["results"])

    monkeypatch.setattr(measure, "run", run)
    return taken


def test_a_check_of_results_against_themselves_holds(
    results: Results, not_measured: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(results.folder)
    assert command.main([folder, "--results", folder]) == 0

    assert "2 of 2 choices hold" in capsys.readouterr().out
    assert (results.folder / "check.xml").exists()
    assert len(not_measured) == 1


def test_a_check_may_be_about_one_task(
    results: Results, not_measured: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(results.folder)
    assert command.main([folder, "--results", folder, "--task", "mixed"]) == 0
    assert "1 of 1 choice hold" in capsys.readouterr().out


def test_a_bundle_is_a_baseline(
    tmp_path: Path, not_measured: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    run = finish(synthetic.write(tmp_path / "bench", [scene()]))
    schema.write_atomically(run.folder / "report.html", "<html></html>")
    decision.write(run)
    bundle = write(run, tmp_path / "a bundle.zip")
    assert command.main([str(bundle), "--results", str(run.folder)]) == 0

    assert "Checked a bundle.zip: every choice holds" in capsys.readouterr().out
    assert json.loads((run.folder / "check.json").read_text())["of"] == "a bundle.zip"


def test_a_bundle_that_can_not_be_trusted_is_no_baseline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 and no more")
    assert command.main([str(tmp_path / "b.zip")]) == judge.STATUS["inconclusive"]
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_a_baseline_names_runs_only_where_it_is_trusted(
    results: Results, not_measured: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be a stranger's, and `subprocess:run` with fitting items is a program of theirs."""
    entry = {"task": "math_python", "key": "tasks.math_python", "params": {},
             "own": {"call": "subprocess:run", "items": "keyword:kwlist"}}  # fmt: skip
    path = results.folder / "plan.json"
    settings = project.resolve({"preset": "quick"})
    path.write_text(json.dumps(json.loads(path.read_text()) | {"settings": {
        **settings, "tasks": [entry]}}))  # fmt: skip
    given = [str(results.folder), "--task", "math_python", "--results", str(results.folder)]

    assert command.main(given) == judge.STATUS["inconclusive"]
    (line,) = capsys.readouterr().err.splitlines()
    assert "would run or ask subprocess:run, keyword:kwlist. Nothing was run" in line
    assert "TRUST=1" in line
    assert not_measured == []
    assert "TRUST=1" in decision_check.command(load(results.folder), ["math_python"])

    assert command.main([*given, "--trust"]) == 0
    assert len(not_measured) == 1


def test_a_verdict_that_its_launches_do_not_give_is_no_choice(
    results: Results, capsys: pytest.CaptureFixture[str]
) -> None:
    table = results.folder / "verdicts.csv"
    table.write_text(table.read_text().replace("processes x2", "processes x3"))

    assert command.main([str(results.folder)]) == judge.STATUS["inconclusive"]
    (line,) = capsys.readouterr().err.splitlines()
    assert "verdicts.csv says best processes x3, its launches say best processes x2" in line


@pytest.mark.parametrize("tasks", [[{"x": 1}], [{"task": "math_python", "params": [1]}]])
def test_settings_that_are_none_are_one_line(
    tasks: list[Any], results: Results, capsys: pytest.CaptureFixture[str]
) -> None:
    path = results.folder / "plan.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"settings": {"tasks": tasks}}))

    assert command.main([str(results.folder)]) == judge.STATUS["inconclusive"]
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_check_that_breaks_does_not_say_flipped(tmp_path: Path) -> None:
    """Without its libraries, for one: Python's own status, 1, would."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "reports.check", "b.zip"],
        cwd=measure.ROOT, env={**os.environ, "PYTHONPATH": ""}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, "nothing can be told" in done.stderr) == (2, True), done.stderr


def test_core_counts_that_no_choice_is_about_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = [
        replace(scene(task="math_python", noise=noise), cores=cores)
        for cores, noise in ((1, 0.5), (2, 0.5), (4, 0.001))
    ]
    results = planned(made(tmp_path / "r", *blocks), ["math_python"])
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert asked(results)["cores"] == [4]

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert asked(results)["cores"] == "auto", "a list would be refused here"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "error: nowhere: no such"),
        (["{folder}", "--task", "ipc"], "no verdict of it is decided: nothing to check"),
        (["{folder}", "--task", "other"], "task 'other' was not measured; name one of these"),
    ],
)
def test_what_can_not_be_checked_is_one_line_and_status_2(
    arguments: list[str], says: str, results: Results, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [text.format(folder=results.folder) for text in arguments]
    assert command.main(given) == judge.STATUS["inconclusive"]

    (line,) = capsys.readouterr().err.splitlines()
    assert says in line


@pytest.mark.host
def test_a_check_on_this_machine_measures_and_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real: the same function sequentially and in threads, its verdict checked by a new run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "naps.py").write_text(
        "import time\nITEMS = [0.004] * 16\ndef nap(seconds):\n    time.sleep(seconds)\n"
    )
    config = {
        "preset": "quick", "machine": "m", "workers": [8], "executors": ["threads"],
        "tasks": {"nap": {"call": "naps:nap", "items": "naps:ITEMS", "path": str(tmp_path)}},
    }  # fmt: skip
    folder = measure.run({"results": "results", **config}, "all")
    command_line = [str(folder), "--results", "results", "--trust"]
    status = command.main(command_line)

    told = json.loads((tmp_path / "results" / "m-check" / "check.json").read_text())
    assert (status, told["outcome"]) == (0, "holds"), told
    assert (tmp_path / "results" / "m-check" / "report.html").exists()
    assert told["choices"][0]["choice"].startswith("threads x8")
    # the function has become one whose callers hinder each other: threads lose, far beyond noise
    (tmp_path / "naps.py").write_text(
        "import time\nITEMS = [0.004] * 16\ncallers = []\ndef nap(seconds):\n"
        "    callers.append(None)\n    time.sleep(seconds * len(callers) ** 2)\n    callers.pop()\n"
    )
    assert command.main(command_line) == 1
    history = tmp_path / "results" / "m-check" / "history"
    assert len(list(history.iterdir())) == 1
