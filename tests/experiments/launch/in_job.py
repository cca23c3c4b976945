"""Runs one launch inside a job of Slurm: `python -m tests.experiments.launch.in_job FOLDER`.

FOLDER holds the launch's `spec.json`; what it said comes into `said.json`. The launch runs on the
CPUs that the job was granted on this node.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from tests.experiments.launch.driving import launch

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    spec = json.loads((folder / "spec.json").read_text())
    said = launch({**spec, "cpus": sorted(os.sched_getaffinity(0))})
    part = folder / "said.part"
    part.write_text(json.dumps(asdict(said)))
    part.rename(folder / "said.json")  # whoever waits for it sees all of it
