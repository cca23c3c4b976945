from __future__ import annotations

from pathlib import Path

import pytest

from experiments import schema
from reports import decision, render
from reports.bundle.contents import BY_NAME, CRATE
from reports.bundle.identity import run_id
from reports.bundle.write import write
from reports.load import Results, load
from tests.reports import synthetic
from tests.reports.bundle.zipping import Place, described, unzipped
from tests.reports.conftest import finish


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A small run with everything but the PDF made."""
    folder = tmp_path_factory.mktemp("run") / "bench"
    results = finish(synthetic.write(folder, [synthetic.cpu_scene(rounds=5)]))
    schema.write_atomically(folder / "report.html", render.html(results))
    decision.write(results)
    return load(folder)


@pytest.fixture(scope="session")
def whole(run: Results, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of its bundle, by name."""
    return unzipped(write(run, tmp_path_factory.mktemp("zip") / "bundle.zip").read_bytes())


@pytest.fixture(scope="session")
def least(tmp_path_factory: pytest.TempPathFactory, whole: dict[str, bytes]) -> dict[str, bytes]:
    """The files of the smallest bundle that is opened: two approaches, one round each."""
    truths = (synthetic.sequential(0.1), synthetic.pool("threads", 2, 0.2))
    scene = synthetic.Scene("math_python", "cpu", 1, truths, rounds=1)
    folder = synthetic.write(tmp_path_factory.mktemp("least") / "bench", [scene])
    there = {one.name: one.read_bytes() for one in folder.iterdir()}
    files = {name: data for name, data in there.items() if not BY_NAME[name].opens_without}
    files |= {CRATE: b"{}", "bundle.json": whole["bundle.json"]}
    return described(files, run_id=run_id(load(folder)))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Where bundles are opened."""
    return Place(tmp_path)
