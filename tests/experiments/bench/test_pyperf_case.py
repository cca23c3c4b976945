from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyperf
import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("executor", ["sequential", "threads", "processes"])
def test_pyperf_runs_an_approach_in_its_own_processes(tmp_path: Path, executor: str) -> None:
    file = tmp_path / "out.json"
    module = ["-m", "experiments.bench.pyperf_case", "--executor", executor, "--workers", "2"]
    few = ["--items", "4", "--scale", "1", "-p", "2", "-n", "2", "-w", "1", "--loops", "1"]
    subprocess.run(
        [sys.executable, *module, *few, "--quiet", "-o", str(file)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    found = pyperf.Benchmark.load(str(file))

    assert (found.get_name(), found.get_nrun(), found.get_nvalue()) == ("batch", 2, 4)
