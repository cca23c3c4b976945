"""Jobs that wait for what never comes: a queue of hours is told from one that has no end.

Source of the reasons: man squeue, JOB REASON CODES.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from experiments.cluster import slurm
from experiments.cluster.owner import Owner

#: seconds between two looks: Slurm's controller serves many
PERIOD_SECONDS = 60.0
#: a job with one of these reasons can't start as it was asked for
IMPOSSIBLE = {"PartitionTimeLimit", "PartitionNodeLimit", "BadConstraints", "InvalidAccount",
              "InvalidQOS", "AccountNotAllowed", "QOSNotAllowed", "MaxMemPerLimit"}  # fmt: skip
#: limits of one job (of an association or a quality of service) end so
PER_JOB = ("PerJobLimit", "PerJob")
#: somebody has to act before it starts
HELD = {"JobHeldAdmin", "JobHeldUser", "PartitionDown", "PartitionInactive", "ReqNodeNotAvail"}


class Waiting(threading.Thread):
    """Looks at the queued jobs of a folder; ends those that can't start, and tells of others.

    A job that is ended fails where Snakemake waits for it, which else would wait for ever.
    """

    def __init__(
        self, folder: Path, say: Callable[[str], None], owner: Owner | None = None
    ) -> None:
        super().__init__(name="waiting jobs", daemon=True)
        self._folder, self._say, self._owner = folder, say, owner
        self._told: set[str] = set()
        self._ended = threading.Event()

    def run(self) -> None:
        """Look from time to time, as long as this process lives."""
        while not self._ended.wait(PERIOD_SECONDS):
            self.look()

    def end(self) -> None:
        """Look no more."""
        self._ended.set()

    def look(self) -> None:
        """One look, and a sign that this run still holds its results."""
        if self._owner:
            self._owner.beat()
        for job, reason in slurm.queued(self._folder):
            if job in self._told:
                continue
            if reason in IMPOSSIBLE or reason.endswith(PER_JOB):
                self._told.add(job)
                slurm.cancel(job)
                self._say(
                    f"Poolwise: Slurm job {job} could never start ({reason}) and was cancelled: "
                    "ask for less in the profile (runtime, nodes, memory), or set cluster."
                    "blocks_per_job to less"
                )
            elif reason.split(",")[0].strip() in HELD:
                self._told.add(job)
                self._say(
                    f"Poolwise: Slurm job {job} waits until somebody acts ({reason}); Ctrl-C "
                    "cancels it, and the same command goes on later"
                )
