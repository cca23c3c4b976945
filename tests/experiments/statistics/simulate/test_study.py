"""The study as a program: bounds are judged fairly, a broken one fails the run."""

from dataclasses import replace

import pytest

from experiments.statistics import RaceSettings
from experiments.statistics.simulate import __main__ as program
from experiments.statistics.simulate.checks import Check, check_study
from experiments.statistics.simulate.exact import check_exact
from experiments.statistics.simulate.study import Cell, run_cell, run_cells
from experiments.statistics.simulate.tables import cells_csv, result

pytestmark = pytest.mark.slow

SETTINGS = RaceSettings()


@pytest.mark.parametrize(
    ("share", "count", "said"),
    [(0.04, 100, "passed"), (0.08, 100, "within chance"), (0.20, 100, "FAILED")],
)
def test_an_upper_bound_is_broken_beyond_chance(share, count, said):
    assert result(Check("x", "y", share, 0.05, True, count)) == said


@pytest.mark.parametrize(
    ("share", "count", "said"),
    [(0.96, 100, "passed"), (0.92, 100, "within chance"), (0.80, 100, "FAILED")],
)
def test_a_lower_bound_is_broken_beyond_chance(share, count, said):
    assert result(Check("x", "y", share, 0.95, False, count)) == said


def test_a_median_has_no_chance_to_hide_behind():
    assert result(Check("launches", "y", 0.51, 0.5, True)) == "FAILED"


def test_never_means_never():
    assert not Check("x", "y", 0.01, 0.0, True, 100).passed


def test_a_cell_that_breaks_its_bounds_is_caught():
    good = run_cell(Cell("equal", "quiet"), 20, SETTINGS)
    assert all(check.passed for check in check_study([good]))
    bad = replace(good, best=20, tie=0, false_best=20, covered=2, regret_held=3)
    broken = {check.name for check in check_study([bad]) if not check.passed}
    assert broken >= {"false winner", "A/A: a tie", "A/A: never best", "regret bound holds"}
    assert any(name.startswith("speedup interval covers") for name in broken)


def test_an_expensive_race_is_caught():
    good = run_cell(Cell("clear", "typical"), 5, SETTINGS)
    bad = replace(good, median_launches=200.0)
    assert any("launches" in check.name for check in check_study([bad]) if not check.passed)


def test_what_must_hold_exactly_holds():
    assert all(check.passed for check in check_exact(10, SETTINGS))


def test_processes_do_not_change_the_result():
    cells = [Cell("clear", "quiet"), Cell("ahead 10%", "typical")]
    assert list(run_cells(cells, 4, SETTINGS, 2)) == list(run_cells(cells, 4, SETTINGS, 1))


def test_the_program_writes_the_document_and_the_tables(tmp_path, capsys):
    out = tmp_path / "docs" / "simulations.md"
    arguments = ["--reps", "12", "--scenes", "clear", "--regimes", "typical", "--out", str(out)]
    assert program.main(arguments) == 0
    document = out.read_text(encoding="utf-8")
    assert "| false winner | 1 | at most 5.0% | 0.0% |" in document
    assert "| clear | typical | 100.0% |" in document
    cells = out.with_suffix(".cells.csv").read_text(encoding="utf-8").splitlines()
    assert cells[0].startswith("scene,regime,approaches,replications,best")
    assert cells[1].startswith("clear,typical,20,12,12")
    checks = out.with_suffix(".checks.csv").read_text(encoding="utf-8")
    assert "false winner" in checks
    assert "tail interval covers" in checks
    assert "0 broken" in capsys.readouterr().out


def test_a_broken_bound_is_the_programs_exit_status(tmp_path, monkeypatch, capsys):
    broken = Check("false winner", "somewhere", 0.5, 0.05, True, 100)
    monkeypatch.setattr(program, "check_study", lambda tallies: [broken])
    arguments = ["--reps", "12", "--scenes", "clear", "--regimes", "quiet"]
    assert program.main([*arguments, "--out", str(tmp_path / "s.md")]) == 1
    assert "FAILED false winner: 50.00% in somewhere" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["--reps", "0"], ["--scenes", "nowhere"], ["--regimes", "calm"]]
)
def test_arguments_that_make_no_sense_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        program.main(arguments)
    assert stopped.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_every_count_of_a_cell_is_in_the_csv():
    table = cells_csv([run_cell(Cell("clear", "quiet"), 2, SETTINGS)]).splitlines()
    assert table[0].count(",") == table[1].count(",")
