"""Programs that stand in for Slurm's: they say what is asked, and run all "nodes" here.

`scontrol` knows the nodes and gives all of them loopback; `srun` runs the program once a node, and
hands each what it reads itself, as Slurm's does.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

_SCONTROL = """#!/bin/sh
case "$*" in
"show hostnames "*) echo "$3" | tr ',' '\\n' ;;
"--oneliner show job 7") echo "JobId=7 ReqNodeList=(null) NodeList=$NODES_OF_THE_JOB NumNodes=2" ;;
"--oneliner show node "*) echo "NodeName=$4 Arch=x86_64 NodeAddr=127.0.0.1 Port=1" ;;
*) echo "no such question: $*" >&2; exit 1 ;;
esac
"""

_SRUN = """
import os, subprocess, sys
options = [one for one in sys.argv[1:] if one.startswith("--")]
at = next(i for i, one in enumerate(sys.argv[1:], 1) if not one.startswith("--"))
names = next(o for o in options if o.startswith("--nodelist=")).partition("=")[2].split(",")
leaked = [name for name in os.environ if name.startswith("SLURM_") and name != "SLURM_JOB_ID"]
assert not leaked, leaked
steps = [
    subprocess.Popen(sys.argv[at:], stdin=subprocess.PIPE,
                     env={**os.environ, "SLURMD_NODENAME": name})
    for name in names
]
while piece := os.read(0, 65536):
    for step in steps:
        step.stdin.write(piece)
        step.stdin.flush()
for step in steps:
    step.stdin.close()
sys.exit(max(step.wait() for step in steps))
"""


def install(folder: Path) -> str:
    """Both programs in a folder; returns the PATH that finds them first."""
    folder.mkdir(exist_ok=True)
    program = folder / "srun.py"
    program.write_text(_SRUN)
    # a first line can't name an interpreter in a folder with blanks
    srun = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(program))} "$@"\n'
    for name, text in (("scontrol", _SCONTROL), ("srun", srun)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])


def job(nodes: str, here: str) -> dict[str, str]:
    """The variables of a job on these nodes, for a process on one of them."""
    return {"SLURM_JOB_ID": "7", "NODES_OF_THE_JOB": nodes, "SLURM_JOB_NODELIST": here,
            "SLURMD_NODENAME": here,
            "SLURM_CPU_BIND": "quiet,mask_cpu:0x1", "SLURM_NTASKS": "1"}  # fmt: skip
