"""Each step as a command: a results folder in, files out, one line on stderr if it fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reports import render
from tests.reports import synthetic

ROOT = Path(__file__).parents[2]


def call(step: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"reports.{step}", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_steps_in_a_row_make_the_report(tmp_path: Path) -> None:
    folder = synthetic.write(tmp_path / "with space", [synthetic.cpu_scene()])
    tables = {"summarise": "summary", "fit": "fits", "decide": "verdicts",
              "breakeven": "breakeven", "overheads": "overheads", "claims": "claims",
              "losses": "losses", "interpreters": "interpreters"}  # fmt: skip
    made = {step: f"{name}.csv" for step, name in tables.items()} | {"plot": "figures"}
    for step, output in made.items():
        done = call(step, str(folder))
        assert (done.returncode, done.stderr) == (0, "")
        assert (folder / output).exists()
    done = call("render", str(folder), "--only", "html")
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "report.html").exists()
    assert not (folder / "report.pdf").exists()


@pytest.mark.parametrize("step", ["decide", "render"])
def test_an_error_is_one_line_and_status_1(tmp_path: Path, step: str) -> None:
    folder = synthetic.write(tmp_path / "bench", [synthetic.cpu_scene()])
    done = call(step, str(folder))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ")
    assert "summary.csv: not there" in done.stderr


def without_pango(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])


def test_without_pango_the_html_comes_out_and_the_help_on_stderr(
    results: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = results.folder  # type: ignore[attr-defined]
    without_pango(monkeypatch)
    assert render.main([str(folder)]) == 0
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "apt-get install --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0" in said
    assert (folder / "report.html").exists()
    assert not (folder / "report.pdf").exists()
    assert render.main([str(folder), "--only", "pdf"]) == 1
