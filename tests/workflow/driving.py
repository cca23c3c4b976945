"""Runs the real workflow in a folder of its own, and looks after its processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

from experiments import schema

ROOT = Path(__file__).resolve().parents[2]
#: as little as can be measured
SMALL: dict[str, Any] = {
    "machine": "bench",
    "tasks": ["math_python"],
    "executors": ["threads"],
    "workers": [2],
    "cores": [1],
    "start_methods": ["fork"],
    "chunks": ["default"],
    "batch_seconds": 0.03,
    "batches": 1,
    "steady_seconds": 0,
    "looks": [2],
    "control": False,
    "overheads": False,
    "launch_timeout_seconds": 20,
    "min_free_mib": 1,
    "disturbed": {"repeats": 0},
}
TRACE = "Traceback (most recent call last)"


@dataclass
class Ended:
    """How a run ended and what it said."""

    status: int
    said: str
    printed: str

    @property
    def lines(self) -> list[str]:
        """What Poolwise itself said."""
        return [line for line in self.said.splitlines() if line.startswith("Poolwise: ")]


@dataclass
class Folder:
    """A working directory with a config.yaml."""

    path: Path
    #: in the environment of every process of its runs, so that they can be found
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    project: Path = ROOT
    #: those that were started
    runs: list[subprocess.Popen[str]] = field(default_factory=list)

    @classmethod
    def make(cls, path: Path, **config: Any) -> Folder:
        """A folder whose config is the small one with some keys of one's own."""
        path.mkdir(parents=True, exist_ok=True)
        folder = cls(path)
        folder.configure(**config)
        return folder

    def configure(self, **config: Any) -> None:
        (self.path / "config.yaml").write_text(yaml.safe_dump({**SMALL, **config}))

    @property
    def results(self) -> Path:
        return self.path / "results" / "bench"

    @property
    def environment(self) -> dict[str, str]:
        paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
        found = {"POOLWISE_TEST_MARK": self.mark, "PYTHONPATH": os.pathsep.join(paths)}
        return {**os.environ, **found}

    def start(
        self, *arguments: str, under: Sequence[str] = (), cwd: Path | None = None, **env: str
    ) -> subprocess.Popen[str]:
        """Snakemake with this folder as its working directory, in a session of its own."""
        snakefile = str(self.project / "workflow" / "Snakefile")
        command = [sys.executable, "-m", "snakemake", "-s", snakefile, "--cores", "all"]
        run = subprocess.Popen(
            [*under, *command, "--directory", str(self.path), *arguments],
            cwd=cwd or self.path, env={**self.environment, **env}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=_hear_interrupts,
        )  # fmt: skip
        self.runs.append(run)
        return run

    def end(self) -> None:
        """End the runs that a failed test left: they would hold the host against the next ones."""
        for run in self.runs:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                run.communicate()

    def run(self, *arguments: str, timeout: float = 600, **how: Any) -> Ended:
        """The same to its end."""
        process = self.start(*arguments, **how)
        try:
            printed, said = process.communicate(timeout=timeout)
        finally:
            self.end()
        return Ended(process.returncode, said, printed)

    def decide(self, *arguments: str, **how: Any) -> Ended:
        """Measure and decide, but write no report: that takes longer than the measuring."""
        return self.run("results/bench/verdicts.csv", *arguments, **how)

    def table(self, table: schema.Table) -> list[dict[str, Any]]:
        frame = schema.read(table, self.results / f"{table.name}.csv")
        return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]

    def processes(self, containing: str = "") -> list[int]:
        """Living processes of this folder's runs, by what is in their command line."""
        return [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and self._is_ours(entry, containing)
        ]

    def process(self, containing: str) -> int:
        """The one of them; a child that it has just forked still has its command line."""
        found = {pid: _parent(pid) for pid in self.processes(containing)}
        (only,) = (pid for pid, parent in found.items() if parent and parent not in found)
        return only

    def _is_ours(self, entry: Path, containing: str) -> bool:
        try:
            marked = self.mark.encode() in (entry / "environ").read_bytes()
            return marked and containing.encode() in (entry / "cmdline").read_bytes()
        except OSError:
            return False

    def none_left(self, seconds: float = 10.0) -> bool:
        """Whether all processes of this folder's runs end."""
        return wait_until(lambda: not self.processes(), seconds)

    def journal(self, block: str) -> Path:
        return self.results / "blocks" / block / "journal.jsonl"

    def launches_so_far(self, block: str) -> int:
        path = self.journal(block)
        return max(0, path.read_bytes().count(b"\n") - 1) if path.exists() else 0


def _hear_interrupts() -> None:
    """A shell without job control makes what it puts into the background deaf to them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _parent(pid: int) -> int | None:
    try:
        return psutil.Process(pid).ppid()
    except psutil.NoSuchProcess:
        return None


def wait_until(condition: Any, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def copy_project(target: Path) -> Path:
    """The project's code alone, as a checkout holds it."""
    leave = shutil.ignore_patterns("__pycache__")
    for name in ("workflow", "experiments", "reports"):
        shutil.copytree(ROOT / name, target / name, ignore=leave)
    return target
