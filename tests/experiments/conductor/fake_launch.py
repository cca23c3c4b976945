"""Stands for the measured interpreter: reads a launch's spec, then does what its task is called."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SLEEPER = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]


class Fake:
    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec

    def say(self, event: str, **fields: Any) -> None:
        self.write(json.dumps({"event": event, **fields}))

    def write(self, line: str) -> None:
        os.write(self.spec["events"], f"{line}\n".encode())

    def note_pid(self, pid: int) -> None:
        """Leave a process id where the test finds it."""
        with Path(self.spec["scratch"], "pids").open("a") as file:
            file.write(f"{pid}\n")

    def ok(self) -> None:
        self.say("hello", pid=os.getpid(), gil=False)
        self.say("phase", name="startup")
        self.say("startup", seconds=0.25, worker_import_seconds=0.0625)
        self.say("phase", name="cold")
        self.say("batch", phase="cold", batch=0, wall_seconds=0.5)
        self.say("phase", name="steady")
        for batch in range(2):
            tried = {"core_seconds": 0.001, "calm": False}
            self.say("batch", phase="steady", batch=batch, wall_seconds=0.4, **tried)
        self.say("phase", name="profile")
        self.say("profile", profile_seconds=0.6, cpu_user_seconds=0.1, peak_memory_mib=12.5)
        self.say("extras", lost_updates=3, seen_writes=0, of_its_own=7)
        self.say("latencies", latency_p50_ms=1.5, latency_p99_ms=9.5, buckets={"20": 7, "-3": 9})
        self.say("phase", name="teardown")
        self.say("teardown", seconds=0.125)
        self.say("gil", enabled=True)
        self.say("end")

    def has_a_clock_that_stands_still(self) -> None:
        self.say("phase", name="cold")
        self.say("batch", phase="cold", batch=0, wall_seconds=0.0)

    def has_a_clock_that_goes_back(self) -> None:
        self.say("phase", name="startup")
        self.say("startup", seconds=-0.25)

    def prints(self) -> None:
        print("from the measured code", flush=True)
        print("and its errors", file=sys.stderr, flush=True)
        self.ok()

    def says_more_than_is_known(self) -> None:
        self.say("news", of="a later version")
        self.ok()

    def has_another_node(self) -> None:
        self.say("other_nodes", foreign_cpu_share=0.9, steal_share=None, throttle_events=2,
                 quota_throttled_share=None)  # fmt: skip
        self.ok()

    def has_workers_elsewhere(self) -> None:
        self.say("elsewhere", cpu_seconds=0.75)
        self.ok()

    def exits(self) -> None:
        self.say("phase", name="steady")
        os._exit(7)

    def exits_before_any_event(self) -> None:
        os._exit(3)

    def segfaults(self) -> None:
        self.say("phase", name="cold")
        os.kill(os.getpid(), signal.SIGSEGV)

    def gets_a_nameless_signal(self) -> None:
        signal.signal(signal.SIGRTMIN + 3, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGRTMIN + 3)

    def hangs(self) -> None:
        self.note_pid(os.getpid())
        child = subprocess.Popen(
            [sys.executable, "-S", "-c",
             f"import subprocess, time; print(subprocess.Popen({SLEEPER!r}).pid, flush=True);"
             "time.sleep(60)"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.note_pid(child.pid)
        assert child.stdout is not None
        self.note_pid(int(child.stdout.readline()))  # a grandchild
        self.say("phase", name="steady")
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)

    def writes_garbage(self) -> None:
        self.note_pid(os.getpid())
        self.say("phase", name="cold")
        self.write("this is no event")
        time.sleep(60)

    def writes_a_list(self) -> None:
        self.write("[1, 2]")
        time.sleep(60)

    def forgets_a_field(self) -> None:
        self.say("batch", phase="cold")
        time.sleep(60)

    def leaves_a_process_behind(self) -> None:
        self.note_pid(subprocess.Popen(SLEEPER).pid)
        self.ok()

    def lets_a_worker_hold_the_pipe(self) -> None:
        self.note_pid(subprocess.Popen(SLEEPER, pass_fds=[self.spec["events"]]).pid)
        self.say("phase", name="steady")
        os._exit(7)

    def is_unsupported(self) -> None:
        self.say("unsupported", reason="no such module here")

    def is_wrong(self) -> None:
        self.say("wrong", reason="item 3: expected 1, got 2")

    def fails(self) -> None:
        self.say("failed", phase="cold", reason="ValueError: no")


def main() -> None:
    if "-c" in sys.argv:  # never reads what it is told
        time.sleep(60)
    spec = json.loads(sys.stdin.read())
    behaviour: Callable[[], None] = getattr(Fake(spec), spec["task"])
    behaviour()


if __name__ == "__main__":
    main()
