"""The small programs that docs/clusters.md gives for PBS and LSF, with others in their place."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs" / "clusters.md"


def run(folder: Path, name: str, said: str, *arguments: str) -> str:
    """What the program says where PBS and LSF say that."""
    found = re.search(rf"`{name}`[^\n]*:\n\n((?:    .*\n)+)", DOCS.read_text())
    assert found
    (folder / name).write_text(re.sub("^    ", "", found[1], flags=re.MULTILINE))
    (folder / "said").write_text(said)
    for program in ("qstat", "bjobs", "bsub"):
        (folder / program).write_text(f'#!/bin/sh\ncat "{folder}/said"\n')
        (folder / program).chmod(0o755)
    env = {**os.environ, "PATH": f"{folder}:/usr/bin:/bin"}
    return subprocess.run(
        ["sh", str(folder / name), *arguments], env=env, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize(
    ("name", "said", "state"),
    [
        ("pbs-status", "Job Id: 17.s\n    job_state = R\n", "running"),
        ("pbs-status", "    job_state = F\n    Exit_status = 0\n", "success"),
        ("pbs-status", "    job_state = F\n    Exit_status = -29\n", "failed"),
        ("pbs-status", "qstat: Unknown Job Id 17.s\n", "failed"),
        ("pbs-status", "qstat: cannot connect to server\n", "running"),
        ("lsf-status", "PEND\n", "running"),
        ("lsf-status", "DONE\n", "success"),
        ("lsf-status", "EXIT\n", "failed"),
        ("lsf-status", "Job <17> is not found\n", "failed"),
        ("lsf-status", "LSF is down. Please wait ...\n", "running"),
    ],
)
def test_a_job_that_was_killed_has_failed(tmp_path: Path, name: str, said: str, state: str) -> None:
    """Snakemake wants one of three words."""
    assert run(tmp_path, name, said, "17") == state


def test_of_a_submitted_job_the_number_is_said(tmp_path: Path) -> None:
    said = "Job <123> is submitted to queue <7>.\n"

    assert run(tmp_path, "lsf-submit", said, "-n", "2", "script") == "123"
