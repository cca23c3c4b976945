"""A real bundle of each schema version is kept, and still reads as it did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import schema
from reports import plot, render
from reports.bundle.contents import MANIFEST
from reports.bundle.opening import BundleError, opened
from reports.load import load
from tests.reports.bundle.zipping import Place, packed, unzipped

ROOT = Path(__file__).resolve().parents[3]
KEPT = ROOT / "tests/bundles"
LARGEST = 300 * 1024


def test_one_bundle_of_each_version_is_kept() -> None:
    versions = range(1, schema.SCHEMA_VERSION + 1)

    assert {path.name for path in KEPT.iterdir()} == {f"v{version}.zip" for version in versions}
    assert all(path.stat().st_size < LARGEST for path in KEPT.iterdir())


def test_version_1_reads_as_it_did(tmp_path: Path) -> None:
    bundle = opened(KEPT / "v1.zip", tmp_path / "into")
    results = load(bundle.folder)

    assert (bundle.schema_version, bundle.machine) == (1, "machine-0b20c8")
    assert bundle.run_id == "20261125T210238Z-3c0d2be6"
    assert bundle.anonymised
    assert [block.name for block in results.blocks] == [
        "prints-size_kib=8-1c", "prints-size_kib=16-1c", "math_python-1c",
    ]  # fmt: skip
    assert len(results.table(schema.LAUNCHES)) == 16
    assert len(results.table(schema.SAMPLES)) == 35
    assert set(results.table(schema.VERDICT_TABLE)["verdict"]) == {"inconclusive"}


def test_its_report_can_be_made_again(tmp_path: Path) -> None:
    results = load(opened(KEPT / "v1.zip", tmp_path / "into").folder)
    plot.main(results)

    assert "Parallel Python on machine-0b20c8" in render.html(results)


@pytest.mark.parametrize("version", [schema.SCHEMA_VERSION + 1, 99])
def test_a_newer_version_says_what_to_do(place: Place, version: int) -> None:
    files = unzipped((KEPT / "v1.zip").read_bytes())
    said = {**json.loads(files[MANIFEST]), "schema_version": version, "poolwise_version": "4.2"}
    newer = packed({**files, MANIFEST: json.dumps(said).encode()})

    with pytest.raises(BundleError, match=rf"a newer Poolwise \('4.2', schema version '{version}'"):
        place.open(newer)


WATCHED = """
import sys
from pathlib import Path
from reports.bundle.opening import opened, found
from reports.load import load
opened(Path({kept!r}), Path("first"))  # imports what it needs

def watch(event, args):
    if event in ("import", "exec", "compile", "marshal.loads", "pickle.find_class", "os.system",
                 "subprocess.Popen", "os.exec", "os.posix_spawn", "socket.connect"):
        print(event, args[0] if event != "exec" else args, flush=True)
    if event == "open" and not isinstance(args[0], int) and args[2] & WRITES:
        path = Path(str(args[0])).resolve()
        if path.parent != Path("second").resolve():
            print("wrote", path, flush=True)

import os
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
sys.addaudithook(watch)
opened(Path({kept!r}), Path("second"))
print("done")
"""


def test_opening_executes_imports_and_unpickles_nothing(tmp_path: Path) -> None:
    """As Python itself tells it: audit events (PEP 578) from before the zip is opened."""
    code = WATCHED.format(kept=str(KEPT / "v1.zip"))
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout == "done\n"
