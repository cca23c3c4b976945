"""Seconds and largest memory of a command and what it starts.

`python -m experiments.bench.peak COMMAND...` prints them as JSON. It is a process of its own, as
small as can be: on Linux a process begins with the peak of the one that forked it, and that of a
bench with everything imported would hide what a small command takes.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: ru_maxrss counts in KiB, on macOS in bytes (man 2 getrusage)
UNITS_A_MIB = 2**20 if sys.platform == "darwin" else 2**10


class PeakError(RuntimeError):
    """A command that failed; the message is the end of what it said."""


@dataclass(frozen=True)
class Taken:
    """What a command took; `mib` is the largest resident memory of one of its processes."""

    seconds: float
    mib: float


def peak_of(command: Sequence[str], folder: Path) -> Taken:
    """Run a command in a folder, with the project's modules. Raises PeakError where it fails."""
    environment = [f"PYTHONPATH={ROOT}", "PYTHONSAFEPATH=1"]
    measuring = ["env", *environment, sys.executable, "-m", "experiments.bench.peak", *command]
    done = subprocess.run(measuring, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeakError(f"{' '.join(command)[:200]}: {done.stderr.strip()[-500:]}")
    return Taken(**json.loads(done.stdout))


def main() -> None:
    """Run the command that was given; its own output is only shown where it fails."""
    started = time.perf_counter()
    done = subprocess.run(
        sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(done.stdout.decode(errors="replace"))
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"seconds": seconds, "mib": most / UNITS_A_MIB}))


if __name__ == "__main__":
    main()
