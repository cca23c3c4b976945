"""On every node of a launch over several: starts workers, counts what they use, and ends them.

A job step of Slurm outlives an `srun` that is killed. So a keeper does what it is told on its
standard input, a JSON object a line, and where that ends it ends all that it has started. The
launch holds the other end: killed or not, it leaves no process on any node. Nothing listens.

    {"start": {NODE: [COMMAND, ...]}}   start a node's commands; `{address}` in them is its own
    {"try": NUMBER}                     answer {"node", "tried": NUMBER, "seconds": of the slowest
                                        core, see core_speed.py}; the launch's own node doesn't
    {"usage": NUMBER}                   answer {"node", "usage": NUMBER, ...}, see `_used`; once
                                        all has ended {"node", "usage": "end", ..., "taken": what
                                        others took of the node's CPUs, see cores.py}

Unasked it tells {"node", "cpus", "kind": see node_kind.py} once it is there, {"node", "unfit":
reason} where it can't be, and {"node", "ended": status} of each process that has ended.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from typing import Any, Dict, List, Optional

from experiments.launch import cores, node_kind, usage
from experiments.launch.core_speed import CoreSpeed
from experiments.launch.nodes import way_to

#: how often it looks for processes that have ended
LOOK_SECONDS = 0.1
#: stands in commands for the address at which the first node reaches this one
ADDRESS = "{address}"
AT_END = "end"
#: workers that are asked to end have so long
GRACE_SECONDS = 3.0
#: the CPU time in `_used`
SECONDS = ("user_seconds", "system_seconds", "own_seconds")
# man 2 prctl: orphans of what it has started become its own children; a signal at a parent's end
_PR_SET_CHILD_SUBREAPER, _PR_SET_PDEATHSIG = 36, 1


class Keeper:
    """What one node runs for the launch; all of it stays on some of its CPUs."""

    def __init__(self, node: str, address: str, first: bool = False) -> None:
        self._node, self._address, self._first = node, address, first
        self._cpus: List[int] = []
        self._before, self._own_before = cores.read([]), 0.0
        self._started: List[subprocess.Popen[bytes]] = []

    def tell(self, **content: Any) -> None:
        """One line, at once."""
        os.write(1, json.dumps({"node": self._node, **content}).encode() + b"\n")

    def stay_on(self, cpus: List[int]) -> None:
        """Bind this process and all that it will start; what others take counts from now."""
        os.sched_setaffinity(0, cpus)
        kind = node_kind.kind()
        self._cpus, self._own_before = cpus, usage.own_seconds()
        self._before = cores.read(cpus)
        self.tell(cpus=cpus, kind=kind)

    def follow(self) -> None:
        """Do as told until the input ends."""
        text = b""
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ)
            while True:
                if selector.select(LOOK_SECONDS):
                    piece = os.read(0, 65536)
                    if not piece:
                        return
                    *lines, text = (text + piece).split(b"\n")
                    for line in lines:
                        self._do(json.loads(line))
                self._tell_ended()

    def _do(self, wanted: Dict[str, Any]) -> None:
        if "usage" in wanted:
            self.tell(usage=wanted["usage"], **_used())
        if "try" in wanted and not self._first:
            self.tell(tried=wanted["try"], seconds=CoreSpeed(self._cpus, None).now())
        for command in wanted.get("start", {}).get(self._node, ()):
            # what they print is for the log: the keeper's own output is read by the launch
            process = subprocess.Popen(
                [part.replace(ADDRESS, self._address) for part in command],
                stdin=subprocess.DEVNULL, stdout=2, start_new_session=True,
                preexec_fn=_end_with_parent,
            )  # fmt: skip
            self._started.append(process)

    def _tell_ended(self) -> None:
        for process in [one for one in self._started if one.poll() is not None]:
            self._started.remove(process)
            self.tell(ended=process.returncode)

    def end(self) -> None:
        """Ask all to end, then make them.

        What ray's processes have used is counted nowhere once they have ended, as ray waits for
        none of them: so it is also read before.
        """
        living = _used()
        for number in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + GRACE_SECONDS
            _signal_all(number)
            while _reap() and time.monotonic() < deadline:
                time.sleep(0.01)
        used = max(_used(), living, key=_seconds)
        own = _seconds(used) - self._own_before
        taken = cores.taken(self._before, cores.read(self._cpus), own)
        self.tell(usage=AT_END, **used, taken=asdict(taken))


def _end_with_parent() -> None:
    """Even a keeper that is killed leaves no process behind (Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _used() -> Dict[str, Optional[float]]:
    """What the workers have used so far, the memory is that of now; and the keeper itself."""
    own = usage.own_seconds()
    user, system = usage.below_seconds()
    return {
        "user_seconds": user, "system_seconds": system, "own_seconds": own,
        "memory_mib": usage.below_mib(),
    }  # fmt: skip


def _seconds(used: Dict[str, Optional[float]]) -> float:
    return sum(used[name] or 0.0 for name in SECONDS)


def _signal_all(number: int) -> None:
    for one in usage.descendants(os.getpid()):
        try:
            os.kill(one.pid, number)
        except OSError:
            continue  # it has ended meanwhile


def _reap() -> bool:
    """Whether processes are left, once those that have ended are gone."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return True
    except ChildProcessError:
        return False


def bind(cpus: Optional[List[int]], granted: List[int], same: bool) -> List[int]:
    """The CPUs to stay on: as many as are measured, the same where this node has them.

    Raises ValueError where the node grants too few, or (`same`: it is the launch's own) others.
    """
    if cpus is None:
        return granted
    if set(cpus) <= set(granted):
        return cpus
    if same or len(granted) < len(cpus):
        listed = ", ".join(map(str, granted))
        raise ValueError(f"it grants {listed} of its CPUs, {len(cpus)} like {cpus} are needed")
    return granted[: len(cpus)]


def main() -> None:
    """Keep a node: `--cpus` are those measured on `--first`, which is reached at `--toward`."""
    parser = argparse.ArgumentParser(prog="python -m experiments.launch.keeper")
    parser.add_argument("--cpus", type=json.loads, required=True)
    parser.add_argument("--first", required=True)
    parser.add_argument("--toward", required=True)
    args = parser.parse_args()
    node = os.environ["SLURMD_NODENAME"]
    first = node == args.first
    keeper = Keeper(node, way_to(args.toward), first)
    try:
        keeper.stay_on(bind(args.cpus, sorted(os.sched_getaffinity(0)), first))
    except (ValueError, OSError) as error:
        keeper.tell(unfit=str(error))
        return
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    # Slurm ends a step by SIGTERM first: then as when the input ends
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        keeper.follow()
    finally:
        keeper.end()


if __name__ == "__main__":
    main()
