from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from experiments import schema
from reports import decision, plot, render
from reports.bundle import limits
from reports.bundle.__main__ import main
from reports.bundle.contents import CRATE, MANIFEST
from reports.bundle.identity import poolwise_version, run_id, times
from reports.bundle.opening import BundleError, opened
from reports.bundle.write import write, write_anonymised
from reports.decision_check import data_hash
from reports.load import Results, ResultsError, load

ROOT = Path(__file__).resolve().parents[3]
Files = dict[str, bytes]


def test_a_bundle_holds_the_whole_run(run: Results, whole: Files) -> None:
    tables = {f"{name}.csv" for name in schema.TABLES}

    assert set(whole) == tables | {
        "machine.json", "plan.json", "runs.json", "config.json", "verdicts.json", "report.html",
        "decision.md", MANIFEST, CRATE,
    }  # fmt: skip
    for name in tables | {"machine.json", "plan.json", "report.html", "decision.md"}:
        assert whole[name] == (run.folder / name).read_bytes()


def test_its_manifest_names_the_run_and_every_file(run: Results, whole: Files) -> None:
    said = json.loads(whole[MANIFEST])

    assert {key: value for key, value in said.items() if key != "files"} == {
        "bundle_version": 1,
        "poolwise_version": "0.1.0",
        "schema_version": 1,
        "machine": "bench",
        "fingerprint": "0f3a9c",
        "run_id": f"20260101T000000Z-{data_hash(run.folder)[:8]}",
        "started_at": "2026-01-01T00:00:00+00:00",
        "ended_at": "2026-01-01T00:00:01+00:00",
        "anonymised": False,
    }
    assert {one["path"]: (one["bytes"], one["sha256"]) for one in said["files"]} == {
        name: (len(data), hashlib.sha256(data).hexdigest())
        for name, data in whole.items()
        if name not in (MANIFEST, CRATE)
    }


def test_every_process_writes_the_same_bytes(run: Results, tmp_path: Path) -> None:
    here = write(run, tmp_path / "here.zip").read_bytes()
    shutil.copytree(run.folder, tmp_path / "copy")
    subprocess.run(
        [sys.executable, "-m", "reports.bundle", tmp_path / "copy"], cwd=ROOT, check=True
    )

    assert (tmp_path / "copy/bundle.zip").read_bytes() == here
    assert not list(tmp_path.rglob("*.part"))


def test_its_config_measures_the_same_again(run: Results, whole: Files) -> None:
    settings = json.loads(whole["config.json"])

    assert "most_processes_per_core" not in settings
    assert settings == {
        key: value
        for key, value in run.plan.get("settings", {}).items()
        if key != "most_processes_per_core"
    }


def test_the_report_can_be_made_again_from_an_opened_bundle(run: Results, tmp_path: Path) -> None:
    bundle = opened(write(run, tmp_path / "bundle.zip"), tmp_path / "into")
    results = load(bundle.folder)
    plot.main(results)

    assert render.html(results) == (run.folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("hide", [False, True])
def test_a_run_of_every_verdict_and_trouble_is_packed(
    results: Results, page: str, tmp_path: Path, hide: bool
) -> None:
    """With hostile names, crashed approaches, and blocks in which nothing ran."""
    folder = tmp_path / "bench"
    shutil.copytree(results.folder, folder)
    schema.write_atomically(folder / "report.html", page)
    decision.write(load(folder))
    path = write_anonymised(load(folder)) if hide else write(load(folder))
    again = load(opened(path, tmp_path / "into").folder)

    assert len(again.blocks) == len(results.blocks)
    assert (again.folder / "launches.csv").stat().st_size > 0
    assert "<script>alert" not in (again.folder / "report.html").read_text(encoding="utf-8")


def test_what_is_missing_says_how_it_is_made(run: Results, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(run.folder, folder)
    (folder / "decision.md").unlink()

    with pytest.raises(ResultsError, match=r"decision.md: can't be read: No such file.*README"):
        write(load(folder))
    assert not (folder / "bundle.zip").exists()


def test_a_pdf_is_packed_where_there_is_one(run: Results, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(run.folder, folder)
    (folder / "report.pdf").write_bytes(b"%PDF-1.7\n\0\xff")

    with zipfile.ZipFile(write(load(folder))) as archive:
        assert archive.read("report.pdf") == b"%PDF-1.7\n\0\xff"
    assert opened(folder / "bundle.zip", tmp_path / "into").machine == "bench"


def test_what_would_not_be_opened_is_not_written(
    run: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FILE_BYTES", 1000)

    with pytest.raises(BundleError, match=r"bundle.zip: .* MiB unpacked; not written, because"):
        write(run, tmp_path / "bundle.zip")
    assert list(tmp_path.iterdir()) == []


def test_what_packs_too_well_is_stored(run: Results, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(run.folder, folder)
    (folder / "report.pdf").write_bytes(b"%PDF-1.7\n" + bytes(2 * limits.MIB))

    assert opened(write(load(folder)), tmp_path / "into").machine == "bench"


def test_a_run_id_is_its_start_and_its_data(run: Results, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(run.folder, folder)
    table = folder / "launches.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("2026-01-01T00:00:00Z", "", 1), encoding="utf-8")
    other = run_id(load(folder))
    table.write_text(text.replace("2026-01-01T00:00:00Z", ""), encoding="utf-8")

    assert run_id(run) != other
    assert other.startswith("20260101T000000Z-")
    assert run_id(load(folder)).startswith("undated-")
    assert times(load(folder)) == (None, None)


def test_the_command_says_what_is_wrong_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "absent")]) == 1
    assert capsys.readouterr().err == f"error: {tmp_path}/absent: no such results folder\n"


def test_the_version_is_the_projects() -> None:
    assert f'version = "{poolwise_version()}"' in (ROOT / "pyproject.toml").read_text()
