"""Each step as a command: a results folder in, files out, one line on stderr if it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
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


@pytest.mark.slow
def test_all_that_is_made_is_the_same_in_every_process(tmp_path: Path) -> None:
    """Whatever order its sets and their texts happen to have there."""
    scene = synthetic.cpu_scene()
    truths = [
        replace(truth, options={"chunk": "default", "start_method": "fork"} | truth.options)
        if truth.executor == "processes"
        else truth
        for truth in scene.truths
    ]
    spawned = next(truth for truth in truths if truth.label == "processes x4 (spawn)")
    options = spawned.options | {"chunk": "auto"}
    truths.append(replace(spawned, label="processes x4 (spawn, chunk auto)", options=options))
    scene = replace(scene, truths=tuple(truths))
    scenes = [scene, replace(scene, task="ipc", truths=scene.truths[:6])]
    made = (
        "import sys, pathlib; from tests.reports.conftest import finish\n"
        "from reports import decision, render; results = finish(pathlib.Path(sys.argv[1]))\n"
        "(results.folder / 'report.html').write_text(render.html(results)); decision.write(results)"
    )
    found = []
    for seed in ("1", "2"):
        folder = synthetic.write(tmp_path / seed / "bench", scenes)
        subprocess.run([sys.executable, "-c", made, str(folder)], cwd=ROOT, check=True,
                       env={**os.environ, "PYTHONHASHSEED": seed})  # fmt: skip
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        found.append({path.relative_to(folder): path.read_bytes() for path in files})

    assert found[0].keys() == found[1].keys()
    assert [str(name) for name in found[0] if found[0][name] != found[1][name]] == []
    assert len(found[0]) > 20


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
