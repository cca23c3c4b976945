"""Independent programs, started, awaited and read: multitasking by the operating system.

A job is the system's shell counting in its own arithmetic, as real a program as any, small enough
to start in about 1 ms. The Python side waits meanwhile, so threads and tasks suffice to keep all
cores busy.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from typing import Any, Dict, List, Optional, Tuple

from ..base import Task, Unsupported
from . import checks
from .arithmetic import MODULUS, MULTIPLIER, start_of

SHELL = "sh"
#: the generator of arithmetic.churn in POSIX shell: $1 start, $2 steps
PROGRAM = (
    "x=$1 i=0; while [ $i -lt $2 ]; "
    f"do x=$((x * {MULTIPLIER} % {MODULUS})) i=$((i + 1)); done; echo $x"
)


class SubprocessJobs(Task):
    """Every item is a job; its answer is the number the job prints."""

    name = "subprocess_jobs"
    kind = "waiting"
    #: 500: as long as starting the shell takes
    defaults = {"steps": 500}
    summary = "starts a small program (shell arithmetic), waits for it and reads what it prints"
    native_async = True

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        return checks.whole(params, "steps", 0, 10_000_000)

    def prepare(self, count: int, scale: int) -> None:
        """Raise Unsupported where there is no POSIX shell."""
        if shutil.which(SHELL) is None:
            raise Unsupported(f"subprocess_jobs: there is no program {SHELL!r} on the PATH")

    def make_items(self, count: int, scale: int) -> List[Tuple[str, ...]]:
        """Items are command lines."""
        shell, seed, steps = shutil.which(SHELL) or SHELL, self.context.seed, self.params["steps"]
        return [
            (shell, "-c", PROGRAM, SHELL, str(start_of(seed, index)), str(steps))
            for index in range(count)
        ]

    def run(self, item: Tuple[str, ...]) -> int:
        """Run one job to its end."""
        done = subprocess.run(item, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
        return int(done.stdout)

    async def arun(self, item: Tuple[str, ...]) -> int:
        """Run one job to its end, the loop free meanwhile."""
        job = await asyncio.create_subprocess_exec(
            *item, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        output, _ = await job.communicate()
        if job.returncode:
            raise subprocess.CalledProcessError(job.returncode, item, output)
        return int(output)
