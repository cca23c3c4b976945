"""The launch's side of its keepers (keeper.py): one job step, its input and its output."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from typing import Any, Callable, Dict, List, Optional, Tuple

from experiments.launch import node_kind, nodes
from experiments.launch.base import Elsewhere, Unsupported
from experiments.launch.cores import Taken, worst
from experiments.launch.executors.processes import WorkerDied
from experiments.launch.keeper import AT_END, SECONDS

#: keepers answer in milliseconds, unless their node is gone
ANSWER_SECONDS = 30
#: from the end of their input to that of the step; twice the keepers' own grace and a little
END_SECONDS = 10


class Keepers:
    """A keeper on each of some nodes of an allocation; `folder` is where they run.

    `on_end` is told in a thread of its own of each process that has ended.
    """

    def __init__(
        self, allocation: nodes.Allocation, names: Tuple[str, ...], folder: str,
        on_end: Optional[Callable[[str], None]] = None,
    ) -> None:  # fmt: skip
        self._first, self._names = allocation.names[0], names
        #: where the other nodes reach this one
        self.address = allocation.address()
        cpus = sorted(os.sched_getaffinity(0))
        program = [sys.executable, "-m", "experiments.launch.keeper",
                   "--cpus", json.dumps(cpus), "--first", self._first,
                   "--toward", self.address]  # fmt: skip
        # A session of its own: what ends the launch's group must leave srun the time to tell the
        # keepers that their input has ended. It ends with them
        self._step = subprocess.Popen(
            allocation.step(names, program), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd=folder, env=nodes.environment(), start_new_session=True,
        )  # fmt: skip
        self._told: queue.Queue[Optional[Dict[str, Any]]] = queue.Queue()
        self._asked = 0
        #: CPU seconds on this node, once all has ended; None before, or with no keeper here
        self.here_at_end: Optional[float] = None
        self._taken_elsewhere: List[Taken] = []
        self._ended: List[str] = []
        self._on_end = on_end or self._ended.append
        self._listener = threading.Thread(target=self._listen, name="keepers", daemon=True)
        self._listener.start()

    def meet(self) -> None:
        """Wait for all. Raises Unsupported where a node is not like the first one."""
        missing, here = set(self._names), node_kind.kind()
        while missing:
            said = self._next(nodes.STEP_SECONDS + ANSWER_SECONDS)
            if "unfit" in said:
                raise Unsupported(f"node {said['node']} is no such node: {said['unfit']}")
            found = node_kind.differences(said["kind"], here)
            if found:
                raise Unsupported(
                    f"node {said['node']} is of another kind than {self._first} "
                    f"({'; '.join(found)}): give its job nodes of one kind, by constraint=FEATURE"
                )
            missing.discard(said["node"])

    def start(self, commands: Dict[str, List[List[str]]]) -> None:
        """Start commands, by node."""
        self._say(start=commands)

    def check(self) -> None:
        """Raise WorkerDied where a process that was started has ended."""
        if self._ended:
            raise WorkerDied(f"a worker process ended: {self._ended[0]}")
        if self._step.poll() is not None:
            self._next(ANSWER_SECONDS)

    def elsewhere(self) -> Elsewhere:
        """What all that they have started has used, on this node and on the others."""
        self._asked += 1
        self._say(usage=self._asked)
        found = self._answers("usage", self._names)
        sizes = [one["memory_mib"] for one in found.values()]
        return Elsewhere(
            user_seconds=sum(one["user_seconds"] for one in found.values()),
            system_seconds=sum(one["system_seconds"] for one in found.values()),
            memory_mib=None if None in sizes else sum(sizes),
            here_seconds=_all_seconds(found.get(self._first)),
            since_launch=True,
        )

    def try_cores(self) -> None:
        """Have the other nodes try their cores, while this one tries its own."""
        self._asked += 1
        self._say(**{"try": self._asked})

    def core_seconds(self) -> float:
        """Seconds of the slowest core of the other nodes, at their last try."""
        others = tuple(name for name in self._names if name != self._first)
        return max(float(one["seconds"]) for one in self._answers("tried", others).values())

    def taken_at_end(self) -> Taken:
        """After `stop`: what was taken of the other nodes' CPUs, of the most disturbed one."""
        return worst(self._taken_elsewhere)

    def stop(self) -> None:
        """End all that they have started, and wait for the job step's end."""
        if self._step.stdin is not None:
            with contextlib.suppress(OSError):  # the step has ended by itself
                self._step.stdin.close()
        try:
            self._step.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._step.terminate()  # srun hands it on to every node
            self._step.wait()
        self._listener.join()

    def _answers(self, word: str, names: Tuple[str, ...]) -> Dict[str, Dict[str, Any]]:
        """What these nodes answer to what was asked last."""
        found: Dict[str, Dict[str, Any]] = {}
        while len(found) < len(names):
            said = self._next(ANSWER_SECONDS)
            if said.get(word) == self._asked:
                found[said["node"]] = said
        return found

    def _say(self, **wanted: Any) -> None:
        assert self._step.stdin is not None
        try:
            self._step.stdin.write(json.dumps(wanted).encode() + b"\n")
            self._step.stdin.flush()
        except OSError as error:
            raise WorkerDied("the job step on the nodes has ended") from error

    def _listen(self) -> None:
        assert self._step.stdout is not None
        for line in self._step.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue  # words of srun's
            if "ended" in said:
                self._on_end(f"on node {said['node']} with exit status {said['ended']}")
            elif said.get("usage") == AT_END:
                if said["node"] == self._first:
                    self.here_at_end = _all_seconds(said)
                else:  # the conductor sees to the first one's
                    self._taken_elsewhere.append(Taken(**said["taken"]))
            else:
                self._told.put(said)
        self._told.put(None)

    def _next(self, seconds: float) -> Dict[str, Any]:
        """What is told next. Raises WorkerDied after the step's end."""
        try:
            said = self._told.get(timeout=seconds)
        except queue.Empty:
            raise WorkerDied("a node does not answer") from None
        if said is None:
            self._told.put(None)  # for whoever asks again
            code = self._step.wait()
            raise WorkerDied(f"the nodes' job step ended with exit status {code}: see the log")
        return said


def _all_seconds(said: Optional[Dict[str, Any]]) -> float:
    """A keeper's own and of all that it has started; none where there is no keeper."""
    return sum(float(said[name]) for name in SECONDS) if said else 0.0


def spread(
    names: Tuple[str, ...], workers: int, command: Callable[[str], List[str]]
) -> Dict[str, List[List[str]]]:
    """Commands by node, one a worker, as many on each. Raises ValueError where that can't be."""
    each, left = divmod(workers, len(names))
    if left:
        raise ValueError(f"{workers} workers can't be spread evenly over {len(names)} nodes")
    return {name: [command(name)] * each for name in names}
