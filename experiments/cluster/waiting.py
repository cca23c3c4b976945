"""Jobs that wait for what never comes: a queue of hours is told from one that has no end.

Source of states and reasons: man squeue, JOB STATE CODES and JOB REASON CODES.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from experiments.cluster import slurm
from experiments.cluster.owner import Owner

#: seconds between two looks: Slurm's controller serves many
PERIOD_SECONDS = 60.0
#: looks without a job of ours after which none will come: Snakemake sees a job's end up to 3
#: minutes later, and submits the next one of its chain then
IDLE_LOOKS = 4
#: a job with one of these reasons can't start as it was asked for
IMPOSSIBLE = {"PartitionTimeLimit", "PartitionNodeLimit", "BadConstraints", "InvalidAccount",
              "InvalidQOS", "AccountNotAllowed", "QOSNotAllowed", "MaxMemPerLimit"}  # fmt: skip
#: limits of one job (of an association or a quality of service) end so
PER_JOB = ("PerJobLimit", "PerJob")
#: somebody has to act before it starts
HELD = {"JobHeldAdmin", "JobHeldUser", "PartitionDown", "PartitionInactive", "ReqNodeNotAvail"}


def interrupt() -> None:
    """End this snakemake as Ctrl-C would, which cancels its jobs."""
    os.kill(os.getpid(), signal.SIGINT)


class Waiting(threading.Thread):
    """Looks at the jobs of a folder; ends those that can't start, and tells of others.

    Snakemake waits for ever for a job that can't start, and for one that was preempted, which it
    leaves to Slurm: Slurm itself puts those back only where its PreemptMode is REQUEUE. A job that
    is ended fails where Snakemake waits for it; one that was preempted is put back here, and goes
    on from its journal. If it may not be, `end_all` is called once nothing else of the run is left.
    """

    def __init__(
        self,
        folder: Path,
        say: Callable[[str], None],
        owner: Owner | None = None,
        end_all: Callable[[], None] = interrupt,
    ) -> None:
        super().__init__(name="waiting jobs", daemon=True)
        self._folder, self._say, self._owner, self._end_all = folder, say, owner, end_all
        self._told: set[str] = set()
        self._earlier: set[str] = set()  # preempted before this run: nobody waits for them
        self._refused: set[str] = set()  # at the look before: Slurm may be about to put it back
        self._lost: set[str] = set()
        self._idle = 0
        self._ended = threading.Event()

    def run(self) -> None:
        """Look from time to time, as long as this process lives."""
        known = slurm.jobs_of(self._folder) or []
        self._earlier = {job.number for job in known if job.state == "PREEMPTED"}
        while not self._ended.wait(PERIOD_SECONDS):
            self.look()

    def end(self) -> None:
        """Look no more."""
        self._ended.set()

    def look(self) -> None:
        """One look, and a sign that this run still holds its results."""
        if self._owner:
            self._owner.beat()
        jobs = slurm.jobs_of(self._folder)
        ours = [job for job in jobs or [] if job.number not in self._earlier]
        for job in ours:
            if job.state == "PENDING":
                self._look_at_queued(job.number, job.reason)
            elif job.state == "PREEMPTED" and job.number not in self._lost:
                self._put_back(job.number)
        if jobs is not None:
            left = {job.number for job in ours} - self._lost
            self._idle = self._idle + 1 if self._lost and not left else 0
        if self._idle >= IDLE_LOOKS:
            self.end()
            self._say(
                "Poolwise: nothing else of this run is left to wait for: it ends here, as by "
                "Ctrl-C. Nothing measured is lost: the same command goes on"
            )
            self._end_all()

    def _put_back(self, job: str) -> None:
        refused = slurm.requeue(job)
        if refused is None:
            self._say(
                f"Poolwise: Slurm job {job} was preempted. It was put back into the queue, and "
                "goes on from its journal; Slurm lets such a job wait for two minutes or so"
            )
            return
        if job not in self._refused:
            self._refused.add(job)
            return
        self._lost.add(job)
        self._say(
            f"Poolwise: Slurm job {job} was preempted and can't be put back into the queue "
            f"({refused}): this run ends with its other jobs, and the same command goes on later"
        )

    def _look_at_queued(self, job: str, reason: str) -> None:
        if job not in self._told:
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
