"""Starts real launches and reads their events, as the conductor does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = "tests.experiments.launch.sample_tasks"
#: ends what hangs; ray takes 12 s beside another run
TIME_LIMIT_SECONDS = 120


@dataclass(frozen=True)
class Launched:
    """What a launch said on its descriptor, printed, and ended with."""

    events: list[dict[str, Any]]
    status: int
    output: str

    @property
    def last(self) -> dict[str, Any]:
        return self.events[-1]

    @property
    def phases(self) -> list[str]:
        return [event["name"] for event in self.all("phase")]

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]

    def one(self, kind: str) -> dict[str, Any]:
        found = self.all(kind)
        assert len(found) == 1, (kind, self.events, self.output)
        return found[0]

    def batches(self, phase: str) -> list[dict[str, Any]]:
        return [event for event in self.all("batch") if event["phase"] == phase]


def spec(task: str = "Squares", **changes: Any) -> dict[str, Any]:
    """A small launch of a sample task (a name with ":" or a registered one is kept)."""
    name = task if ":" in task or not task[0].isupper() else f"{SAMPLES}:{task}"
    usual = {
        "launch_id": "a-launch", "mode": "measure", "task": name, "params": {},
        "items": 8, "scale": 1, "item_seconds": None,
        "executor": "sequential", "options": {}, "workers": 2, "cpus": None,
        "core_limit_seconds": None,
        "batches": 1, "steady_seconds": 0.0, "most_batches": 5, "profile": False,
        "latencies": False, "expected": None, "services": {}, "scratch": tempfile.gettempdir(),
        "seed": 1,
    }  # fmt: skip
    return {**usual, **changes}


def launch(
    wanted: dict[str, Any] | str,
    python: str = sys.executable,
    cwd: Path | str = ROOT,
    path: tuple[Path | str, ...] = (),
    heard: Callable[[dict[str, Any]], None] = lambda _: None,
) -> Launched:
    """Run one launch to its end; its process group never outlives this call.

    `heard` is given each event as it comes.
    """
    reader, writer = os.pipe()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [ROOT, *path]))}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [python, "-m", "experiments.launch"],
            stdin=subprocess.PIPE, stdout=log, stderr=log, pass_fds=(writer,), cwd=cwd,
            env=environment, start_new_session=True,
        )  # fmt: skip
        os.close(writer)
        limit = threading.Timer(TIME_LIMIT_SECONDS, _kill, (process.pid,))
        limit.start()
        try:
            _tell(process, wanted if isinstance(wanted, str) else {**wanted, "events": writer})
            events = _events(reader, heard)
            status = process.wait()
        finally:
            limit.cancel()
            _kill(process.pid)
            process.wait()
        # read at a place of its own: a process that outlives the launch would go on from there
        said = os.pread(log.fileno(), os.fstat(log.fileno()).st_size, 0)
        return Launched(events, status, said.decode(errors="replace"))


def _tell(process: subprocess.Popen[bytes], wanted: dict[str, Any] | str) -> None:
    assert process.stdin is not None
    text = wanted if isinstance(wanted, str) else json.dumps(wanted)
    with contextlib.suppress(BrokenPipeError):  # it ended at once: its status tells
        process.stdin.write(text.encode())
        process.stdin.close()


def _events(reader: int, heard: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
    found = []
    with os.fdopen(reader, encoding="ascii") as lines:
        for line in lines:
            found.append(json.loads(line))
            heard(found[-1])
    return found


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def fastest(done: Launched) -> float:
    """Seconds of the fastest steady batch: what others on the machine held up least."""
    return float(min(batch["wall_seconds"] for batch in done.batches("steady")))
