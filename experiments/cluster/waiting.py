"""Jobs that wait for what never comes: a queue of hours is told from one that has no end.

Source of states and reasons: man squeue, JOB STATE CODES and JOB REASON CODES.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from experiments.cluster import slurm
from experiments.cluster.owner import ALIVE, Owner

#: seconds between two looks: Slurm's controller serves many
PERIOD_SECONDS = 60.0
#: looks without a job of ours after which none will come: Snakemake sees a job's end up to 3
#: minutes later, and submits the next one of its chain then
IDLE_LOOKS = 4
#: looks at which a job that Snakemake waits for isn't in the queue, after which it is lost: the
#: accounting, if that is what Snakemake asks, may lag behind
GONE_LOOKS = 30
#: states of a job that waits
QUEUED = {"PENDING", "REQUEUE_HOLD", "SPECIAL_EXIT"}
#: a job with one of these reasons can't start as it was asked for
IMPOSSIBLE = {"PartitionTimeLimit", "PartitionNodeLimit", "BadConstraints", "InvalidAccount",
              "InvalidQOS", "AccountNotAllowed", "QOSNotAllowed", "MaxMemPerLimit"}  # fmt: skip
#: limits of one job (of an association or a quality of service) end so
PER_JOB = ("PerJobLimit", "PerJob")
#: and least sizes of a quality of service begin so
TOO_SMALL = "QOSMin"
#: somebody has to act before it starts; Slurm writes some with underscores
HELD = ("JobHeldAdmin", "JobHeldUser", "JobHoldMaxRequeue", "PartitionDown", "PartitionInactive",
        "ReqNodeNotAvail", "launch failed requeued held")  # fmt: skip
#: a turn to wait for, or one that never comes: told once a job has waited for so many looks
DOUBTFUL = ("Nodes required for job are DOWN", "AssocGrp", "QOSGrp")
DOUBTFUL_LOOKS = 5


def interrupt() -> None:
    """End this snakemake as Ctrl-C would, which cancels its jobs."""
    os.kill(os.getpid(), signal.SIGINT)


def waited_for(workflow: Any) -> set[str]:
    """The numbers of the jobs elsewhere that this Snakemake waits for.

    They are missing for a moment while its plugin asks for their states.
    """
    executor = getattr(getattr(workflow, "scheduler", None), "_executor", None)
    numbers = [one.external_jobid for one in list(getattr(executor, "active_jobs", ()))]
    return {_base(str(number)) for number in numbers if number}


def _base(job: str) -> str:
    """Of a task of an array, the array's number."""
    return job.partition("_")[0]


class Waiting(threading.Thread):
    """Looks at the jobs of a folder; ends those that can't start, and tells of others.

    Snakemake waits for ever for a job that can't start, and for one that was preempted, which it
    leaves to Slurm: Slurm itself puts those back only where its PreemptMode is REQUEUE. A job that
    is ended fails where Snakemake waits for it; one that was preempted is put back here, and goes
    on from its journal. If it may not be, `end_all` is called once nothing else of the run is left;
    likewise for one that isn't there any more, though it is among those `awaited` by Snakemake.
    """

    def __init__(
        self,
        folder: Path,
        say: Callable[[str], None],
        owner: Owner | None = None,
        end_all: Callable[[], None] = interrupt,
        awaited: Callable[[], Collection[str]] = tuple,
    ) -> None:
        super().__init__(name="waiting jobs", daemon=True)
        self._folder, self._say, self._owner, self._end_all = folder, say, owner, end_all
        self._awaited = awaited
        self._told: set[str] = set()
        self._doubtful: dict[str, int] = {}  # looks at which it was, by job
        self._missed: dict[str, int] = {}
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
            if job.state in QUEUED:
                self._look_at_queued(job.number, job.reason)
            elif job.state == "PREEMPTED" and job.number not in self._lost:
                self._put_back(job.number)
        if jobs is not None:
            self._look_for_gone({_base(job.number) for job in jobs})
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

    def _look_for_gone(self, there: set[str]) -> None:
        """Jobs that Slurm has forgotten, or has ended without Snakemake's notice."""
        awaited = set(self._awaited())
        if awaited:
            self._missed = {job: self._missed.get(job, 0) + 1 for job in awaited - there}
        for job, looks in self._missed.items():
            if looks < GONE_LOOKS or job in self._lost:
                continue
            state = slurm.state_of(job)  # a site may have changed what tells a job of ours
            if state is not None and state not in ALIVE:
                self._lost.add(job)
                self._say(
                    f"Poolwise: Slurm job {job} is over ({state}), and Snakemake can't see that: "
                    "this run ends with its other jobs, and the same command goes on later"
                )

    def _look_at_queued(self, job: str, reason: str) -> None:
        if job in self._told:
            return
        if reason in IMPOSSIBLE or reason.endswith(PER_JOB) or reason.startswith(TOO_SMALL):
            slurm.cancel(job)
            what = (
                "more, or for another qos"
                if reason.startswith(TOO_SMALL)
                else "less (runtime, nodes, memory), or set cluster.blocks_per_job to less"
            )
            self._tell(
                job,
                f"could never start ({reason}) and was cancelled: ask in the profile for {what}",
            )
        elif _says(reason, HELD):
            self._tell(
                job,
                f"waits until somebody acts ({reason}); Ctrl-C cancels it, and the same "
                "command goes on later",
            )
        elif _says(reason, DOUBTFUL):
            self._doubtful[job] = self._doubtful.get(job, 0) + 1
            if self._doubtful[job] >= DOUBTFUL_LOOKS:
                self._tell(
                    job,
                    f"still waits ({reason}): it starts once that is over, and never if it "
                    "asks for more than is ever free there; Ctrl-C cancels it, and the same "
                    "command goes on later",
                )

    def _tell(self, job: str, what: str) -> None:
        self._told.add(job)
        self._say(f"Poolwise: Slurm job {job} {what}")


def _says(reason: str, words: Iterable[str]) -> bool:
    return any(one in reason.replace("_", " ") for one in words)
