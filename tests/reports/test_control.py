from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments import schema
from reports import control, render
from reports.load import Results
from reports.races import raced_controls
from tests.reports import synthetic
from tests.reports.conftest import finish
from tests.reports.synthetic import Scene

ANSWERS = [synthetic.cpu_scene(cores=1), synthetic.cpu_scene(), synthetic.waiting_scene()]
NAME = "control-math_python-2c"
ALARM = "the A/A control of this run failed"


def made(folder: Path, *controls: Scene, seed: int = 1) -> Results:
    """A finished results folder with these controls before its answers."""
    return finish(synthetic.write(folder / "bench", [*controls, *ANSWERS], seed=seed))


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return made(tmp_path_factory.mktemp("passed"), synthetic.control_scene())


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return made(tmp_path_factory.mktemp("failed"), synthetic.control_scene(0.102, noise=0.001))


@pytest.fixture(scope="module")
def absent(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return made(tmp_path_factory.mktemp("absent"))


def verdict_rows(results: Results) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((results.folder / "verdicts.json").read_text())
    return rows


def first_lines(page: str) -> str:
    """What stands on page one above the table of answers."""
    return page[page.index('id="answer"') : page.index('<table class="answers')]


# --- what it says ---------------------------------------------------------------------------


def test_twins_that_are_equal_pass(passed: Results) -> None:
    found = control.view(passed)

    assert found.outcome == "passed"
    assert found.text.startswith(
        "The same approach entered twice under two names (math_python on 2 cores) was not told "
        "apart, as it must be: 0."
    )
    assert [line.told_apart for line in found.lines] == [False, False]


def test_twins_that_are_not_fail_by_however_little(failed: Results) -> None:
    found = control.view(failed)

    assert found.outcome == "failed"
    assert "was told apart, by 1.9%" in found.text
    assert "suspect" in found.text


def test_noise_passes_and_says_what_would_have_been_seen(tmp_path: Path) -> None:
    found = control.view(made(tmp_path, synthetic.control_scene(noise=0.1)))

    assert found.outcome == "noisy"
    assert "or more for a single batch would have been seen" in found.text
    assert all(float(line.resolvable.rstrip("%")) > 5 for line in found.lines)


def test_the_numbers_of_both_modes_stand_there(passed: Results) -> None:
    steady, once = control.view(passed).lines
    (one,) = raced_controls(passed)
    ratio = one.race.ratio("steady", *(approach.label for approach in one.block.approaches))

    assert ratio is not None
    assert ratio.low < 1 < ratio.high
    assert (steady.mode, once.mode) == ("Steady", "Single batch")
    assert steady.first.endswith(" ms)")
    assert " ms (" in steady.second
    assert float(steady.ratio) == pytest.approx(ratio.estimate, abs=1e-3)
    assert (steady.verdict, steady.rounds) == ("tie", "5")


@pytest.mark.parametrize("count", [1, 2], ids=["one twin crashed", "both crashed"])
def test_twins_that_did_not_run_prove_nothing(tmp_path: Path, count: int) -> None:
    scene = synthetic.control_scene()
    crashed = [replace(truth, status="crashed", reason="SIGSEGV") for truth in scene.truths[:count]]
    results = made(tmp_path, replace(scene, truths=(*crashed, *scene.truths[count:])))

    assert control.view(results).outcome == "unknown"
    assert "could not be compared" in control.view(results).text
    assert not any(ALARM in flag for row in verdict_rows(results) for flag in row["flags"])
    assert "could not be compared" in render.html(results)


def test_one_round_proves_nothing(tmp_path: Path) -> None:
    results = made(tmp_path, synthetic.control_scene(rounds=1))

    assert control.view(results).outcome == "unknown"


# --- where it shows -------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["passed", "failed", "absent"])
def test_the_method_section_tells_it_in_every_case(
    outcome: str, request: pytest.FixtureRequest
) -> None:
    results = request.getfixturevalue(outcome)
    page = render.html(results)
    found = control.view(results)
    method = page[page.index('id="method"') :]

    assert found.outcome == outcome
    assert found.text.replace("'", "&#39;") in method
    assert ('<table class="control">' in method) == (outcome != "absent")
    assert ("at most 5% of runs" in method) == (outcome != "absent")
    assert ("The A/A control failed." in first_lines(page)) == (outcome == "failed")


def test_a_failed_control_flags_every_verdict(failed: Results, passed: Results) -> None:
    assert all(ALARM in row["flags"][0] for row in verdict_rows(failed))
    assert not any(ALARM in flag for row in verdict_rows(passed) for flag in row["flags"])


def test_its_verdicts_stand_in_the_csv_with_their_seconds(passed: Results) -> None:
    rows = [row for row in verdict_rows(passed) if row["block"].startswith("control")]

    assert [(row["block"], row["mode"], row["verdict"]) for row in rows] == [
        (NAME, "steady", "tie"),
        (NAME, "oneshot", "tie"),
    ]
    assert all(row["seconds"] and row["peak_memory_mib"] for row in rows)
    assert all(row["speedup"] is None for row in rows)


def test_everything_but_its_own_rows_is_as_without_it(passed: Results, absent: Results) -> None:
    """Noise is drawn in order, so the answers' times differ: their places must not."""

    def cells(results: Results, table: schema.Table, *names: str) -> list[tuple[Any, ...]]:
        rows = results.table(table)[list(names)].itertuples(index=False)
        return [tuple(map(str, row)) for row in rows]

    summary = (schema.SUMMARY, "block", "mode", "approach")
    fits = (schema.FITS, "task", "mode", "axis", "cores", "executor", "executor_options")
    assert cells(passed, *summary) == cells(absent, *summary)
    assert cells(passed, *fits) == cells(absent, *fits)
    assert sorted(p.name for p in (passed.folder / "figures").iterdir()) == sorted(
        p.name for p in (absent.folder / "figures").iterdir()
    )
    assert not any(NAME in cell for cell in passed.table(schema.CLAIMS)["cells"])


def test_it_is_no_answer_of_the_report(passed: Results, absent: Results) -> None:
    with_it, without = render.context(passed), render.context(absent)

    for key in ("subtitle", "run_facts", "stops"):
        assert with_it[key] == without[key]
    assert [one.name for one in with_it["subjects"]] == [one.name for one in without["subjects"]]
    lines = [line.steady.block.name for line in with_it["answers"].lines]
    assert lines == ["math_python-1c", "math_python-2c", "http_request-2c"]
    assert NAME not in render.html(passed)


def test_the_order_of_twins_does_not_matter(tmp_path: Path) -> None:
    scene = synthetic.control_scene(0.102, noise=0.001)
    first = control.view(made(tmp_path / "a", scene))
    swapped = replace(scene, truths=scene.truths[::-1])

    assert first.outcome == "failed"
    assert control.view(made(tmp_path / "b", swapped)).outcome == "failed"
